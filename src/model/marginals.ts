// Exact tag probabilities of a linear-chain CRF, marginalised over all sequences by forward-backward on the host.
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

/**
 * Computes forward and backward sums of a chain, in log space and float64, from emissions P [count, K] (row-major): a_0(t) =
 * start(t) + P_0(t), a_i(t) = P_i(t) + log sum_s exp(a_(i-1)(s) + A(s, t)); b_(N-1)(t) = end(t), b_i(s) = log sum_t exp(A(s, t) +
 * P_(i+1)(t) + b_(i+1)(t)); log Z = log sum_t exp(a_i(t) + b_i(t)) at any i (paper, eq. 1). `weights` null is the softmax head: a
 * chain with all transitions 0, so that positions are independent.
 */
export function marginals(
  emissions: Float32Array,
  count: number,
  tagCount: number,
  weights: ChainWeights | null,
): ChainMarginals {
  const K = tagCount;
  const transitions = weights?.transitions ?? new Float32Array(K * K);
  const emission = (i: number, tag: number): number => emissions[i * K + tag] as number;
  const terms = new Float64Array(K);

  /** One step of the forward sum: from the row of position i - 1 to that of i. */
  function advance(row: Float64Array, i: number): Float64Array {
    const next = new Float64Array(K);
    for (let to = 0; to < K; to++) {
      for (let from = 0; from < K; from++) terms[from] = (row[from] as number) + (transitions[from * K + to] as number);
      next[to] = logSum(terms) + emission(i, to);
    }
    return next;
  }

  const forward: Float64Array[] = [
    Float64Array.from({ length: K }, (_, tag) => (weights?.start?.[tag] ?? 0) + emission(0, tag)),
  ];
  for (let i = 1; i < count; i++) forward.push(advance(forward[i - 1] as Float64Array, i));

  const backward = new Array<Float64Array>(count);
  backward[count - 1] = Float64Array.from({ length: K }, (_, tag) => weights?.end?.[tag] ?? 0);
  for (let i = count - 2; i >= 0; i--) {
    const after = backward[i + 1] as Float64Array;
    const row = new Float64Array(K);
    for (let from = 0; from < K; from++) {
      for (let to = 0; to < K; to++) {
        terms[to] = (transitions[from * K + to] as number) + emission(i + 1, to) + (after[to] as number);
      }
      row[from] = logSum(terms);
    }
    backward[i] = row;
  }

  const whole = (row: Float64Array, i: number): number => logSum(row.map((value, tag) => value + at(backward, i, tag)));
  const logPartition = whole(forward[count - 1] as Float64Array, count - 1);
  /** Rounding must not make a probability exceed 1. */
  const share = (logWeight: number): number => Math.min(1, Math.exp(logWeight - logPartition));

  return {
    logPartition,
    marginal: (position, tag) => share(at(forward, position, tag) + at(backward, position, tag)),
    probability(constraints) {
      const [first] = constraints;
      if (first === undefined) return 1;
      let position = first.position;
      let row = masked(forward[position] as Float64Array, first.allowed);
      for (const constraint of constraints.slice(1)) {
        while (position < constraint.position) row = advance(row, ++position);
        row = masked(row, constraint.allowed);
      }
      return share(whole(row, position));
    },
  };
}

function at(rows: readonly Float64Array[], position: number, tag: number): number {
  return rows[position]?.[tag] as number;
}

function masked(row: Float64Array, allowed: AllowedTags): Float64Array {
  return row.map((value, tag) => (allowed[tag] === true ? value : -Infinity));
}

/** log sum exp; -Infinity if nothing is possible. */
function logSum(values: Float64Array): number {
  let largest = -Infinity;
  for (const value of values) largest = Math.max(largest, value);
  if (largest === -Infinity) return -Infinity;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}
