// Defines the look shared by all charts, in terms of the theme.
import type { Variant } from '../../lab/comparison/comparison.ts';
import type { Method } from '../../schema/methods.ts';

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
