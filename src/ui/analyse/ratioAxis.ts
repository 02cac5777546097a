// The axis of a radar of ratios: A to D lie between 0 and 100 %, E may be less or more.

/** Of the rim: what lies beyond is told in words, or it would press all else into the middle. */
const FURTHEST = 200;
const STEP = 25;

/** Bounds and ticks in percent, for these values of E. */
export function ratioAxis(surplus: readonly number[]): { readonly domain: [number, number]; readonly ticks: number[] } {
  const low = Math.min(0, ...surplus.map((value) => STEP * Math.floor(value / STEP)));
  const high = Math.min(FURTHEST, Math.max(100, ...surplus.map((value) => STEP * Math.ceil(value / STEP))));
  const distance = high - low > 200 ? 2 * STEP : STEP;
  const first = Math.ceil(low / distance);
  const ticks = Array.from(
    { length: Math.floor(high / distance) - first + 1 },
    (_, index) => (first + index) * distance,
  );
  return { domain: [low, high], ticks: ticks.map((tick) => tick + 0) };
}
