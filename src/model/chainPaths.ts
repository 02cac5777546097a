// Paths of a linear-chain CRF on the host: sums over all of them, exact tag probabilities, and the best tag sequence.
import type { HostParameters } from './blocks/parameterLocation.ts';
import type { HeadShape } from './parameters.ts';

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

// Exact tag probabilities of a linear-chain CRF, marginalised over all sequences by forward-backward on the host.

/** Tags that a position may have, by their index, `[K]`. */
export type AllowedTags = readonly boolean[];

/** The allowed tags of one position of a chain. */
export interface PositionConstraint {
  readonly position: number;
  readonly allowed: AllowedTags;
}

/** The distribution p(y) = exp(S(X, y)) / Z over the tag sequences of one chain. */
export interface ChainMarginals {
  /** log Z = log sum over y of exp(S(X, y)). */
  readonly logPartition: number;
  /** p(y_i = tag). */
  marginal(position: number, tag: number): number;
  /**
   * p(y_i in A_i for each constraint), the sum over every sequence that satisfies them all. Constraints are in order of position,
   * at most one per position; positions without one, including those in between, are summed over. 1 without constraints.
   */
  probability(constraints: readonly PositionConstraint[]): number;
}

/** The distribution over the tag sequences of one chain, from emissions P [count, K] (row-major). */
export type MarginalsOf = (emissions: Float32Array, count: number) => ChainMarginals;

/**
 * Computes forward and backward sums of chains, in log space and float64: a_0(t) = start(t) + P_0(t), a_i(t) = P_i(t) + log sum_s
 * exp(a_(i-1)(s) + A(s, t)); b_(N-1)(t) = end(t), b_i(s) = log sum_t exp(A(s, t) + P_(i+1)(t) + b_(i+1)(t)); log Z = log sum_t exp(a_i(t) +
 * b_i(t)) at any i (paper, eq. 1). `weights` null is the softmax head: a chain with all transitions 0, so that positions are independent.
 */
export function marginalsBy(weights: ChainWeights | null, tagCount: number): MarginalsOf {
  const K = tagCount;
  const transitions = weights?.transitions ?? new Float32Array(K * K);
  const forwards = chainSteps(turned(transitions, K));
  const backwards = chainSteps(Float64Array.from(transitions));
  const nothing = new Float64Array(K);
  const step = (
    before: Float64Array,
    next: Float64Array,
    steps: ChainSteps,
    scores: Float32Array | Float64Array,
    from: number,
  ): void => {
    // prettier-ignore
    const top = nextRow(before, next, steps, scores, from);
    for (let tag = 0; tag < K; tag++) next[tag] = (next[tag] as number) + top;
  };

  return (emissions, count) => {
    const [forward, backward] = [new Float64Array(count * K), new Float64Array(count * K)];
    const rowOf = (rows: Float64Array, i: number): Float64Array => rows.subarray(i * K, (i + 1) * K);
    for (let tag = 0; tag < K; tag++) forward[tag] = (weights?.start?.[tag] ?? 0) + (emissions[tag] as number);
    for (let i = 1; i < count; i++) step(rowOf(forward, i - 1), rowOf(forward, i), forwards, emissions, i * K);

    const scored = new Float64Array(K);
    if (weights?.end) backward.set(weights.end, (count - 1) * K);
    for (let i = count - 2; i >= 0; i--) {
      const after = (i + 1) * K;
      for (let tag = 0; tag < K; tag++) scored[tag] = (emissions[after + tag] as number) + (backward[after + tag] as number); // prettier-ignore
      step(scored, rowOf(backward, i), backwards, nothing, 0);
    }

    /** Logarithm of the sum over all paths through a row of forward sums. */
    const whole = (row: Float64Array, i: number): number => {
      for (let tag = 0; tag < K; tag++) scored[tag] = (row[tag] as number) + (backward[i * K + tag] as number);
      return logSum(scored);
    };
    const logPartition = whole(rowOf(forward, count - 1), count - 1);
    /** Rounding must not make a probability exceed 1. */
    const share = (logWeight: number): number => Math.min(1, Math.exp(logWeight - logPartition));

    return {
      logPartition,
      marginal(position, tag) {
        const place = position * K + tag;
        return share((forward[place] as number) + (backward[place] as number));
      },
      probability(constraints) {
        const [first] = constraints;
        if (first === undefined) return 1;
        let position = first.position;
        let [row, next] = [rowOf(forward, position).slice(), new Float64Array(K)];
        mask(row, first.allowed);
        for (const { position: end, allowed } of constraints.slice(1)) {
          while (position < end) {
            step(row, next, forwards, emissions, ++position * K);
            [row, next] = [next, row];
          }
          mask(row, allowed);
        }
        return share(whole(row, position));
      },
    };
  };
}

function mask(row: Float64Array, allowed: AllowedTags): void {
  for (let tag = 0; tag < row.length; tag++) if (allowed[tag] !== true) row[tag] = -Infinity;
}

// Finds the best tag sequence of a linear-chain CRF, by dynamic programming on the host.

/** Weights of the chain; `start` and `end` are null for a CRF without those states. */
export interface ChainWeights {
  /** [K, K], row = from. */
  readonly transitions: Float32Array;
  readonly start: Float32Array | null;
  readonly end: Float32Array | null;
}

/** Returns the tags [count] with the largest S(X, y) and that score, from emissions [count, K] (row-major). Ties go to the lower tag index. */
export function viterbi(
  emissions: Float32Array,
  count: number,
  tagCount: number,
  weights: ChainWeights,
): { readonly tags: Int32Array; readonly score: number } {
  const K = tagCount;
  const back = new Int32Array(count * K);
  let best = new Float64Array(K);
  for (let tag = 0; tag < K; tag++) best[tag] = (weights.start?.[tag] ?? 0) + (emissions[tag] as number);
  for (let i = 1; i < count; i++) {
    const next = new Float64Array(K);
    for (let to = 0; to < K; to++) {
      let from = 0;
      let score = -Infinity;
      for (let candidate = 0; candidate < K; candidate++) {
        const reached = (best[candidate] as number) + (weights.transitions[candidate * K + to] as number);
        if (reached > score) [from, score] = [candidate, reached];
      }
      back[i * K + to] = from;
      next[to] = score + (emissions[i * K + to] as number);
    }
    best = next;
  }
  let last = 0;
  let score = -Infinity;
  for (let tag = 0; tag < K; tag++) {
    const reached = (best[tag] as number) + (weights.end?.[tag] ?? 0);
    if (reached > score) [last, score] = [tag, reached];
  }
  const tags = new Int32Array(count);
  for (let i = count - 1; i >= 0; i--) {
    tags[i] = last;
    last = back[i * K + last] as number;
  }
  return { tags, score };
}

/** Returns the tag [count] with the largest emission at each position, for the softmax head. */
export function argmaxTags(emissions: Float32Array, count: number, tagCount: number): Int32Array {
  const tags = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    for (let tag = 1; tag < tagCount; tag++) {
      if ((emissions[i * tagCount + tag] as number) > (emissions[i * tagCount + (tags[i] as number)] as number))
        tags[i] = tag;
    }
  }
  return tags;
}

/** Null for the softmax head, which has no chain. */
export function chainOf(parameters: HostParameters, { kind }: Pick<HeadShape, 'kind'>): ChainWeights | null {
  if (kind === 'softmax') return null;
  const transitions = parameters.get('crf.transitions')?.values;
  if (transitions === undefined) throw new Error('a CRF without transitions');
  return {
    transitions,
    start: parameters.get('crf.start')?.values ?? null,
    end: parameters.get('crf.end')?.values ?? null,
  };
}
