// Draws line charts as SVG text without a script, and the charts of a shared page: test F1 by slicing rate, devel F1 by epoch.
import { isCollaborating, isJoint, isSliced, type Method } from '../../schema/methods.ts';
import { html, type Html } from '../../util/html.ts';
import type { TaskComparison, Variant } from '../comparison/comparison.ts';
import { comparisonCurves, rateCurve, roundsAndSeeds } from '../comparison/comparisonCurves.ts';

// Draws line charts as SVG text: no script, colours from the page's style sheet, numbers also as a table.

export interface ChartLine {
  readonly name: string;
  /** Class of its colour in the style sheet. */
  readonly colour: string;
  /** Dashes as SVG writes them; empty for a solid line. */
  readonly dash: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly deviation?: number | null }[];
  /** Whether each point has a dot. */
  readonly hasDots: boolean;
}

export interface StaticChart {
  readonly title: string;
  readonly axes: { readonly x: string; readonly y: string };
  readonly lines: readonly ChartLine[];
  /** Lines across the whole chart. */
  readonly levels: readonly (Omit<ChartLine, 'points' | 'hasDots'> & { readonly y: number })[];
  readonly xTicks: readonly number[];
  /** Digits after the point of a tick. */
  readonly xDigits: number;
}

/** Narrow enough that the text is readable where the chart fills a phone. */
const WIDTH = 360;
const HEIGHT = 260;
const EDGE = { top: 12, right: 14, bottom: 40, left: 44 };
const INNER = { width: WIDTH - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };
/** Points of a line at the most; more are not seen apart. */
const MOST_POINTS = 300;
/** Labels that fit beside each other on the x axis. */
const MOST_LABELS = 8;

