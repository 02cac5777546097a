// The style sheet of a shared page: light and dark, for paper, and for a phone.

export const pageStyle = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #17201f; --soft: #54615f; --line: #d5dbda; --tint: #f2f5f5; --accent: #0b6a70;
  --rate-0: #c9780c; --rate-1: #cf4a3c; --rate-2: #a62a78; --rate-3: #6f22a8; --rate-4: #23137e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #161b1b; --ink: #e3e9e8; --soft: #a3b0ae; --line: #36403f; --tint: #1e2525; --accent: #5fbfc3;
    --rate-0: #7a68ee; --rate-1: #b662e6; --rate-2: #ea6cb2; --rate-3: #f6936c; --rate-4: #fbd663;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1320px; padding: 24px 20px 60px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
}
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; }
h2 { font-size: 20px; margin: 36px 0 8px; border-top: 1px solid var(--line); padding-top: 20px; }
h3 { font-size: 16px; margin: 24px 0 6px; }
h1, h2, h3, p, li, dd, td, th { overflow-wrap: anywhere; }
p { max-width: 72ch; margin: 8px 0; }
a { color: var(--accent); }
.soft, figcaption, summary { color: var(--soft); }
.words { font-size: 17px; border-left: 3px solid var(--accent); padding-left: 14px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 20px; }
figure { margin: 12px 0; max-width: 460px; min-width: 0; }
figure > svg { display: block; width: 100%; height: auto; }
svg text { font-size: 12px; fill: var(--soft); }
.grid { stroke: var(--line); stroke-width: 1; }
.curve { stroke-width: 2; }
polyline.curve { fill: none !important; }
.dot { stroke: none !important; }
.stl { stroke: var(--soft); fill: var(--soft); }
.mtl-xc { stroke: var(--ink); fill: var(--ink); }
.own { stroke: var(--accent); fill: var(--accent); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 6px 0; padding: 0; font-size: 13px; }
.legend svg { width: 30px; height: 8px; margin-right: 6px; vertical-align: middle; }
.wide { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child, .words-cell { text-align: left; }
tbody th { font-weight: 400; }
td.words-cell { white-space: normal; min-width: 14em; }
th.name { min-width: 11em; white-space: normal; }
td.name { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 4em; }
td small { color: var(--soft); }
.notes { font-size: 13px; color: var(--soft); padding-left: 20px; }
dl { display: grid; grid-template-columns: minmax(8em, max-content) 1fr; gap: 4px 16px; margin: 8px 0; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; }
pre {
  background: var(--tint); padding: 12px; font-size: 12px; line-height: 1.4; white-space: pre-wrap; overflow-wrap: anywhere;
}
summary { cursor: pointer; padding: 4px 0; }
@media (max-width: 600px) {
  body { padding: 16px 14px 40px; }
  h1 { font-size: 23px; }
  th.name { white-space: normal; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 8px; }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #ffffff; --ink: #000000; --soft: #444444; --line: #bbbbbb; --tint: #ffffff; --accent: #0b6a70;
    --rate-0: #c9780c; --rate-1: #cf4a3c; --rate-2: #a62a78; --rate-3: #6f22a8; --rate-4: #23137e;
  }
  body { max-width: none; padding: 0; font-size: 11pt; }
  table { font-size: 9pt; }
  th, td { padding: 2px 5px; white-space: normal; }
  figure, tr, .words { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .wide { overflow: visible; }
  .screen { display: none; }
}
`;
