// Proves that the lab's wasm kernels match float64 JavaScript for every shape and transposition, gradients included, without growing the heap.
import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm/dist/backend_wasm';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { Rng } from '../../src/util/random.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { product64, transposed64, type Matrices } from '../fixtures/product64.ts';

beforeAll(async () => {
  await startBackend('wasm', nodePlatform);
});

function draw(rng: Rng, shape: Matrices['shape']): Matrices {
  return { shape, values: Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () => rng.normal()) };
}

const upload = ({ shape, values }: Matrices): tf.Tensor3D => tf.tensor3d(Float32Array.from(values), [...shape]);

/** Compares with a tolerance for float32 sums of `terms` products of normal numbers, a few roundings each. */
function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, terms: number): void {
  expect(found.length).toBe(expected.length);
  let largest = 0;
  for (let index = 0; index < found.length; index++) {
    const difference = Math.abs((found[index] as number) - (expected[index] as number));
    if (!(difference <= largest)) largest = difference;
  }
  expect(largest).toBeLessThan(2e-6 * (1 + terms));
}

/** Sizes at the edges of XNNPACK's tiles and between them, including 1. */
const size = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(1, 15, 16, 17, 33, 64, 65));

const productCase = fc.record({
  rows: size,
  inner: size,
  columns: size,
  batch: fc.integer({ min: 1, max: 5 }),
  alone: fc.constantFrom('neither', 'left', 'right'),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  seed: fc.nat(),
});
type ProductCase = typeof productCase extends fc.Arbitrary<infer Case> ? Case : never;

/** Operands as passed to matMul, and as they enter the product. */
function operands({ rows, inner, columns, batch, alone, transposeA, transposeB, seed }: ProductCase) {
  const rng = Rng.seeded(seed);
  const left = draw(rng, [alone === 'left' ? 1 : batch, rows, inner]);
  const right = draw(rng, [alone === 'right' ? 1 : batch, inner, columns]);
  return {
    left,
    right,
    a: transposeA ? transposed64(left) : left,
    b: transposeB ? transposed64(right) : right,
  };
}

describe('BatchMatMul', () => {
  it('equals float64 for every shape, batch and transposition', () => {
    fc.assert(
      fc.property(productCase, (one) => {
        const { left, right, a, b } = operands(one);
        const expected = product64(left, right);
        const found = tf.tidy(() => {
          const product = tf.matMul(upload(a), upload(b), one.transposeA, one.transposeB);
          expect(product.shape).toEqual(expected.shape);
          return product.dataSync();
        });
        expectClose(found, expected.values, one.inner);
      }),
      { numRuns: 300 },
    );
  });

  it('has gradients that equal float64 too', () => {
    // On no backend does matMul's gradient sum over a broadcast batch: equal batches only.
    const equalBatches = productCase.map((one): ProductCase => ({ ...one, alone: 'neither' }));
    fc.assert(
      fc.property(equalBatches, (one) => {
        const { left, right, a, b } = operands(one);
        const upstream = draw(Rng.seeded(one.seed).fork('upstream'), [one.batch, one.rows, one.columns]);
        const [da, db] = tf.tidy(() => {
          const gradients = tf.grads((x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, one.transposeA, one.transposeB));
          return gradients([upload(a), upload(b)], upload(upstream)).map((gradient) => gradient.dataSync());
        }) as unknown as [Float32Array, Float32Array];
        const dLeft = product64(upstream, transposed64(right));
        const dRight = product64(transposed64(left), upstream);
        expectClose(da, (one.transposeA ? transposed64(dLeft) : dLeft).values, one.columns);
        expectClose(db, (one.transposeB ? transposed64(dRight) : dRight).values, one.rows);
      }),
      { numRuns: 150 },
    );
  });

  it('accepts matrices without a batch, and batches of two dimensions as in attention', () => {
    const rng = Rng.seeded(1);
    const [left, right] = [draw(rng, [6, 7, 5]), draw(rng, [6, 5, 3])];
    const found = tf.tidy(() => {
      const product = tf.matMul(tf.reshape(upload(left), [2, 3, 7, 5]), tf.reshape(upload(right), [2, 3, 5, 3]));
      expect(product.shape).toEqual([2, 3, 7, 3]);
      return product.dataSync();
    });
    expectClose(found, product64(left, right).values, 5);
    const [a, b] = [draw(rng, [1, 1, 31]), draw(rng, [1, 31, 1])];
    const single = tf.tidy(() => tf.matMul(tf.reshape(upload(a), [1, 31]), tf.reshape(upload(b), [31, 1])).dataSync());
    expectClose(single, product64(a, b).values, 31);
  });

  it('rejects what it would compute wrongly: partially broadcast batches, integers', () => {
    tf.tidy(() => {
      expect(() => tf.matMul(tf.zeros([2, 1, 3, 3]), tf.zeros([1, 3, 3, 3]))).toThrow('batches');
      expect(() => tf.matMul(tf.zeros([1, 3, 3, 3]), tf.zeros([2, 3, 3, 3]))).toThrow('batches');
      expect(() => tf.matMul(tf.ones([3, 3], 'int32'), tf.ones([3, 3], 'int32'))).toThrow('float32');
    });
  });

  it('leaves the heap and the backend data unchanged after 300 products', () => {
    const backend = tf.backend() as BackendWasm;
    const heapBytes = (): number => (backend.wasm as unknown as { HEAPU8: Uint8Array }).HEAPU8.byteLength;
    const rng = Rng.seeded(2);
    const a = upload(draw(rng, [2, 64, 256]));
    // XNNPACK packs a copy of the right operand, here half a megabyte: 300 of them would be noticeable.
    const b = upload(draw(rng, [2, 256, 256]));
    const products = (count: number): void => {
      for (let index = 0; index < count; index++) {
        tf.tidy(() => void tf.matMul(a, b, false, index % 2 === 1));
        tf.tidy(() => void tf.matMul(tf.ones([2, 256, 64]), b, true, false));
      }
    };
    products(5);
    const before = { heap: heapBytes(), data: backend.numDataIds(), bytes: tf.memory().numBytes };
    products(150);
    expect({ heap: heapBytes(), data: backend.numDataIds(), bytes: tf.memory().numBytes }).toEqual(before);
    tf.dispose([a, b]);
  });
});

