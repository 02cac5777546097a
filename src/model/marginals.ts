// Exact tag probabilities of a linear-chain CRF, marginalised over all sequences by forward-backward on the host.
import { chainSteps, logSum, nextRow, turned, type ChainSteps } from './chainRows.ts';
import type { ChainWeights } from './viterbi.ts';

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
