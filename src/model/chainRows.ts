// Sums over the paths of a linear chain of tags, a position at a time, in log space and float64.

/** A number that is there. */
const at = (numbers: ArrayLike<number>, index: number): number => numbers[index] as number;

/** Exponentials of transitions, and a row of others, so that a position needs an exponential for each tag, not for each pair. */
export interface ChainSteps {
  /** [to, origin] */
  readonly logs: Float64Array;
  readonly exponentials: Float64Array;
  readonly row: Float64Array;
}

/** From transitions [to, origin]. */
export function chainSteps(logs: Float64Array): ChainSteps {
  return { logs, exponentials: logs.map(Math.exp), row: new Float64Array(Math.sqrt(logs.length)) };
}

/** Transitions [K, K] the other way round. */
export function turned(transitions: ArrayLike<number>, tagCount: number): Float64Array {
  const K = tagCount;
  return Float64Array.from({ length: K * K }, (_, place) => at(transitions, (place % K) * K + Math.floor(place / K)));
}

/** Whether no term that matters was lost below the least number or above the largest; else logarithms are added up. */
export const isUsable = (sum: number): boolean => sum > 1e-280 && sum < 1e280;

/** Logarithm of the sum over origins of exp(before + weights to `to`). */
function logSumTo(before: Float64Array, logs: Float64Array, to: number): number {
  const K = before.length;
  const row = to * K;
  let best = -Infinity;
  for (let origin = 0; origin < K; origin++) best = Math.max(best, at(before, origin) + at(logs, row + origin));
  let sum = 0;
  for (let origin = 0; origin < K; origin++) sum += Math.exp(at(before, origin) + at(logs, row + origin) - best);
  return best + Math.log(sum);
}

/**
 * Writes the row `next` [K] that follows `before` [K]: the logarithm of the sum over origins, relative to the largest value of `before`, plus
 * `scores` from `from` on. Returns that largest value; where it is -Infinity, so is all of `next`.
 */
export function nextRow(
  before: Float64Array,
  next: Float64Array,
  { logs, exponentials, row }: ChainSteps,
  scores: Float32Array | Float64Array,
  from: number,
): number {
  const K = before.length;
  let top = -Infinity;
  for (let origin = 0; origin < K; origin++) top = Math.max(top, at(before, origin));
  if (top === -Infinity) {
    next.fill(-Infinity);
    return top;
  }
  for (let origin = 0; origin < K; origin++) row[origin] = Math.exp(at(before, origin) - top);
  for (let to = 0; to < K; to++) {
    let sum = 0;
    for (let origin = 0; origin < K; origin++) sum += at(row, origin) * at(exponentials, to * K + origin);
    next[to] = at(scores, from + to) + (isUsable(sum) ? Math.log(sum) : logSumTo(before, logs, to) - top);
  }
  return top;
}

/** log sum exp; -Infinity if nothing is possible. */
export function logSum(values: Float64Array): number {
  let best = -Infinity;
  for (let k = 0; k < values.length; k++) best = Math.max(best, at(values, k));
  if (best === -Infinity) return best;
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += Math.exp(at(values, k) - best);
  return best + Math.log(sum);
}