describe('UnsortedSegmentSum', () => {
  it('matches float64 with repeated and empty segments, ignoring ids out of range', () => {
    const cases = fc.record({
      segments: fc.integer({ min: 1, max: 12 }),
      rest: fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 2 }),
      ids: fc.array(fc.integer({ min: -2, max: 14 }), { minLength: 1, maxLength: 60 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(cases, ({ segments, rest, ids, seed }) => {
        const width = rest.reduce((product, size) => product * size, 1);
        const x = draw(Rng.seeded(seed), [1, ids.length, width]).values;
        const expected = new Float64Array(segments * width);
        ids.forEach((id, row) => {
          if (id < 0 || id >= segments) return;
          for (let column = 0; column < width; column++) {
            expected[id * width + column] =
              (expected[id * width + column] as number) + (x[row * width + column] as number);
          }
        });
        const found = tf.tidy(() => {
          const values = tf.tensor(Float32Array.from(x), [ids.length, ...rest]);
          const sums = tf.unsortedSegmentSum(values, tf.tensor1d(ids, 'int32'), segments);
          expect(sums.shape).toEqual([segments, ...rest]);
          return sums.dataSync();
        });
        expectClose(found, expected, ids.length);
      }),
      { numRuns: 300 },
    );
  });

  it('is the gradient of gather: each row of a table receives the sum over its uses', () => {
    const ids = [4, 0, 4, 4, 2];
    const gradient = tf.tidy(() => {
      const upstream = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [5, 2]);
      const pick = tf.grad((table: tf.Tensor) => tf.gather(table, tf.tensor1d(ids, 'int32')));
      return pick(tf.zeros([5, 2]), upstream).dataSync();
    });
    expect([...gradient]).toEqual([3, 4, 0, 0, 9, 10, 0, 0, 1 + 5 + 7, 2 + 6 + 8]);
  });
});

it('one-hot floats, whose bits the stock kernel writes as integers, are refused', async () => {
  const ids = tf.tensor1d([2, 0], 'int32');
  expect(() => tf.oneHot(ids, 3, 1, 0, 'float32')).toThrow('oneHot');
  expect([...(await tf.cast(tf.oneHot(ids, 3), 'float32').data())]).toEqual([0, 0, 1, 1, 0, 0]);
});

describe('rows of a table', () => {
  it('are copied for tables of any width and ids of any shape', async () => {
    const rng = Rng.seeded(3);
    for (const [rows, ...width] of [[7, 5], [1, 1], [9, 2, 3], [4]] as const) {
      const columns = tf.util.sizeFromShape([...width]);
      const table = Float32Array.from({ length: rows * columns }, () => rng.normal());
      for (const ids of [[0], [rows - 1, 0, rows - 1]]) {
        const gathered = tf.tidy(() => tf.gather(tf.tensor(table, [rows, ...width]), tf.tensor2d([ids], [1, ids.length], 'int32'))); // prettier-ignore
        expect(gathered.shape).toEqual([1, ids.length, ...width]);
        const expected = ids.flatMap((id) => [...table.subarray(id * columns, (id + 1) * columns)]);
        expect([...(await gathered.data())]).toEqual(expected);
        gathered.dispose();
      }
    }
  });

  it('are refused for ids that the table does not have', () => {
    expect(() => tf.gather(tf.zeros([3, 2]), tf.tensor1d([3], 'int32'))).toThrow('gather of row 3 from a table of 3');
    expect(() => tf.gather(tf.zeros([3, 2]), tf.tensor1d([-1], 'int32'))).toThrow('gather of row -1 from a table of 3');
  });
});
