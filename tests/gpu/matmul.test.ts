// Proves that matrix products on the GPU equal those in float64: every kind, variant, batch and output mode, at any lengths.
import { describe, expect, it } from 'vitest';
import { STATE } from '../../src/engine/gpu/stepState.ts';
import { recordMatmul } from '../../src/engine/kernels/matmul/matmul.ts';
import type { MatmulShape } from '../../src/engine/kernels/matmul/matmulShape.ts';
import {
  hardwareTuning,
  MATMUL_VARIANTS,
  softwareTuning,
  type MatmulTuning,
} from '../../src/engine/kernels/matmul/matmulTuning.ts';
import { variantName, type MatmulVariant } from '../../src/engine/kernels/matmul/matmulVariant.ts';
import { Rng } from '../../src/util/random.ts';
import { runRecording } from './support/runRecording.ts';

type Floats = Float32Array<ArrayBuffer>;

const rng = Rng.seeded(7);
const random = (length: number): Floats => Float32Array.from({ length }, () => rng.uniform() * 2 - 1);

const NO_STRIDES = { a: 0, b: 0, out: 0 };

interface Case {
  readonly shape: MatmulShape;
  readonly a: Floats;
  readonly b: Floats;
  readonly before: Floats;
}

function makeCase(shape: MatmulShape): Case {
  const { rows, columns, inner, batch = 1, strides = NO_STRIDES, sum = false } = shape;
  const length = (size: number, stride: number, count: number): number => size + stride * (count - 1);
  return {
    shape,
    a: random(length(rows * inner, strides.a, batch)),
    b: random(length(columns * inner, strides.b, batch)),
    before: random(length(rows * columns, strides.out, sum ? 1 : batch)),
  };
}

