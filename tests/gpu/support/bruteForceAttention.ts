// Relative attention and its gradients in float64 by definition: every query against every key it sees.

/** The differentiable inputs of attention; queries, keys and values [B*T, H*h]. */
export interface AttentionOperands<Numbers = ArrayLike<number>> {
  readonly queries: Numbers;
  readonly keys: Numbers;
  readonly values: Numbers;
  /** kr [2T, H*h], row p for the relative position T - p. */
  readonly position: Numbers;
  /** [H*h], like the next two. */
  readonly contentBias: Numbers;
  readonly positionBias: Numbers;
  readonly segmentBias: Numbers;
  /** [2, H*h]: for equal segments, then for different ones. */
  readonly segmentEmbedding: Numbers;
}

export interface FloatAttention<Numbers = ArrayLike<number>> extends AttentionOperands<Numbers> {
  readonly sequences: number;
  readonly pieces: number;
  readonly heads: number;
  readonly headSize: number;
  /** [B*T] */
  readonly segmentIds: ArrayLike<number>;
  /** [B]: pieces beyond are padding, hidden from all but themselves. */
  readonly counts: ArrayLike<number>;
  /** Dropout factors of the probabilities [B, H, T, T]. */
  readonly factors: ArrayLike<number>;
}

/** One query with the keys it sees: indices of their vectors, softmax of the scores, dropout. */
interface Query {
  /** Index in [B, H, T]. */
  readonly place: number;
  /** First word of the head's vectors: in queries, in the biases. */
  readonly own: number;
  readonly bias: number;
  readonly logSumExp: number;
  readonly keys: readonly {
    readonly key: number;
    readonly position: number;
    readonly segment: number;
    readonly probability: number;
    readonly factor: number;
  }[];
}

const at = (values: ArrayLike<number>, index: number): number => values[index] as number;

function* queriesOf(given: FloatAttention): Generator<Query> {
  const { sequences, pieces: T, heads, headSize, segmentIds, counts, factors } = given;
  const width = heads * headSize;
  for (let place = 0; place < sequences * heads * T; place++) {
    const i = place % T;
    const head = Math.floor(place / T) % heads;
    const b = Math.floor(place / (T * heads));
    const bias = head * headSize;
    const own = (b * T + i) * width + bias;
    const seen = Array.from({ length: T }, (_, j) => j).filter((j) => j < at(counts, b) || j === i);
    const places = seen.map((j) => ({
      key: (b * T + j) * width + bias,
      position: (T - i + j) * width + bias,
      segment: (at(segmentIds, b * T + i) === at(segmentIds, b * T + j) ? 0 : width) + bias,
      factor: at(factors, place * T + j),
    }));
    const scores = places.map(({ key, position, segment }) => {
      let score = 0;
      for (let c = 0; c < headSize; c++) {
        const q = at(given.queries, own + c);
        score += (q + at(given.contentBias, bias + c)) * at(given.keys, key + c);
        score += (q + at(given.positionBias, bias + c)) * at(given.position, position + c);
        score += (q + at(given.segmentBias, bias + c)) * at(given.segmentEmbedding, segment + c);
      }
      return score / Math.sqrt(headSize);
    });
    const largest = Math.max(...scores);
    const logSumExp = largest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - largest), 0));
    const keys = places.map((one, n) => ({ ...one, probability: Math.exp(at(scores, n) - logSumExp) }));
    yield { place, own, bias, logSumExp, keys };
  }
}

/** context [B*T, H*h] and the log-sum-exp of the scores [B, H, T]. */
export function bruteForceAttention(given: FloatAttention): {
  readonly context: Float64Array;
  readonly logSumExp: Float64Array;
} {
  const { sequences, pieces, heads, headSize } = given;
  const context = new Float64Array(sequences * pieces * heads * headSize);
  const logSumExp = new Float64Array(sequences * heads * pieces);
  for (const query of queriesOf(given)) {
    logSumExp[query.place] = query.logSumExp;
    for (let c = 0; c < headSize; c++) {
      context[query.own + c] = query.keys.reduce(
        (sum, { key, probability, factor }) => sum + probability * factor * at(given.values, key + c),
        0,
      );
    }
  }
  return { context, logSumExp };
}

/** Gradients of the sum of context times dContext [B*T, H*h]. */
export function bruteForceAttentionGradients(
  given: FloatAttention,
  dContext: ArrayLike<number>,
): AttentionOperands<Float64Array> {
  const { headSize, queries } = given;
  const zeros = (like: ArrayLike<number>): Float64Array => new Float64Array(like.length);
  const gradients = {
    queries: zeros(queries),
    keys: zeros(given.keys),
    values: zeros(given.values),
    position: zeros(given.position),
    contentBias: zeros(given.contentBias),
    positionBias: zeros(given.positionBias),
    segmentBias: zeros(given.segmentBias),
    segmentEmbedding: zeros(given.segmentEmbedding),
  };
  const add = (name: keyof AttentionOperands, index: number, value: number): void => {
    gradients[name][index] = at(gradients[name], index) + value;
  };
  for (const { own, bias, keys } of queriesOf(given)) {
    const dProbabilities = keys.map(({ key, factor }) => {
      let product = 0;
      for (let c = 0; c < headSize; c++) product += at(dContext, own + c) * at(given.values, key + c);
      return factor * product;
    });
    const mean = keys.reduce((sum, { probability }, n) => sum + probability * at(dProbabilities, n), 0);
    for (const [n, { key, position, segment, probability, factor }] of keys.entries()) {
      const dScore = (probability * (at(dProbabilities, n) - mean)) / Math.sqrt(headSize);
      for (let c = 0; c < headSize; c++) {
        const q = at(queries, own + c);
        const [k, kr, e] = [
          at(given.keys, key + c),
          at(given.position, position + c),
          at(given.segmentEmbedding, segment + c),
        ];
        add('queries', own + c, dScore * (k + kr + e));
        add('contentBias', bias + c, dScore * k);
        add('positionBias', bias + c, dScore * kr);
        add('segmentBias', bias + c, dScore * e);
        add('keys', key + c, dScore * (q + at(given.contentBias, bias + c)));
        add('position', position + c, dScore * (q + at(given.positionBias, bias + c)));
        add('segmentEmbedding', segment + c, dScore * (q + at(given.segmentBias, bias + c)));
        add('values', key + c, probability * factor * at(dContext, own + c));
      }
    }
  }
  return gradients;
}
