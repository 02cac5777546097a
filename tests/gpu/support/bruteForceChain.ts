// A linear-chain CRF in float64 by definition: scores every tag sequence.

export interface FloatChain {
  readonly count: number;
  readonly tagCount: number;
  /** [count, K] */
  readonly emissions: ArrayLike<number>;
  readonly tags: ArrayLike<number>;
  readonly transitions: ArrayLike<number>;
  readonly start: ArrayLike<number> | null;
  readonly end: ArrayLike<number> | null;
}

export interface ChainTruth {
  readonly loss: number;
  /** [count, K] posteriors of tags. */
  readonly marginals: Float64Array;
  /** Gradients of the loss. */
  readonly emissions: Float64Array;
  readonly transitions: Float64Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
}

function* paths(length: number, tagCount: number): Generator<number[]> {
  if (length === 0) return yield [];
  for (const rest of paths(length - 1, tagCount)) for (let tag = 0; tag < tagCount; tag++) yield [...rest, tag];
}

function scoreOf(chain: FloatChain, path: readonly number[]): number {
  const { count, tagCount, emissions, transitions, start, end } = chain;
  let total = (start?.[path[0] as number] ?? 0) + (end?.[path[count - 1] as number] ?? 0);
  path.forEach((tag, n) => {
    total += emissions[n * tagCount + tag] as number;
    if (n > 0) total += transitions[(path[n - 1] as number) * tagCount + tag] as number;
  });
  return total;
}

/** Computes loss, marginals and gradients by the sum over all `tagCount ** count` tag sequences. */
export function bruteForceChain(chain: FloatChain): ChainTruth {
  const { count, tagCount: K } = chain;
  const gold = Array.from({ length: count }, (_, n) => chain.tags[n] as number);
  const all = [...paths(count, K)].map((path) => ({ path, score: scoreOf(chain, path) }));
  const largest = all.reduce((best, { score }) => Math.max(best, score), -Infinity);
  const sum = all.reduce((total, { score }) => total + Math.exp(score - largest), 0);
  const marginals = new Float64Array(count * K);
  const emissions = new Float64Array(count * K);
  const transitions = new Float64Array(K * K);
  const start = new Float64Array(K);
  const end = new Float64Array(K);
  const add = (array: Float64Array, at: number, value: number): void => {
    array[at] = (array[at] as number) + value;
  };
  const tally = (path: readonly number[], weight: number): void => {
    add(start, path[0] as number, weight);
    add(end, path[count - 1] as number, weight);
    path.forEach((tag, n) => {
      add(emissions, n * K + tag, weight);
      if (n > 0) add(transitions, (path[n - 1] as number) * K + tag, weight);
    });
  };
  for (const { path, score } of all) {
    const probability = Math.exp(score - largest) / sum;
    tally(path, probability);
    path.forEach((tag, n) => add(marginals, n * K + tag, probability));
  }
  tally(gold, -1);
  return { loss: largest + Math.log(sum) - scoreOf(chain, gold), marginals, emissions, transitions, start, end };
}