/** The expected output, in float64, element by element. */
function expected({ shape, a, b, before }: Case, accumulate: boolean): Float64Array {
  const { kind, rows, columns, inner, batch = 1, strides = NO_STRIDES, sum = false, into } = shape;
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

/** Checks all cases in one recording; anything outside a product must stay unchanged. */
async function check(tuning: MatmulTuning, shapes: readonly MatmulShape[], accumulate = false): Promise<void> {
  const cases = shapes.map(makeCase);
  const state = new Uint32Array(8);
  state[STATE.accumulate] = accumulate ? 1 : 0;
  const inputs: Record<string, Floats | Uint32Array<ArrayBuffer>> = { state };
  const outputs: Record<string, number> = {};
  for (const [at, { a, b, before }] of cases.entries()) {
    Object.assign(inputs, { [`a${at}`]: a, [`b${at}`]: b, [`out${at}`]: before });
    outputs[`out${at}`] = before.length;
  }
  const found = await runRecording(inputs, outputs, (recorder, regions) => {
    for (const [at, { shape }] of cases.entries()) {
      const [a, b, out, state] = [`a${at}`, `b${at}`, `out${at}`, 'state'].map((name) => regions[name]);
      if (a && b && out && state) recordMatmul(recorder, tuning, shape, { a, b, out, state });
    }
  });
  for (const [at, one] of cases.entries()) {
    const truth = expected(one, accumulate);
    const values = found[`out${at}`] as Floats;
    const worst = values.reduce((most, value, index) => Math.max(most, Math.abs(value - (truth[index] as number))), 0);
    const tolerance = 3e-6 * Math.sqrt(one.shape.inner * (one.shape.batch ?? 1)) + 1e-6;
    expect(worst, JSON.stringify(one.shape)).toBeLessThan(tolerance);
  }
}

const KINDS = ['nn', 'nt', 'tn'] as const;
const into = 'write';

/** [rows, columns, inner]; multiples of 4 take the vec4 kernels (rows as well for `tn`, the inner length else). */
const LENGTHS = [
  [128, 64, 20],
  [4, 4, 4],
  [1, 8, 12],
  [68, 132, 20],
  [33, 20, 40],
] as const;

const LONG = [12, 68, 1024] as const;

/** The minimum work on an adapter that computes on the CPU. */
const TILED: MatmulVariant = {
  family: 'tiled',
  rows: 4,
  columns: 4,
  across: 4,
  down: 4,
  depth: 8,
  splits: 1,
  f16: false,
};

const WORDS: MatmulVariant = { family: 'direct', rows: 4, columns: 8, across: 2, down: 4, splits: 1 };

const ODD_LENGTHS = [
  [1, 1, 1],
  [1, 1, 300],
  [9, 4, 1],
  [70, 5, 32],
  [5, 33, 70],
  [66, 65, 9],
  [3, 130, 6],
] as const;

describe.each(KINDS)('%s', (kind) => {
  it.each(MATMUL_VARIANTS.map((variant) => ({ name: variantName(variant), variant })))(
    'is right by $name',
    async ({ variant }) => {
      const shapes = LENGTHS.map(([rows, columns, inner]) => ({ kind, rows, columns, inner, into }) as const);
      const batched = { kind, rows: 36, columns: 20, inner: 24, batch: 2, into } as const;
      await check({ variantFor: () => variant }, [
        ...shapes,
        { ...batched, strides: { a: 864, b: 480, out: 720 } },
        { ...batched, strides: { a: 868, b: 0, out: 0 }, sum: true },
      ]);
    },
  );

  it.each([
    { name: 'untuned hardware', tuning: hardwareTuning() },
    { name: 'software adapters', tuning: softwareTuning() },
  ])('is right for $name at any length', async ({ tuning }) => {
    const shapes = [...LENGTHS, LONG, ...ODD_LENGTHS].map(
      ([rows, columns, inner]) => ({ kind, rows, columns, inner, into }) as const,
    );
    await check(tuning, shapes);
  });

  it('is right by the large blocks of software adapters', async () => {
    const large = { kind, rows: 132, columns: 124, inner: 260, into } as const;
    expect(softwareTuning().variantFor(large)).toMatchObject({ rows: 16, columns: 16 });
    await check(softwareTuning(), [large]);
  });

  it('is right without checks where the tiles fit', async () => {
    const fitting = MATMUL_VARIANTS.filter((variant) => variant.family === 'tiled' && variant.across === 8);
    for (const variant of fitting) {
      await check({ variantFor: () => variant }, [{ kind, rows: 64, columns: 128, inner: 48, into }]);
    }
  });

  it('splits a long inner length, whatever becomes of the output', async () => {
    const ways: MatmulShape[] = (['write', 'add', 'gradient'] as const).flatMap((into) => [
      { kind, rows: 8, columns: 12, inner: 1000, into },
      { kind, rows: 7, columns: 5, inner: 601, into },
      { kind, rows: 8, columns: 4, inner: 520, into, batch: 3, strides: { a: 4160, b: 2080, out: 40 } },
      { kind, rows: 8, columns: 4, inner: 520, into, batch: 3, strides: { a: 4160, b: 2080, out: 0 }, sum: true },
    ]);
    const tuning: MatmulTuning = { variantFor: (shape) => ({ ...(shape.batch === 3 ? TILED : WORDS), splits: 3 }) };
    await check(tuning, ways, true);
    await check(tuning, ways, false);
  });

  it('writes, adds, or does either as the state says', async () => {
    const ways: MatmulShape[] = (['write', 'add', 'gradient'] as const).flatMap((into) => [
      { kind, rows: 7, columns: 5, inner: 9, into },
      { kind, rows: 12, columns: 20, inner: 8, into },
    ]);
    const tuning: MatmulTuning = {
      variantFor: (shape) => (shape.inner === 8 ? TILED : softwareTuning().variantFor(shape)),
    };
    await check(tuning, [...ways, { kind, rows: 16, columns: 8, inner: 12, into: 'gradient' }], true);
    await check(tuning, ways, false);
  });

  it('multiplies a batch by strides, a stride of 0 being the same matrix each time', async () => {
    const sizes = { kind, rows: 12, columns: 8, inner: 16, batch: 3, into } as const;
    const shapes: MatmulShape[] = [
      { ...sizes, strides: { a: 0, b: 128, out: 96 } },
      { ...sizes, strides: { a: 192, b: 0, out: 100 }, into: 'add' },
      { ...sizes, strides: { a: 193, b: 129, out: 97 } },
      { ...sizes, columns: 5, strides: { a: 192, b: 80, out: 64 } },
    ];
    await check(softwareTuning(), shapes);
  });

  it('sums a batch into one output', async () => {
    const sizes = { kind, rows: 12, columns: 8, inner: 16, batch: 3, sum: true, into } as const;
    const shapes: MatmulShape[] = [
      { ...sizes, strides: { a: 192, b: 128, out: 7 } },
      { ...sizes, strides: { a: 200, b: 0, out: 0 }, into: 'gradient' },
      { ...sizes, rows: 5, strides: { a: 81, b: 129, out: 0 }, into: 'add' },
    ];
    await check(softwareTuning(), shapes, true);
  });
});

it('gives the same bits every time', async () => {
  const inputs = {
    a: random(40 * 600),
    b: random(24 * 600),
    first: new Float32Array(960),
    second: new Float32Array(960),
  };
  const shape = { kind: 'nt', rows: 40, columns: 24, inner: 600, into } as const;
  const { first, second } = await runRecording(
    inputs,
    { first: 960, second: 960 },
    (recorder, { a, b, first, second }) => {
      recordMatmul(recorder, hardwareTuning(), shape, { a, b, out: first });
      recordMatmul(recorder, hardwareTuning(), shape, { a, b, out: second });
    },
  );
  expect(first.some((value) => value !== 0)).toBe(true);
  expect(second).toEqual(first);
});

it('asks for strides of a batch', async () => {
  const shape = { kind: 'nn', rows: 4, columns: 4, inner: 4, batch: 2, into } as const;
  const run = runRecording({ a: random(32), b: random(32) }, { out: 32 }, (recorder, regions) =>
    recordMatmul(recorder, softwareTuning(), shape, regions),
  );
  await expect(run).rejects.toThrow('needs strides');
});
