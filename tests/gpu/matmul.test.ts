// Proves that matrix products on the GPU equal those in float64, for every kind, batch and way of writing.
import { describe, expect, it } from 'vitest';
import type { MatmulShape } from '../../src/engine/kernels/matmul.ts';
import { recordMatmul } from '../../src/engine/kernels/matmul.ts';
import { softwareTuning } from '../../src/engine/kernels/matmulTuning.ts';
import { STATE } from '../../src/engine/stepState.ts';
import { Rng } from '../../src/util/rng.ts';
import { runRecording } from './support/runRecording.ts';

const rng = Rng.seeded(7);
const random = (length: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, () => rng.uniform() * 2 - 1);

interface Case {
  readonly shape: MatmulShape;
  readonly a: Float32Array<ArrayBuffer>;
  readonly b: Float32Array<ArrayBuffer>;
  readonly before: Float32Array<ArrayBuffer>;
}

function makeCase(shape: MatmulShape): Case {
  const { rows, columns, inner, batch = 1, strides = { a: 0, b: 0, out: 0 }, sum = false } = shape;
  const length = (size: number, stride: number, count: number): number => size + stride * (count - 1);
  return {
    shape,
    a: random(length(rows * inner, strides.a, batch)),
    b: random(length(columns * inner, strides.b, batch)),
    before: random(length(rows * columns, strides.out, sum ? 1 : batch)),
  };
}

/** What the output has to be, in float64, element by element. */
function expected({ shape, a, b, before }: Case, accumulate: boolean): Float64Array {
  const { kind, rows, columns, inner, batch = 1, strides = { a: 0, b: 0, out: 0 }, sum = false, into } = shape;
  const out = Float64Array.from(before);
  const adds = into === 'add' || (into === 'gradient' && accumulate);
  for (let pair = 0; pair < batch; pair++) {
    for (let m = 0; m < rows; m++) {
      for (let n = 0; n < columns; n++) {
        let total = 0;
        for (let l = 0; l < inner; l++) {
          const x = a[pair * strides.a + (kind === 'tn' ? l * rows + m : m * inner + l)] as number;
          const y = b[pair * strides.b + (kind === 'nt' ? n * inner + l : l * columns + n)] as number;
          total += x * y;
        }
        const at = (sum ? 0 : pair * strides.out) + m * columns + n;
        out[at] = total + (adds || (sum && pair > 0) ? (out[at] as number) : 0);
      }
    }
  }
  return out;
}

async function found(one: Case, accumulate: boolean): Promise<Float32Array> {
  const { shape, a, b, before } = one;
  const state = new Uint32Array(8);
  state[STATE.accumulate] = accumulate ? 1 : 0;
  const { out } = await runRecording({ a, b, out: before, state }, { out: before.length }, (recorder, regions) => {
    recordMatmul(recorder, softwareTuning(), shape, regions);
  });
  return out;
}

async function compare(one: Case, accumulate = false): Promise<void> {
  const truth = expected(one, accumulate);
  const values = await found(one, accumulate);
  const tolerance = 2e-6 * Math.sqrt(one.shape.inner * (one.shape.batch ?? 1)) + 1e-6;
  let worst = 0;
  for (const [at, value] of values.entries()) worst = Math.max(worst, Math.abs(value - (truth[at] as number)));
  expect(worst).toBeLessThan(tolerance);
}

const lengths = [
  [64, 64, 64],
  [1, 1, 1],
  [1, 8, 12],
  [9, 4, 1],
  [33, 20, 40],
  [70, 5, 32],
  [5, 32, 70],
  [66, 65, 9],
  [12, 68, 1024],
] as const;

describe.each(['nn', 'nt', 'tn'] as const)('%s', (kind) => {
  it.each(lengths)('[%d, %d] over %d', async (rows, columns, inner) => {
    await compare(makeCase({ kind, rows, columns, inner, into: 'write' }));
  });

  it('adds', () => compare(makeCase({ kind, rows: 12, columns: 20, inner: 8, into: 'add' })));

  it('writes or adds gradients as the state says', async () => {
    const words = makeCase({ kind, rows: 7, columns: 5, inner: 9, into: 'gradient' });
    const vectors = makeCase({ kind, rows: 12, columns: 20, inner: 8, into: 'gradient' });
    for (const one of [words, vectors]) {
      await compare(one, false);
      await compare(one, true);
    }
  });

  it('multiplies a batch by strides, a stride of 0 being the same matrix each time', async () => {
    const sizes = { kind, rows: 12, columns: 8, inner: 16, batch: 3, into: 'write' } as const;
    await compare(makeCase({ ...sizes, strides: { a: 0, b: 128, out: 96 } }));
    await compare(makeCase({ ...sizes, strides: { a: 192, b: 0, out: 100 }, into: 'add' }));
    await compare(makeCase({ ...sizes, strides: { a: 193, b: 129, out: 97 } }));
  });

  it('sums a batch into one output', async () => {
    const sizes = { kind, rows: 12, columns: 8, inner: 16, batch: 3, sum: true } as const;
    await compare(makeCase({ ...sizes, strides: { a: 192, b: 128, out: 0 }, into: 'write' }));
    await compare(makeCase({ ...sizes, strides: { a: 200, b: 0, out: 7 }, into: 'gradient' }), true);
    await compare(makeCase({ ...sizes, rows: 5, strides: { a: 81, b: 129, out: 0 }, into: 'add' }));
  });
});
