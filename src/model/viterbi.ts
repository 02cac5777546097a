// Finds the best tag sequence of a linear-chain CRF, by dynamic programming on the host.
import type { HostParameters } from './blocks/hostParameters.ts';
import type { HeadShape } from './parameters.ts';

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
