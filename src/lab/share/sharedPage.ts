// Makes a page of a result file that opens anywhere: one HTML file with its charts, verdict, tables and settings, and the file itself.
import { sampleRemark } from '../../data/catalogue/samples.ts';
import type { ResultFile } from '../../schema/resultFile.ts';
import { fingerprint } from '../../util/digest.ts';
import { html, Html, paragraphs, RESULT_MARK, resultBlock, stillPagePolicy } from '../../util/html.ts';
import { buildComparisons, type Comparison, type TaskComparison } from '../comparison/comparison.ts';
import { variantMean } from '../comparison/comparisonCurves.ts';
import { comparisonTables } from '../comparison/comparisonTables.ts';
import { findingText, missingText, verdictSentence, type TestedDifference } from '../comparison/differenceFamily.ts';
import { publishedScores } from '../comparison/publishedScores.ts';
import { variantName } from '../state/runViews.ts';
import {
  comparisonTable,
  differenceTable,
  givenName,
  headingOf,
  runTable,
  testedDifferences,
  type PageAnalyses,
  type RunRow,
} from './pageTables.ts';
import { citeSection, dataSection, settingsSection, versionsSection } from './planFacts.ts';
import { sheetHtml } from './reproducibility.ts';
import { develChart, drawChart, rateChart, rateRules } from './staticChart.ts';

/** What its author adds to a page. */
export interface PageWords {
  readonly title: string;
  /** Shown as they are, line breaks included; never as HTML. */
  readonly words: string;
  /** Address that opens the result in a lab; null if there is none that others can open. */
  readonly link: string | null;
}

/** Makes the page. It contains nothing but what is in the file and the author's words. Rejects as the analyses do. */
export async function sharedPage(file: ResultFile, words: PageWords, analyses: PageAnalyses): Promise<string> {
  const layers = new Map(file.models.map((model) => [model.id, model.layers]));
  const comparisons = buildComparisons(file.runs, (modelId) => layers.get(modelId));
  const sections: Html[] = [];
  for (const comparison of comparisons) {
    const heading = comparisons.length > 1 ? headingOf(comparison, file) : 'Finding';
    sections.push(await comparisonSection(comparison, heading, analyses));
  }
  const remark = sampleRemark(file.runs.flatMap(({ spec }) => spec.tasks.map(({ corpus }) => corpus)));
  const given = comparisons.length === 1 ? givenName(file, 'experiments', comparisons[0]?.id) : undefined;
  const title = words.title.trim() || (given ?? file.plan.name);
  const tasks = comparisons.flatMap((comparison) => comparison.tasks);
  const body = html`<main>
      <h1>${title}</h1>
      ${remark === null ? null : html`<p>${remark}</p>`}
      <p class="soft">${file.plan.name} · ${file.software} · ${file.exportedAt.slice(0, 10)}</p>
      ${words.words.trim() === '' ? null : html`<div class="words">${paragraphs(words.words)}</div>`} ${sections}
      <h2>Runs</h2>
      ${runTable(await runRows(file, layers, analyses))} ${settingsSection(file)} ${dataSection(file)}
      ${versionsSection(file)} ${sheetHtml(file)} ${citeSection(file, title)} ${reopenSection(words.link)}
    </main>
    ${resultBlock(JSON.stringify(file))}`;
  const style = `${pageStyle}\n${rateRules(tasks)}\n`;
  return pageOf(title, style, body).markup;
}

