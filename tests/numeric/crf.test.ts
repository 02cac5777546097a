// Proves that the CRF matches eq. 1 of the paper, by brute force over all tag sequences and by finite differences.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { viterbi } from '../../src/model/chainPaths.ts';
import { crfLogLikelihood } from '../../src/model/tagger.ts';
import { Rng } from '../../src/util/random.ts';

interface Chain {
  readonly K: number;
  readonly emissions: Float32Array; // [N, K]
  readonly transitions: Float32Array; // [K, K]
  readonly start: Float32Array | null;
  readonly end: Float32Array | null;
}

function drawChain(rng: Rng, N: number, K: number, startEnd: boolean): Chain {
  const draw = (size: number): Float32Array => Float32Array.from({ length: size }, () => 2 * rng.normal());
  return {
    K,
    emissions: draw(N * K),
    transitions: draw(K * K),
    start: startEnd ? draw(K) : null,
    end: startEnd ? draw(K) : null,
  };
}

/** S(X, y) of eq. 1, in float64. */
function score({ K, emissions, transitions, start, end }: Chain, path: readonly number[]): number {
  let total = (start?.[path[0] as number] ?? 0) + (end?.[path.at(-1) as number] ?? 0);
  path.forEach((tag, i) => {
    total += emissions[i * K + tag] as number;
    if (i > 0) total += transitions[(path[i - 1] as number) * K + tag] as number;
  });
  return total;
}

function* paths(length: number, K: number): Generator<number[]> {
  if (length === 0) return yield [];
  for (const rest of paths(length - 1, K)) for (let tag = 0; tag < K; tag++) yield [...rest, tag];
}

function logPartition(chain: Chain, length: number): number {
  const scores = [...paths(length, chain.K)].map((path) => score(chain, path));
  const largest = Math.max(...scores);
  return largest + Math.log(scores.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

function parametersOf({ K, transitions, start, end }: Chain): Map<string, tf.Tensor> {
  const parameters = new Map<string, tf.Tensor>([['crf.transitions', tf.tensor2d(transitions, [K, K])]]);
  if (start !== null) parameters.set('crf.start', tf.tensor1d(start));
  if (end !== null) parameters.set('crf.end', tf.tensor1d(end));
  return parameters;
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each([true, false])('with start and end states: %s', (startEnd) => {
  for (let K = 1; K <= 5; K++) {
    it(`log-likelihoods of every length to 5 with ${K} tags equal brute force, padding left out`, async () => {
      const rng = Rng.seeded(7).fork(K, String(startEnd));
      const N = 6; // one padding position even for the longest
      const lengths = [1, 2, 3, 4, 5];
      const chain = drawChain(rng, N, K, startEnd);
      const golds = lengths.map((length) => Array.from({ length: N }, (_, i) => (i < length ? rng.integer(K) : 0)));
      // The same weights for all sequences, different emissions.
      const chains = lengths.map(() => ({ ...chain, emissions: drawChain(rng, N, K, false).emissions }));
      const all = Float32Array.from(chains.flatMap(({ emissions }) => [...emissions]));
      const batch = { tags: Int32Array.from(golds.flat()), crfCounts: Int32Array.from(lengths) };
      const found = await crfLogLikelihood(tf.tensor3d(all, [lengths.length, N, K]), batch, parametersOf(chain)).data();
      for (const [index, length] of lengths.entries()) {
        const own = chains[index] as Chain;
        const gold = (golds[index] as number[]).slice(0, length);
        expect(found[index]).toBeCloseTo(score(own, gold) - logPartition(own, length), 3);
      }
    });

    it(`Viterbi finds the best of all paths of every length to 5 with ${K} tags`, () => {
      const rng = Rng.seeded(11).fork(K, String(startEnd));
      for (let length = 1; length <= 5; length++) {
        const chain = drawChain(rng, length, K, startEnd);
        const best = [...paths(length, K)].reduce((left, right) =>
          score(chain, right) > score(chain, left) ? right : left,
        );
        const found = viterbi(chain.emissions, length, K, chain);
        expect([...found.tags]).toEqual(best);
        expect(found.score).toBeCloseTo(score(chain, best), 5);
      }
    });
  }

  it('gradients equal central finite differences of brute force', async () => {
    const [N, K, length] = [4, 3, 4];
    const rng = Rng.seeded(3);
    const chain = drawChain(rng, N, K, startEnd);
    const gold = Array.from({ length }, () => rng.integer(K));
    const batch = { tags: Int32Array.from(gold), crfCounts: Int32Array.from([length]) };
    const inputs = [tf.tensor3d(chain.emissions, [1, N, K]), ...parametersOf(chain).values()];
    const names = [...parametersOf(chain).keys()];
    const gradients = tf.grads((emissions: tf.Tensor, ...weights: tf.Tensor[]) =>
      tf.sum(
        crfLogLikelihood(
          emissions as tf.Tensor3D,
          batch,
          new Map(names.map((name, i) => [name, weights[i] as tf.Tensor])),
        ),
      ),
    )(inputs);
    const parts = ['emissions', 'transitions', ...(startEnd ? (['start', 'end'] as const) : [])] as const;
    for (const [index, part] of parts.entries()) {
      const found = await (gradients[index] as tf.Tensor).data();
      const values = chain[part] as Float32Array;
      for (let at = 0; at < values.length; at++) {
        const shifted = (delta: number): number => {
          const moved = { ...chain, [part]: Float64Array.from(values) as unknown as Float32Array };
          (moved[part] as Float32Array)[at] = (values[at] as number) + delta;
          return score(moved, gold) - logPartition(moved, length);
        };
        const numeric = (shifted(1e-4) - shifted(-1e-4)) / 2e-4;
        expect(found[at], `${part}[${at}]`).toBeCloseTo(numeric, 3);
      }
    }
  });
});

it('probabilities of all tag sequences sum to one', async () => {
  const [N, K] = [3, 3];
  const chain = drawChain(Rng.seeded(5), N, K, true);
  const all = [...paths(N, K)];
  const emissions = tf.tile(tf.tensor3d(chain.emissions, [1, N, K]), [all.length, 1, 1]) as tf.Tensor3D;
  const batch = { tags: Int32Array.from(all.flat()), crfCounts: new Int32Array(all.length).fill(N) };
  const likelihoods = await crfLogLikelihood(emissions, batch, parametersOf(chain)).data();
  expect(Array.from(likelihoods, Math.exp).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
});
