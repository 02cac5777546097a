// Chooses bounds and ticks of axes at round numbers: whole ones for what is counted, powers of ten for logarithmic axes.
import type { Axis } from './ZoomFields.tsx';

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
