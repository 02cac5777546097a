// Plots series measured over a long run as a grid of small charts: an SVG that is legible on light and dark backgrounds.
import type { Series } from './growth.ts';

const WIDTH = 340;
const HEIGHT = 130;
const COLUMNS = 2;
const LEFT = 64;
const TOP = 30;
const RIGHT = 14;
const BOTTOM = 22;

/** `at` holds the horizontal position of each sample, ascending, in `unit`. */
export function plotSeries(series: readonly Series[], at: readonly number[], unit: string): string {
  const rows = Math.ceil(series.length / COLUMNS);
  const [width, height] = [COLUMNS * WIDTH, rows * HEIGHT];
  const plots = series.map((one, index) => {
    const [x, y] = [(index % COLUMNS) * WIDTH, Math.floor(index / COLUMNS) * HEIGHT];
    return `<g transform="translate(${x} ${y})">${plotOf(one, at, unit)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>What a long run holds, by ${unit}</title>
<style>
  text { font: 11px system-ui, sans-serif; fill: #4d5957; }
  .name { font-weight: 600; fill: #17201f; }
  .line { fill: none; stroke: #0b6e63; stroke-width: 1.5; }
  .axis { stroke: #b9c2c0; }
  .ground { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #a9b5b3; }
    .name { fill: #e8eeed; }
    .line { stroke: #58c9ba; }
    .axis { stroke: #46524f; }
    .ground { fill: #131a19; }
  }
</style>
<rect class="ground" width="${width}" height="${height}"/>
${plots.join('\n')}
</svg>
`;
}

/** Starts at zero, so that what looks flat is flat. */
function plotOf({ name, unit, values }: Series, at: readonly number[], axis: string): string {
  const [first, last] = [at[0] ?? 0, at.at(-1) ?? 1];
  const most = Math.max(...values, unit === 'count' ? 1 : 1024);
  const [right, bottom] = [WIDTH - RIGHT, HEIGHT - BOTTOM];
  const x = (value: number): string => (LEFT + ((value - first) / (last - first)) * (right - LEFT)).toFixed(1);
  const y = (value: number): string => (bottom - (value / most) * (bottom - TOP)).toFixed(1);
  const points = values.map((value, index) => `${x(at[index] ?? first)},${y(value)}`).join(' ');
  return [
    `<text class="name" x="${LEFT}" y="18">${name}</text>`,
    `<path class="axis" fill="none" d="M${LEFT} ${TOP}V${bottom}H${right}"/>`,
    `<text x="${LEFT - 6}" y="${TOP + 4}" text-anchor="end">${quantity(most, unit)}</text>`,
    `<text x="${LEFT - 6}" y="${bottom + 4}" text-anchor="end">0</text>`,
    `<text x="${LEFT}" y="${HEIGHT - 6}">${first.toLocaleString('en')}</text>`,
    `<text x="${right}" y="${HEIGHT - 6}" text-anchor="end">${last.toLocaleString('en')} ${axis}</text>`,
    `<polyline class="line" points="${points}"/>`,
  ].join('');
}

/** Formats a number for the report and the plot. */
export function quantity(value: number, unit: Series['unit']): string {
  if (unit === 'count') return Math.round(value).toLocaleString('en');
  return value < 1e6 ? `${(value / 1e3).toFixed(0)} kB` : `${(value / 1e6).toFixed(2)} MB`;
}
