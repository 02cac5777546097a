// Computes the curves of runs for one chart: smoothed, and thinned to what a picture can show.
import { mean } from '../../metrics/scores/spread.ts';
import type { RunRecord } from '../../schema/runRecord.ts';

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

/** What a curve is drawn across. */
export type CurveScale = 'steps' | 'epochs' | 'minutes';

const MS_PER_MINUTE = 60_000;

/** The training loss of a run. */
export function lossCurve({ steps }: Pick<RunRecord, 'steps'>, across: CurveScale): readonly CurvePoint[] {
  return steps.map(({ step, epoch, elapsedMs, loss }) => ({
    x: position({ step, epoch, elapsedMs }, across),
    y: loss,
  }));
}

/** Devel F1 after each epoch of a run, the mean over its tasks; epochs without a devel score are omitted. */
export function develCurve({ epochs }: Pick<RunRecord, 'epochs'>, across: CurveScale): readonly CurvePoint[] {
  return epochs.flatMap(({ step, epoch, elapsedMs, devel }) => {
    const y = mean(devel.flatMap((scores) => (scores === null ? [] : [scores.lenient.overall.f1])));
    return y === null ? [] : [{ x: position({ step, epoch, elapsedMs }, across), y }];
  });
}

function position(
  { step, epoch, elapsedMs }: { readonly step: number; readonly epoch: number; readonly elapsedMs: number },
  across: CurveScale,
): number {
  return across === 'steps' ? step : across === 'epochs' ? epoch : elapsedMs / MS_PER_MINUTE;
}

/**
 * Smooths by an exponential moving average. `weight` in [0, 1) is what the past weighs, 0 for none. Corrected at the start as by Adam, so that the
 * first points are not drawn towards zero.
 */
export function smoothed(points: readonly CurvePoint[], weight: number): readonly CurvePoint[] {
  if (weight <= 0) return points;
  let average = 0;
  let left = 1;
  return points.map(({ x, y }) => {
    average = weight * average + (1 - weight) * y;
    left *= weight;
    return { x, y: average / (1 - left) };
  });
}

/**
 * Returns at most `limit` points in order, first and last included: each stretch keeps its lowest and its highest value, so that no spike is lost.
 */
export function thinned<Point>(
  points: readonly Point[],
  limit: number,
  valueOf: (point: Point) => number,
): readonly Point[] {
  const first = points[0];
  const last = points.at(-1);
  if (points.length <= limit || first === undefined || last === undefined) return points;
  const stretches = Math.max(1, Math.floor((limit - 2) / 2));
  const left: Point[] = [first];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = 1 + Math.floor((stretch * (points.length - 2)) / stretches);
    const to = 1 + Math.floor(((stretch + 1) * (points.length - 2)) / stretches);
    const [low, high] = extremes(points, from, to, valueOf);
    for (const index of low < high ? [low, high] : low === high ? [low] : [high, low]) {
      const point = points[index];
      if (point !== undefined) left.push(point);
    }
  }
  left.push(last);
  return left;
}

/** Indices of the first lowest and the first highest of some points. */
function extremes<Point>(
  points: readonly Point[],
  from: number,
  to: number,
  valueOf: (point: Point) => number,
): readonly [low: number, high: number] {
  let [low, lowest, high, highest] = [from, Infinity, from, -Infinity];
  for (let index = from; index < to; index++) {
    const point = points[index];
    if (point === undefined) continue;
    const value = valueOf(point);
    if (value < lowest) [low, lowest] = [index, value];
    if (value > highest) [high, highest] = [index, value];
  }
  return [low, high];
}
