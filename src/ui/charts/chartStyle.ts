// Defines the look shared by all charts, in terms of the theme, their axes at round numbers, and the pictures they are saved as.
import type { Variant } from '../../lab/comparison/comparison.ts';
import type { Method } from '../../schema/methods.ts';
import type { Axis } from './ZoomFields.tsx';

const tick = { fill: 'var(--ink-soft)', fontSize: 12 };

export const chartStyle = {
  margin: { top: 8, right: 12, bottom: 4, left: 0 },
  grid: { stroke: 'var(--line)', vertical: false },
  axis: { tick, stroke: 'var(--line-strong)', tickLine: false, minTickGap: 24 },
  yAxis: { tick, width: 48, axisLine: false, tickLine: false },
  tooltip: {
    isAnimationActive: false,
    contentStyle: {
      background: 'var(--paper)',
      border: '1px solid var(--line-strong)',
      borderRadius: 4,
      padding: '6px 10px',
      fontSize: 12,
    },
    labelStyle: { color: 'var(--ink-soft)' },
    itemStyle: { color: 'var(--ink)', padding: 0 },
  },
} as const;

interface LineStyle {
  readonly stroke: string;
  readonly dash: string | undefined;
}

const REFERENCES = {
  STL: { stroke: 'var(--ink-soft)', dash: '2 3' },
  'MTL-XC': { stroke: 'var(--ink)', dash: '9 4' },
  'MTL-PL': { stroke: 'var(--ink)', dash: '9 3 2 3 2 3' },
  AIO: { stroke: 'var(--ink)', dash: '4 3 1 3 1 3' },
  CollaboNet: { stroke: 'var(--type-2)', dash: '12 3 4 3' },
  Average: { stroke: 'var(--type-4)', dash: '10 2 1 2' },
  TIES: { stroke: 'var(--type-6)', dash: '6 2 2 2' },
} as const satisfies Partial<Record<Method, LineStyle>>;
const isReference = (method: Method): method is keyof typeof REFERENCES => Object.hasOwn(REFERENCES, method);
/** The sliced methods beside MTL-LS where a chart has one line of each, and their dashes whatever the rate. */
const OTHER_SLICED = {
  'PL-LS': { stroke: 'var(--type-3)', dash: '4 2 1 2' },
  'AIO-LS': { stroke: 'var(--type-5)', dash: '8 2 1 2 1 2' },
} as const satisfies Partial<Record<Method, LineStyle>>;

/** Returns the line style of a sliced method beside MTL-LS over all its rates. */
export function slicedStyle(method: Method): LineStyle & { readonly dash: string } {
  return method === 'AIO-LS' ? OTHER_SLICED['AIO-LS'] : OTHER_SLICED['PL-LS'];
}

/** Dashes for the rates 0, 0.25, 0.5, 0.75 and 1, each of which has a theme colour. */
const DASHES = ['2 2', '5 2', '9 3 2 3', '14 3', undefined] as const;
const STEPS = DASHES.length - 1;

/** Returns the line style of a method: colours in order of the slicing rate, and dashes that distinguish them without colour. */
export function rateStyle({ method, rate }: Pick<Variant, 'method' | 'rate'>): LineStyle {
  if (isReference(method)) return REFERENCES[method];
  const index = (rate ?? 0.5) * STEPS;
  const below = Math.floor(index);
  const share = Math.round((index - below) * 100);
  const stroke =
    share === 0
      ? `var(--rate-${below})`
      : `color-mix(in oklab, var(--rate-${below + 1}) ${share}%, var(--rate-${below}))`;
  return { stroke, dash: method === 'MTL-LS' ? DASHES[Math.round(index)] : slicedStyle(method).dash };
}

const SERIES = 8;
const SERIES_DASHES = [undefined, '7 3', '2 3', '10 3 2 3'] as const;

/** Returns the line style of what has neither method nor rate nor type, by its position: eight colours, then the same with dashes. */
export function seriesStyle(index: number): LineStyle {
  return {
    stroke: `var(--type-${index % SERIES})`,
    dash: SERIES_DASHES[Math.floor(index / SERIES) % SERIES_DASHES.length],
  };
}

// Chooses bounds and ticks of axes at round numbers: whole ones for what is counted, powers of ten for logarithmic axes.

