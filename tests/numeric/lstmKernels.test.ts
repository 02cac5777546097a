// Proves that LSTMs whose steps are done all at once on wasm have the states and gradients of those done operation by operation.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { RECURRENCE_KERNELS, recurrence } from '../../src/model/families/words/languageModels.ts';
import { Rng } from '../../src/util/random.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';

beforeAll(async () => {
  await startBackend('wasm', nodePlatform);
});

/** Computes with the kernels, or without them on tfjs' plain backend. */
async function on<Result>(backend: 'wasm' | 'cpu', compute: () => Promise<Result>): Promise<Result> {
  await tf.setBackend(backend);
  try {
    return await compute();
  } finally {
    await tf.setBackend('wasm');
  }
}

/** Float32 numbers of a normal distribution, scaled. */
function draw(rng: Rng, shape: readonly number[], scale: number): Float32Array {
  return Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, () => scale * rng.normal());
}

interface Sizes {
  readonly directions: number;
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
}

/** States of an LSTM, and the gradients of their product with fixed numbers for its inputs and recurrent kernel. */
function statesAndGradients({ directions: D, steps: S, batch: B, hidden: h }: Sizes, scale: number) {
  return async (): Promise<readonly Float32Array[]> => {
    const rng = Rng.seeded(7);
    const x = tf.tensor4d(draw(rng, [D, S, B, 4 * h], scale), [D, S, B, 4 * h]);
    const u = tf.tensor3d(draw(rng, [D, h, 4 * h], scale / Math.sqrt(h)), [D, h, 4 * h]);
    const weights = tf.tensor4d(draw(rng, [D, S, B, h], 1), [D, S, B, h]);
    const loss = (inputs: tf.Tensor, kernel: tf.Tensor): tf.Scalar => tf.sum(tf.mul(recurrence(inputs as tf.Tensor4D, kernel as tf.Tensor3D), weights)); // prettier-ignore
    const found = tf.tidy(() => [recurrence(x, u), ...tf.grads(loss)([x, u])]);
    const numbers = await Promise.all(found.map((tensor) => tensor.data() as Promise<Float32Array>));
    tf.dispose([x, u, weights, ...found]);
    return numbers;
  };
}

function largestDifference(left: Float32Array, right: Float32Array): number {
  expect(left.length).toBe(right.length);
  return left.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (right[index] as number))), 0);
}

describe('an LSTM on wasm', () => {
  const sizes = [
    { directions: 2, steps: 9, batch: 5, hidden: 12 },
    { directions: 2, steps: 9, batch: 4, hidden: 200 },
    { directions: 1, steps: 1, batch: 1, hidden: 4 },
    { directions: 2, steps: 7, batch: 9, hidden: 25 },
    { directions: 1, steps: 3, batch: 17, hidden: 1 },
    { directions: 3, steps: 2, batch: 8, hidden: 66 },
  ];
  it.each(sizes)('has the states and gradients of its operations: %o', async (size) => {
    expect(tf.getKernel(RECURRENCE_KERNELS.forward, 'wasm')).toBeDefined();
    expect(tf.getKernel(RECURRENCE_KERNELS.forward, 'cpu')).toBeUndefined();
    const live = tf.memory().numTensors;
    const got = await on('wasm', statesAndGradients(size, 1));
    expect(tf.memory().numTensors).toBe(live);
    const expected = await on('cpu', statesAndGradients(size, 1));
    expect(largestDifference(got[0] as Float32Array, expected[0] as Float32Array)).toBeLessThan(2e-6);
    for (const index of [1, 2]) {
      const right = expected[index] as Float32Array;
      const largest = right.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largestDifference(got[index] as Float32Array, right)).toBeLessThanOrEqual(1e-5 * largest);
    }
  });

  it('saturates as its operations do, where inputs are large', async () => {
    const size = { directions: 2, steps: 6, batch: 3, hidden: 8 };
    const got = await on('wasm', statesAndGradients(size, 60));
    const expected = await on('cpu', statesAndGradients(size, 60));
    expect(got.every((numbers) => numbers.every(Number.isFinite))).toBe(true);
    expect(largestDifference(got[0] as Float32Array, expected[0] as Float32Array)).toBeLessThan(2e-6);
  });

  it('gives the same bits again, after longer and shorter batches', async () => {
    const size = { directions: 2, steps: 5, batch: 4, hidden: 10 };
    const first = await on('wasm', statesAndGradients(size, 1));
    await on('wasm', statesAndGradients({ ...size, steps: 40, hidden: 30 }, 1));
    await on('wasm', statesAndGradients({ ...size, steps: 1, batch: 1 }, 1));
    expect(await on('wasm', statesAndGradients(size, 1))).toEqual(first);
  });
});