/** Draws the chart with its legend; null if there is nothing to draw. */
export function drawChart(chart: StaticChart): Html | null {
  const values = [
    ...chart.lines.flatMap(({ points }) =>
      points.flatMap(({ y, deviation }) => [y - (deviation ?? 0), y + (deviation ?? 0)]),
    ),
    ...chart.levels.map(({ y }) => y),
  ];
  const xs = chart.lines.flatMap(({ points }) => points.map(({ x }) => x));
  if (values.length === 0) return null;
  const yTicks = wholeTicks(Math.max(0, smallest(values)), Math.min(100, largest(values)));
  const xRange = rangeOf([...xs, ...chart.xTicks]);
  const yRange = rangeOf(yTicks);
  const xOf = (x: number): number => EDGE.left + INNER.width * shareOf(x, xRange);
  const yOf = (y: number): number => EDGE.top + INNER.height * (1 - shareOf(Math.min(100, Math.max(0, y)), yRange));
  const bottom = EDGE.top + INNER.height;
  const labels = thinned(chart.xTicks, MOST_LABELS);
  const svg = html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${`${chart.title}: ${namesOf(chart)}`}">
    <title>${chart.title}</title>
    ${yTicks.map((tick) => html`<line class="grid" x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${fixed(yOf(tick))}" y2="${fixed(yOf(tick))}" /><text x="${EDGE.left - 6}" y="${fixed(yOf(tick) + 4)}" text-anchor="end">${tick}</text>`)}
    ${labels.map((tick) => html`<text x="${fixed(xOf(tick))}" y="${bottom + 17}" text-anchor="middle">${tick.toFixed(chart.xDigits)}</text>`)}
    <text x="${EDGE.left + INNER.width / 2}" y="${HEIGHT - 4}" text-anchor="middle">${chart.axes.x}</text>
    <text x="${-(EDGE.top + INNER.height / 2)}" y="12" text-anchor="middle" transform="rotate(-90)">
      ${chart.axes.y}
    </text>
    ${chart.levels.map(({ y, colour, dash }) => html`<line class="curve ${colour}" stroke-dasharray="${dash}" x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${fixed(yOf(y))}" y2="${fixed(yOf(y))}" />`)}
    ${chart.lines.map((line) => drawLine(line, xOf, yOf))}
  </svg>`;
  return html`<figure>
    <figcaption>${chart.title}</figcaption>
    ${svg}${legendOf(chart)}${numbersOf(chart)}
  </figure>`;
}

function drawLine(
  { points, colour, dash, hasDots }: ChartLine,
  xOf: (x: number) => number,
  yOf: (y: number) => number,
): Html {
  const path = thinned(points, MOST_POINTS)
    .map(({ x, y }) => `${fixed(xOf(x))},${fixed(yOf(y))}`)
    .join(' ');
  const spreads = points.flatMap(({ x, y, deviation }) =>
    deviation == null
      ? []
      : [
          html`<line
            class="curve ${colour}"
            x1="${fixed(xOf(x))}"
            x2="${fixed(xOf(x))}"
            y1="${fixed(yOf(y - deviation))}"
            y2="${fixed(yOf(y + deviation))}"
          />`,
        ],
  );
  const isDotted = hasDots || points.length === 1;
  const dots = isDotted
    ? points.map(({ x, y }) => html`<circle class="dot ${colour}" cx="${fixed(xOf(x))}" cy="${fixed(yOf(y))}" r="3" />`)
    : [];
  return html`<polyline class="curve ${colour}" stroke-dasharray="${dash}" points="${path}" />${spreads}${dots}`;
}

function legendOf({ lines, levels }: StaticChart): Html {
  const entry = ({ name, colour, dash }: Pick<ChartLine, 'name' | 'colour' | 'dash'>): Html =>
    html`<li>
      <svg viewBox="0 0 30 8" aria-hidden="true">
        <line class="curve ${colour}" stroke-dasharray="${dash}" x1="0" x2="30" y1="4" y2="4" /></svg
      >${name}
    </li>`;
  return html`<ul class="legend">
    ${[...levels, ...lines].map(entry)}
  </ul>`;
}

/** The numbers of the chart, for readers who do not see it. */
function numbersOf({ title, axes, lines, levels, xDigits }: StaticChart): Html {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((left, right) => left - right);
  const rows = thinned(xs, MOST_POINTS);
  const cell = (line: ChartLine, x: number): Html => {
    const point = line.points.find((one) => one.x === x);
    const spread = point?.deviation == null ? '' : ` ± ${point.deviation.toFixed(2)}`;
    return html`<td>${point === undefined ? '–' : `${point.y.toFixed(2)}${spread}`}</td>`;
  };
  return html`<details>
    <summary>Numbers</summary>
    <div class="wide">
      <table aria-label="${title}">
        <thead>
          <tr>
            <th scope="col">${axes.x}</th>
            ${lines.map(({ name }) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (x) =>
              html`<tr>
                <th scope="row">${x.toFixed(xDigits)}</th>
                ${lines.map((line) => cell(line, x))}
              </tr>`,
          )}
          ${levels.map(
            ({ name, y }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td colspan="${Math.max(1, lines.length)}">${y.toFixed(2)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function namesOf({ lines, levels }: StaticChart): string {
  return [...levels, ...lines].map(({ name }) => name).join(', ');
}

/** Ticks at whole multiples of 1, 2, 5, 10 or 20 around the values: two at least. */
function wholeTicks(least: number, most: number): readonly number[] {
  const step = [1, 2, 5, 10, 20].find((one) => (most - least) / one <= 6) ?? 20;
  const first = Math.floor(least / step) * step;
  const last = Math.max(first + step, Math.ceil(most / step) * step);
  return Array.from({ length: Math.round((last - first) / step) + 1 }, (_, index) => first + index * step);
}

function rangeOf(values: readonly number[]): readonly [number, number] {
  return [smallest(values), largest(values)];
}

function shareOf(value: number, [least, most]: readonly [number, number]): number {
  return most === least ? 0.5 : (value - least) / (most - least);
}

/** Items at equal distances, with the last; all if there are few. */
function thinned<Item>(items: readonly Item[], most: number): readonly Item[] {
  const stride = Math.ceil(items.length / most);
  return items.filter((_, index) => index % stride === 0 || (index === items.length - 1 && stride > 1));
}

function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}

function fixed(value: number): string {
  return value.toFixed(1);
}

// The charts of a shared page: test F1 by slicing rate, and devel F1 by epoch, from the data of the lab's own charts.

/** Colours of the rates 0, 0.25, 0.5, 0.75 and 1; those between are mixed. */
const STEPS = 4;
/** Dashes for those rates, so that lines differ without colour. */
const DASHES = ['2 2', '5 2', '9 3 2 3', '14 3', ''] as const;
const STL = { colour: 'stl', dash: '2 3' } as const;
const MTL_XC = { colour: 'mtl-xc', dash: '9 4' } as const;
/** Dashes of the methods beside those of the paper, the joint ones in the colour of MTL-XC. */
const OTHER_DASHES: Partial<Record<Method, string>> = {
  'MTL-PL': '9 3 2 3 2 3',
  'PL-LS': '4 2 1 2',
  AIO: '4 3 1 3 1 3',
  'AIO-LS': '8 2 1 2 1 2',
  CollaboNet: '12 3 4 3',
  Average: '10 2 1 2',
  TIES: '6 2 2 2',
};
const otherJoint = (method: Method) => ({ colour: 'mtl-xc', dash: OTHER_DASHES[method] ?? '' });
const otherSliced = (method: Method) => ({ colour: 'own', dash: OTHER_DASHES[method] ?? '' });
const SLICED = { colour: 'own', dash: '' } as const;

/** Test F1 by slicing rate with its deviation over seeds and rounds; STL and MTL-XC are levels. Null without a rate to draw. */
export function rateChart(task: TaskComparison): StaticChart | null {
  const { points, stl, mtlXc, others } = rateCurve(task, { split: 'test', over: 'trainings' });
  const all = [points, ...others.map((one) => one.points)].flat();
  if (all.length === 0) return null;
  const rates = all.map(({ rate }) => rate);
  return {
    title: 'Test F1 by slicing rate',
    axes: { x: 'Slicing rate', y: 'Test F1' },
    lines: [
      { sliced: 'MTL-LS', points, style: SLICED },
      ...others.map(({ sliced, points: own }) => ({ sliced, points: own, style: otherSliced(sliced) })),
    ]
      .filter((line) => line.points.length > 0)
      .map(({ sliced, points: own, style }) => ({
        name: sliced,
        ...style,
        points: own.map(({ rate, f1, deviation }) => ({ x: rate, y: f1, deviation })),
        hasDots: true,
      })),
    levels: [
      ...(stl === null ? [] : [{ name: `STL ${stl.toFixed(2)}`, ...STL, y: stl }]),
      ...(mtlXc === null ? [] : [{ name: `MTL-XC ${mtlXc.toFixed(2)}`, ...MTL_XC, y: mtlXc }]),
      ...others.flatMap(({ joint, level }) =>
        level === null ? [] : [{ name: `${joint} ${level.toFixed(2)}`, ...otherJoint(joint), y: level }],
      ),
    ],
    xTicks: [...new Set([0, ...rates, 1])].sort((left, right) => left - right),
    xDigits: 2,
  };
}

/** Devel F1 by epoch of the first round, the mean over the seeds that reached each epoch. Null without devel scores. */
export function develChart(task: TaskComparison): StaticChart | null {
  const { rounds, seeds } = roundsAndSeeds(task);
  const round = rounds[0] ?? 0;
  const curves = comparisonCurves(task, { round, seed: null });
  const epochs = [...new Set(curves.flatMap(({ points }) => points.map(({ epoch }) => epoch)))].sort(
    (left, right) => left - right,
  );
  if (epochs.length === 0) return null;
  const which = [round === 0 ? '' : `, round ${round}`, seeds.length > 1 ? `, mean of ${seeds.length} seeds` : ''];
  return {
    title: `Devel F1 by epoch${which.join('')}`,
    axes: { x: 'Epoch', y: 'Devel F1' },
    lines: curves.map(({ name, variant, points }) => ({
      name,
      ...lineOf(variant),
      points: points.map(({ epoch, f1 }) => ({ x: epoch, y: f1 })),
      hasDots: false,
    })),
    levels: [],
    xTicks: epochs,
    xDigits: 0,
  };
}

function lineOf({ method, rate }: Variant): { readonly colour: string; readonly dash: string } {
  if (method === 'STL') return STL;
  if (isJoint(method)) return method === 'MTL-XC' ? MTL_XC : otherJoint(method);
  if (isCollaborating(method)) return { colour: STL.colour, dash: OTHER_DASHES[method] ?? '' };
  const index = Math.min(1, Math.max(0, rate ?? 0.5)) * STEPS;
  const dash = method === 'MTL-LS' ? (DASHES[Math.round(index)] ?? '') : otherSliced(method).dash;
  return { colour: rateClass(rate ?? 0.5), dash };
}

/** The class of a rate's colour, in hundredths. */
function rateClass(rate: number): string {
  return `rate-${Math.round(100 * Math.min(1, Math.max(0, rate)))}`;
}

/** Rules for the colours of all rates in hundredths that these tasks have. */
export function rateRules(tasks: readonly TaskComparison[]): string {
  const rates = tasks.flatMap(({ variants }) => variants.flatMap(({ method, rate }) => (isSliced(method) ? [rate ?? 0.5] : []))); // prettier-ignore
  const rules = new Map(
    rates.map((rate) => {
      const index = Math.min(1, Math.max(0, rate)) * STEPS;
      const below = Math.floor(index);
      const share = Math.round((index - below) * 100);
      const colour =
        share === 0
          ? `var(--rate-${below})`
          : `color-mix(in oklab, var(--rate-${below + 1}) ${share}%, var(--rate-${below}))`;
      return [rateClass(rate), `.${rateClass(rate)} { stroke: ${colour}; fill: ${colour}; }`];
    }),
  );
  return [...rules.values()].join('\n');
}