/** Returns a step of 1, 2 or 5 with zeros that divides a range into at most as many parts. */
function roundStep(range: number, parts: number): number {
  if (!(range > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(range / parts));
  const steps = [1, 2, 5, 10].map((times) => times * power);
  return steps.find((step) => range / step <= parts + 1e-9) ?? 10 * power;
}

function multiples(step: number, low: number, high: number): number[] {
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** An axis of epochs, steps or counts: its ticks are whole, and its lowest value is one of them. */
export function countAxis(low: number, high: number, parts = 6): Axis {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return { domain: [0, 1], ticks: [0, 1] };
  const step = Math.max(1, roundStep(high - low, parts));
  const ticks = multiples(step, low, high);
  const [first] = ticks;
  // Close to the next tick the two would overlap.
  const isApart = Number.isInteger(low) && (first === undefined || first - low >= step / 2);
  return { domain: [low, Math.max(high, low)], ticks: isApart ? [low, ...ticks] : ticks };
}

/** An axis from zero to a round number above every value. */
export function amountAxis(values: Iterable<number>, parts = 5): Axis {
  let highest = 0;
  for (const value of values) if (value > highest) highest = value;
  if (highest === 0) return { domain: [0, 1], ticks: [0, 1] };
  const step = roundStep(highest, parts);
  const top = Number((step * Math.ceil(highest / step - 1e-9)).toPrecision(12));
  return { domain: [0, top], ticks: multiples(step, 0, top) };
}

/** A logarithmic axis around positive values: ticks at powers of ten, with 2 and 5 between where there are few. */
export function logAxis(values: Iterable<number>): Axis {
  let lowest = Infinity;
  let highest = 0;
  for (const value of values) {
    if (!(value > 0)) continue;
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  if (highest === 0) return { domain: [0.1, 1], ticks: [0.1, 1] };
  const from = Math.floor(Math.log10(lowest) + 1e-9);
  const to = Math.max(from + 1, Math.ceil(Math.log10(highest) - 1e-9));
  const between = to - from <= 2 ? [1, 2, 5] : [1];
  const powers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const ticks = powers.flatMap((power) => between.map((times) => Number((times * 10 ** power).toPrecision(12))));
  return { domain: [10 ** from, 10 ** to], ticks: ticks.filter((tick) => tick <= 10 ** to) };
}

// Turns a chart on the page into a standalone picture: an SVG with its caption, legend and resolved colours, or a PNG of it.

/** Properties set by the page's style sheets or theme variables, neither of which a file has. */
const STYLES = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-opacity',
  'stroke-width',
  'stroke-dasharray',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
] as const;
const SVG = 'http://www.w3.org/2000/svg';
const PADDING_PX = 12;
const LINE_PX = 20;

export interface ChartPicture {
  readonly text: string;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Copies the chart in a figure of `ChartFrame` as drawn now; null before it is drawn. */
export function chartImage(figure: HTMLElement): ChartPicture | null {
  const drawn = figure.querySelector<SVGSVGElement>('svg.recharts-surface');
  if (drawn === null) return null;
  const { width, height } = drawn.getBoundingClientRect();
  const legend = legendOf(figure, width);
  const headPx = PADDING_PX + LINE_PX * (1 + legend.lines);
  const picture = document.createElementNS(SVG, 'svg');
  const widthPx = Math.ceil(width + 2 * PADDING_PX);
  const heightPx = Math.ceil(height + headPx + PADDING_PX);
  setAll(picture, { xmlns: SVG, width: widthPx, height: heightPx, viewBox: `0 0 ${widthPx} ${heightPx}` });
  const page = getComputedStyle(figure);
  picture.append(make('rect', { width: widthPx, height: heightPx, fill: page.backgroundColor }));
  const caption = figure.querySelector('.chart-caption')?.textContent ?? '';
  const title = make('text', {
    x: PADDING_PX,
    y: PADDING_PX + 12,
    fill: page.color,
    'font-size': 13,
    'font-weight': 600,
  });
  title.setAttribute('font-family', page.fontFamily);
  title.textContent = caption;
  const inner = make('g', { transform: `translate(${PADDING_PX} ${headPx})` });
  inner.append(resolved(drawn));
  picture.append(title, legend.element, inner);
  return { text: new XMLSerializer().serializeToString(picture), widthPx, heightPx };
}

/** Renders the picture at twice its size. Rejects when the browser cannot draw it. */
export async function pngOf({ text, widthPx, heightPx }: ChartPicture): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = 2 * widthPx;
  canvas.height = 2 * heightPx;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Error('The browser cannot make a PNG.')) : resolve(blob)),
      'image/png',
    ),
  );
}

/** Copies an element with every style inlined, without parts that only serve the pointer. */
function resolved(drawn: SVGSVGElement): Element {
  const copy = drawn.cloneNode(true) as SVGSVGElement;
  const originals = [drawn, ...drawn.querySelectorAll('*')];
  const copies = [copy, ...copy.querySelectorAll('*')];
  copies.forEach((element, index) => {
    const original = originals[index];
    if (original === undefined) return;
    const style = getComputedStyle(original);
    for (const name of STYLES) element.setAttribute(name, style.getPropertyValue(name));
    for (const name of ['class', 'style', 'tabindex', 'role']) element.removeAttribute(name);
    if (original.matches('.recharts-brush, .recharts-tooltip-cursor, title, desc')) element.remove();
  });
  return copy;
}

function legendOf(figure: HTMLElement, width: number): { readonly element: Element; readonly lines: number } {
  const element = make('g', {});
  let x = 0;
  let line = 1;
  for (const entry of figure.querySelectorAll<HTMLElement>('.legend-entry')) {
    const name = entry.textContent;
    const entryWidth = 46 + name.length * 6.2;
    if (x > 0 && x + entryWidth > width) {
      x = 0;
      line++;
    }
    const y = PADDING_PX + LINE_PX * line + 8;
    const sample = entry.querySelector('line');
    const block = entry.querySelector('.legend-line');
    const style = sample === null ? null : getComputedStyle(sample);
    const border = block === null ? null : getComputedStyle(block);
    const dashes: Readonly<Record<string, string>> = { dashed: '5 3', dotted: '2 3' };
    const stroke = make('line', {
      x1: PADDING_PX + x,
      x2: PADDING_PX + x + 22,
      y1: y - 4,
      y2: y - 4,
      stroke: style?.stroke ?? border?.borderTopColor ?? 'gray',
      'stroke-width': 2,
      'stroke-dasharray': style?.strokeDasharray ?? dashes[border?.borderTopStyle ?? ''] ?? 'none',
    });
    const own = getComputedStyle(entry);
    const text = make('text', {
      x: PADDING_PX + x + 28,
      y,
      fill: own.color,
      'font-size': 11,
      'font-family': own.fontFamily,
    });
    text.textContent = name;
    element.append(stroke, text);
    x += entryWidth;
  }
  return { element, lines: x === 0 && line === 1 ? 0 : line };
}

function make(name: string, attributes: Readonly<Record<string, string | number>>): Element {
  const element = document.createElementNS(SVG, name);
  setAll(element, attributes);
  return element;
}

function setAll(element: Element, attributes: Readonly<Record<string, string | number>>): void {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}
