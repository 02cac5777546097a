// Writes what a replay found as a table of text, and as a chart of cost and regret in SVG.
import { html, type Html } from '../../util/html.ts';
import { taskKey } from '../comparison/comparison.ts';
import { rateText } from '../../metrics/racing/raceWords.ts';
import type { CaseOutcome, MeanOverTasks, PolicyOutcome } from './replay.ts';

/** `+0.12 (0.00 to 0.31)`, percent of F1. */
export function regretText({ mean, interval }: MeanOverTasks): string {
  return `${mean.toFixed(2)} (${interval.low.toFixed(2)} to ${interval.high.toFixed(2)})`;
}

/** `39 %`. */
export function shareText({ share }: Pick<PolicyOutcome, 'share'>): string {
  return `${Math.round(100 * share)} %`;
}

/** How often the cases chose each rate: `0.75 × 4, 1.00 × 2`. */
export function chosenText(cases: readonly CaseOutcome[]): string {
  const times = new Map<number, number>();
  for (const { chosen } of cases) times.set(chosen, (times.get(chosen) ?? 0) + 1);
  const byRate = [...times].sort(([one], [other]) => one - other);
  return byRate.map(([rate, count]) => `${rateText(rate)} × ${count}`).join(', ');
}

/** Number of tasks and searches behind these outcomes. */
export function casesOf(outcomes: readonly PolicyOutcome[]): { readonly tasks: number; readonly cases: number } {
  const cases = outcomes.find((one) => one.cases.length > 0)?.cases ?? [];
  return { tasks: new Set(cases.map(({ of }) => taskKey(of.grid.task))).size, cases: cases.length };
}

const HEADINGS = ['Policy', 'Steps', 'Regret in test F1', 'Behind the grid', 'Chosen rates'] as const;

/** One line for each policy, in columns; a refusal where there is one. */
export function replayTable(outcomes: readonly PolicyOutcome[]): string {
  const rows = outcomes.map(({ name, cases, refusal, ...one }): readonly string[] =>
    refusal === null
      ? [name, shareText(one), regretText(one.regret), regretText(one.behindGrid), chosenText(cases)]
      : [name, '–', '–', '–', ''],
  );
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd(); // prettier-ignore
  const refusals = outcomes.flatMap(({ name, refusal }) =>
    refusal === null ? [] : [`Not replayed, ${name}: ${refusal}`],
  );
  return [line(HEADINGS), ...rows.map(line), ...refusals].join('\n');
}

/** Positions of a chart of policies: share of the steps across, regret upwards, with its interval. */
export interface ReplayPoint {
  readonly name: string;
  /** From 0 to 1. */
  readonly share: number;
  readonly regret: MeanOverTasks;
  readonly kind: 'all' | 'fixed' | 'top' | 'race';
}

export function replayPoints(outcomes: readonly PolicyOutcome[]): readonly ReplayPoint[] {
  return outcomes.flatMap(({ name, share, regret, policy, refusal }) =>
    refusal === null
      ? [{ name, share, regret, kind: policy.kind === 'rules' ? policy.rules.policy : policy.kind }]
      : [],
  );
}

/** Sizes of the chart, and where a share of steps and a regret lie in it. */
export function replayScale(points: readonly ReplayPoint[]) {
  const [width, height] = [420, 260];
  const edge = { left: 44, right: 12, top: 12, bottom: 40 };
  const highest = Math.max(0.5, ...points.map(({ regret }) => regret.interval.high));
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20].find((one) => highest / one <= 6) ?? 50;
  const most = Math.ceil(highest / step) * step;
  const ticks = Array.from({ length: Math.round(most / step) + 1 }, (_, index) => index * step);
  return {
    width,
    height,
    edge,
    ticks,
    digits: step < 1 ? 1 : 0,
    x: (share: number): number => edge.left + share * (width - edge.left - edge.right),
    y: (regret: number): number =>
      height - edge.bottom - (Math.max(0, regret) / most) * (height - edge.top - edge.bottom),
  };
}

/** Shares of the grid's steps that have a label. */
export const SHARE_TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1] as const;

/** The colour of each kind of policy on white paper. */
const COLOURS = { all: '#17201f', fixed: '#54615f', top: '#c9780c', race: '#0b6a70' } as const;

/** Draws cost and regret of each policy as a file; its numbers are the points' letters in the legend. */
export function replayFile(outcomes: readonly PolicyOutcome[], title: string): string {
  const points = replayPoints(outcomes);
  const { width, height, edge, ticks, digits, x, y } = replayScale(points);
  const bottom = height - edge.bottom;
  const tall = height + 18 * points.length + 14;
  const svg: Html = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${width} ${tall}"
    font-family="system-ui, sans-serif"
    font-size="11"
    role="img"
    aria-label="${title}"
  >
    <title>${title}</title>
    <rect width="${width}" height="${tall}" fill="#ffffff" />
    ${ticks.map((tick) => html`<line x1="${edge.left}" x2="${width - edge.right}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" stroke="#d5dbda" /><text x="${edge.left - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${tick.toFixed(digits)}</text>`)}
    ${SHARE_TICKS.map((tick) => html`<text x="${x(tick).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${Math.round(100 * tick)} %</text>`)}
    <text x="${x(0.5)}" y="${height - 6}" text-anchor="middle">Steps of the whole grid</text>
    <text x="${-(edge.top + bottom) / 2}" y="12" text-anchor="middle" transform="rotate(-90)">Regret in test F1</text>
    ${points.map(({ share, regret, kind }, index) => html`<line x1="${x(share).toFixed(1)}" x2="${x(share).toFixed(1)}" y1="${y(regret.interval.low).toFixed(1)}" y2="${y(regret.interval.high).toFixed(1)}" stroke="${COLOURS[kind]}" /><circle cx="${x(share).toFixed(1)}" cy="${y(regret.mean).toFixed(1)}" r="4" fill="${COLOURS[kind]}" /><text x="${(x(share) + 6).toFixed(1)}" y="${(y(regret.mean) - 5).toFixed(1)}" fill="${COLOURS[kind]}">${letterOf(index)}</text>`)}
    ${points.map(({ name, share, regret, kind }, index) => html`<text x="${edge.left}" y="${height + 12 + 18 * index}" fill="${COLOURS[kind]}">${letterOf(index)} ${name}: ${shareText({ share })} of the steps, ${regretText(regret)}</text>`)}
  </svg>`;
  return `${svg.markup}\n`;
}

/** `a`, `b`, …: names a point in a chart. */
export function letterOf(index: number): string {
  return String.fromCharCode(97 + (index % 26));
}
