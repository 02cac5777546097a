// Proves that the activations of the plain network have the values and slopes of their formulas in float64, on cpu and wasm.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import type { Activation } from '../../src/model/blocks/encoderFamily.ts';
import { activate } from '../../src/model/blocks/layerBlocks.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';

const formulas: Readonly<Record<Exclude<Activation, 'gelu'>, (x: number) => number>> = {
  relu: (x) => Math.max(0, x),
  gelu_new: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  silu: (x) => x / (1 + Math.exp(-x)),
};

/** Values of torch 2.13 in float64: gelu, its tanh approximation, silu. */
const known = [
  [-3, -0.00404969409489031, -0.0036373920817729943, -0.14227761953270035],
  [-0.5, -0.15426876936299344, -0.15428599017485606, -0.1887703343990727],
  [0.25, 0.14967658142073093, 0.149675350701685, 0.14054412522144952],
  [2, 1.9544997361036416, 1.954597694087775, 1.7615941559557646],
] as const;

/** Steps of 1/8 from -12 to 12, without relu's corner. */
const sweep = Float32Array.from({ length: 193 }, (_, index) => (index - 96) / 8).filter((x) => x !== 0);

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await startBackend(backend, nodePlatform);
  });

  it.each(['relu', 'gelu_new', 'silu'] as const)('%s', async (activation) => {
    const of = formulas[activation];
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => activate(x as tf.Tensor2D, activation))(
      tf.tensor2d(sweep, [1, sweep.length]),
      tf.ones([1, sweep.length]),
    );
    const [values, slopes] = [await value.data(), await grad.data()];
    for (const [index, x] of sweep.entries()) {
      const slope = (of(x + 1e-5) - of(x - 1e-5)) / 2e-5;
      expect(Math.abs((values[index] as number) - of(x)), `value at ${x}`).toBeLessThan(2e-6);
      expect(Math.abs((slopes[index] as number) - slope), `slope at ${x}`).toBeLessThan(2e-6);
    }
    tf.dispose([value, grad]);
  });

  it('agree with torch', async () => {
    for (const [column, activation] of (['gelu', 'gelu_new', 'silu'] as const).entries()) {
      const x = tf.tensor2d(known.map((row) => [row[0]]));
      const found = await activate(x, activation).data();
      for (const [row, numbers] of known.entries()) expect(found[row]).toBeCloseTo(numbers[column + 1] as number, 6);
    }
  });
});
