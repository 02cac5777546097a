// The start-up self-test: computes the ops the network needs on the backend and again in plain JavaScript.
import * as tf from '@tensorflow/tfjs';
import { Rng } from '../../util/random.ts';
import type { SelfTestCheck } from '../../wire/trainingEvent.ts';

interface Check {
  readonly name: string;
  readonly tolerance: number;
  run(rng: Rng): { readonly got: tf.Tensor; readonly expected: ArrayLike<number> };
}

/** Runs every check on the current backend. A check that throws counts as failed with an infinite error. */
export async function selfTest(): Promise<readonly SelfTestCheck[]> {
  const results: SelfTestCheck[] = [];
  for (const check of CHECKS) {
    let maxError = Infinity;
    try {
      let expected: ArrayLike<number> = [];
      const got = tf.tidy(() => {
        const outcome = check.run(Rng.seeded(1).fork(check.name));
        expected = outcome.expected;
        return outcome.got;
      });
      maxError = largestDifference(await got.data(), expected);
      got.dispose();
    } catch {
      // An infinite error reports that the op does not run on this backend.
    }
    results.push({ name: check.name, maxError, tolerance: check.tolerance, passed: maxError <= check.tolerance });
  }
  return results;
}

function largestDifference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Infinity;
  let largest = 0;
  for (let index = 0; index < got.length; index++) {
    const difference = Math.abs((got[index] as number) - (expected[index] as number));
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}

function draw(rng: Rng, size: number): Float32Array {
  return Float32Array.from({ length: size }, () => rng.normal());
}

function product(
  a: Float32Array,
  b: Float32Array,
  [m, k, n]: readonly [number, number, number],
  transposeB: boolean,
): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += (a[i * k + l] as number) * (b[transposeB ? j * k + l : l * n + j] as number);
      out[i * n + j] = sum;
    }
  }
  return out;
}

const matmulCheck = (name: string, shape: readonly [number, number, number], transposeB: boolean): Check => ({
  name,
  tolerance: 1e-4 * Math.sqrt(shape[1]),
  run(rng) {
    const [m, k, n] = shape;
    const a = draw(rng, m * k);
    const b = draw(rng, k * n);
    const right = tf.tensor2d(b, transposeB ? [n, k] : [k, n]);
    return {
      got: tf.matMul(tf.tensor2d(a, [m, k]), right, false, transposeB),
      expected: product(a, b, shape, transposeB),
    };
  },
});

const CHECKS: readonly Check[] = [
  matmulCheck('matrix product', [37, 65, 29], false),
  matmulCheck('matrix product with a transposed operand', [33, 40, 41], true),
  // The shape for which tfjs' split-K program reads the right operand wrongly (ENGINE guard).
  matmulCheck('long matrix product with a transposed operand', [32, 2048, 32], true),
  {
    name: 'softmax under a mask',
    tolerance: 1e-5,
    run(rng) {
      const [rows, columns] = [70, 33];
      const logits = draw(rng, rows * columns).map((value, index) => (index % 7 === 3 ? -1e30 : value));
      const expected = new Float64Array(rows * columns);
      for (let row = 0; row < rows; row++) {
        const exps = Array.from(logits.subarray(row * columns, (row + 1) * columns), Math.exp);
        const sum = exps.reduce((total, value) => total + value, 0);
        exps.forEach((value, column) => (expected[row * columns + column] = value / sum));
      }
      return { got: tf.softmax(tf.tensor2d(logits, [rows, columns])), expected };
    },
  },
  {
    name: 'layer normalisation',
    tolerance: 1e-4,
    run(rng) {
      const [rows, columns] = [19, 128];
      const x = draw(rng, rows * columns).map((value) => value * 3 + 5);
      const expected = new Float64Array(rows * columns);
      for (let row = 0; row < rows; row++) {
        const values = x.subarray(row * columns, (row + 1) * columns);
        const mean = values.reduce((total, value) => total + value, 0) / columns;
        const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / columns;
        values.forEach(
          (value, column) => (expected[row * columns + column] = (value - mean) / Math.sqrt(variance + 1e-12)),
        );
      }
      const tensor = tf.tensor2d(x, [rows, columns]);
      const centred = tf.sub(tensor, tf.mean(tensor, 1, true));
      return { got: tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), 1e-12))), expected };
    },
  },
  {
    name: 'gradient of an embedding with repeated ids',
    tolerance: 1e-4,
    run(rng) {
      const [rows, columns, picks] = [50, 16, 300];
      const ids = Int32Array.from({ length: picks }, (_, index) => (index * 7) % 11);
      const upstream = draw(rng, picks * columns);
      const expected = new Float64Array(rows * columns);
      upstream.forEach((value, index) => {
        const at = (ids[Math.floor(index / columns)] as number) * columns + (index % columns);
        expected[at] = (expected[at] as number) + value;
      });
      const gradient = tf.grad((table: tf.Tensor) => tf.gather(table, tf.tensor1d(ids, 'int32')));
      return { got: gradient(tf.zeros([rows, columns]), tf.tensor2d(upstream, [picks, columns])), expected };
    },
  },
  {
    name: 'sigmoid and its gradient',
    tolerance: 1e-5,
    run(rng) {
      const x = draw(rng, 300).map((value) => 4 * value);
      const gate = (value: number): number => 1 / (1 + Math.exp(-value));
      const slopes = Array.from(x, (value) => gate(value) * gate(-value));
      const sigmoid = tf.valueAndGrad((values: tf.Tensor) => tf.sigmoid(values));
      const { value, grad } = sigmoid(tf.tensor1d(x), tf.ones([x.length]));
      return { got: tf.concat([value, grad]), expected: [...Array.from(x, gate), ...slopes] };
    },
  },
  {
    name: 'error function',
    tolerance: 1e-5,
    run() {
      const known = [0, 0.1, 0.5, 1, 1.5, 2, 3, -0.5, -2];
      const values = [0, 0.1124629160182849, 0.5204998778130465, 0.8427007929497149, 0.9661051464753108, 0.9953222650189527, 0.9999779095030014, -0.5204998778130465, -0.9953222650189527]; // prettier-ignore
      return { got: tf.erf(tf.tensor1d(known)), expected: values };
    },
  },
  {
    name: 'log-sum-exp of large numbers',
    tolerance: 1e-4,
    run() {
      const x = [90, 91, 92, -90, -91, -92];
      const expected = [
        92 + Math.log(1 + Math.exp(-1) + Math.exp(-2)),
        -90 + Math.log(1 + Math.exp(-1) + Math.exp(-2)),
      ];
      return { got: tf.logSumExp(tf.tensor2d(x, [2, 3]), 1), expected };
    },
  },
];
