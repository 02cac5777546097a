// How the line of each method is drawn: colours in order of the slicing rate, and dashes that tell them apart without colour.
import type { Contender } from '../../lab/comparison.ts';

export interface LineStyle {
  readonly stroke: string;
  readonly dash: string | undefined;
}

const REFERENCES = {
  STL: { stroke: 'var(--ink-soft)', dash: '2 3' },
  'MTL-XC': { stroke: 'var(--ink)', dash: '9 4' },
} as const;
/** For the rates 0, 0.25, 0.5, 0.75 and 1, of which the theme has a colour each. */
const DASHES = ['2 2', '5 2', '9 3 2 3', '14 3', undefined] as const;
const STEPS = DASHES.length - 1;

export function rateStyle({ method, rate }: Pick<Contender, 'method' | 'rate'>): LineStyle {
  if (method !== 'MTL-LS') return REFERENCES[method];
  const place = (rate ?? 0.5) * STEPS;
  const below = Math.floor(place);
  const share = Math.round((place - below) * 100);
  const stroke =
    share === 0
      ? `var(--rate-${below})`
      : `color-mix(in oklab, var(--rate-${below + 1}) ${share}%, var(--rate-${below}))`;
  return { stroke, dash: DASHES[Math.round(place)] };
}