function pageOf(title: string, style: string, body: Html): Html {
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="${stillPagePolicy(fingerprint(new TextEncoder().encode(style)))}"
        />
        ${RESULT_MARK}
        <meta name="referrer" content="no-referrer" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${new Html(`<style>${style}</style>`)}
      </head>
      <body>
        ${body}
      </body>
    </html> `;
}

/** Verdict, charts and tables of runs that can be compared. */
async function comparisonSection(comparison: Comparison, heading: string, analyses: PageAnalyses): Promise<Html> {
  const { tested, left, baseline, distinction } = await testedDifferences(comparison, analyses);
  const tables = comparisonTables(comparison, publishedScores, distinction);
  const isScored = comparison.tasks.some(({ variants }) =>
    variants.some(({ trainings }) => trainings.some(({ test }) => test !== null)),
  );
  const charts = comparison.tasks.map((task) => {
    const drawn = [rateChart(task), develChart(task)].flatMap((chart) => (chart && drawChart(chart)) ?? []);
    const heading =
      comparison.tasks.length > 1 ? html`<h3>${task.task.corpus.name} · ${task.task.type ?? 'all types'}</h3>` : null;
    return drawn.length === 0
      ? html``
      : html`${heading}
          <div class="charts">${drawn}</div>`;
  });
  return html`<h2>${heading}</h2>
    ${comparison.tasks.flatMap((task) => taskVerdict(task, tested, baseline) ?? [])}
    <p>
      ${tested.length > 0 ? findingText(tested, baseline) : left === null ? 'No difference was tested: it takes two methods on the same task with the same seed.' : 'No difference was tested.'}
    </p>
    ${left === null ? null : html`<p class="soft">${left}</p>`} ${charts}
    ${
      tested.length === 0
        ? null
        : html`<h3>Differences from ${baseline}</h3>
            ${differenceTable(tested, baseline)}`
    }
    ${isScored ? tables.map(comparisonTable) : html`<p class="soft">No run has scores on test yet.</p>`}`;
}

/** Says which variant is best on a task, and whether its difference from the baseline is more than noise; null without a score on test. */
function taskVerdict(task: TaskComparison, tested: readonly TestedDifference[], baseline: string): Html | null {
  const scored = task.variants.flatMap((variant) => {
    const f1 = variantMean(variant, 'test', 'f1');
    return f1 === null ? [] : [{ variant, f1 }];
  });
  const [first] = scored;
  if (first === undefined) return null;
  const best = scored.reduce((most, one) => (one.f1 > most.f1 ? one : most), first);
  const name = variantName(best.variant);
  const found = tested.find(({ difference }) => difference.variant === best.variant)?.found;
  const sentence = found && html` ${verdictSentence(name, baseline, found)} ${missingText(found.verdict)}`;
  return html`<p>
    <strong
      >Best on ${task.task.corpus.name} · ${task.task.type ?? 'all types'}: ${name}, test F1
      ${best.f1.toFixed(2)}.</strong
    >${sentence ?? null}
  </p>`;
}

async function runRows(
  file: ResultFile,
  layers: ReadonlyMap<string, number>,
  analyses: PageAnalyses,
): Promise<readonly RunRow[]> {
  const rows = file.runs.flatMap((run) => {
    const counts = run.snapshots.find(({ epoch }) => epoch === run.selectedEpoch)?.testCounts;
    return run.spec.tasks.map((_, task) => ({ run, task, counts: counts?.[task] ?? null }));
  });
  const known = rows.flatMap(({ counts }) => counts ?? []);
  const totals = known.length === 0 ? [] : await analyses.errorTotals(known);
  let next = 0;
  return rows.map(({ run, task, counts }) => {
    return {
      run,
      task,
      totals: counts === null ? null : (totals[next++] ?? null),
      layers: layers.get(run.spec.model.id) ?? null,
      name: givenName(file, 'runs', run.spec.id) ?? null,
    };
  });
}

function reopenSection(link: string | null): Html {
  const isAddress = link !== null && /^https?:\/\//.test(link);
  return html`<section class="screen">
    <h2>Open it in the lab</h2>
    <p>
      Drop this file on the page of BioNER Lab: it carries its result file, whose checksum shows that nothing in it was
      changed. There its curves, differences and tables can be looked at, and its plan trained again.
    </p>
    ${isAddress ? html`<p><a href="${link}" rel="noreferrer">Open this result in the lab it came from</a></p>` : null}
  </section>`;
}

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
