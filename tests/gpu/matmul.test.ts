// Proves that matrix products on the GPU equal those in float64: every kind, variant, batch and output mode, at any lengths.
import { describe, expect, it } from 'vitest';
import { recordMatmul } from '../../src/engine/kernels/matmul/matmul.ts';
import {
  hardwareTuning,
  MATMUL_VARIANTS,
  softwareTuning,
  variantName,
  type MatmulShape,
  type MatmulTuning,
  type MatmulVariant,
} from '../../src/engine/kernels/matmul/matmulTuning.ts';
import { checkProducts, randomWords } from './support/drawnProducts.ts';
import { runRecording } from './support/runRecording.ts';

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
      await checkProducts({ variantFor: () => variant }, [
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
    await checkProducts(tuning, shapes);
  });

  it('is right by the large blocks of software adapters', async () => {
    const large = { kind, rows: 132, columns: 124, inner: 260, into } as const;
    expect(softwareTuning().variantFor(large)).toMatchObject({ rows: 16, columns: 16 });
    await checkProducts(softwareTuning(), [large]);
  });

  it('is right without checks where the tiles fit', async () => {
    const fitting = MATMUL_VARIANTS.filter((variant) => variant.family === 'tiled' && variant.across === 8);
    for (const variant of fitting) {
      await checkProducts({ variantFor: () => variant }, [{ kind, rows: 64, columns: 128, inner: 48, into }]);
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
    await checkProducts(tuning, ways, { accumulate: true });
    await checkProducts(tuning, ways);
  });

  it('writes, adds, or does either as the state says', async () => {
    const ways: MatmulShape[] = (['write', 'add', 'gradient'] as const).flatMap((into) => [
      { kind, rows: 7, columns: 5, inner: 9, into },
      { kind, rows: 12, columns: 20, inner: 8, into },
    ]);
    const tuning: MatmulTuning = {
      variantFor: (shape) => (shape.inner === 8 ? TILED : softwareTuning().variantFor(shape)),
    };
    await checkProducts(tuning, [...ways, { kind, rows: 16, columns: 8, inner: 12, into: 'gradient' }], {
      accumulate: true,
    });
    await checkProducts(tuning, ways);
  });

  it('multiplies a batch by strides, a stride of 0 being the same matrix each time', async () => {
    const sizes = { kind, rows: 12, columns: 8, inner: 16, batch: 3, into } as const;
    const shapes: MatmulShape[] = [
      { ...sizes, strides: { a: 0, b: 128, out: 96 } },
      { ...sizes, strides: { a: 192, b: 0, out: 100 }, into: 'add' },
      { ...sizes, strides: { a: 193, b: 129, out: 97 } },
      { ...sizes, columns: 5, strides: { a: 192, b: 80, out: 64 } },
    ];
    await checkProducts(softwareTuning(), shapes);
  });

  it('sums a batch into one output', async () => {
    const sizes = { kind, rows: 12, columns: 8, inner: 16, batch: 3, sum: true, into } as const;
    const shapes: MatmulShape[] = [
      { ...sizes, strides: { a: 192, b: 128, out: 7 } },
      { ...sizes, strides: { a: 200, b: 0, out: 0 }, into: 'gradient' },
      { ...sizes, rows: 5, strides: { a: 81, b: 129, out: 0 }, into: 'add' },
    ];
    await checkProducts(softwareTuning(), shapes, { accumulate: true });
  });
});

it('gives the same bits every time', async () => {
  const inputs = {
    a: randomWords(40 * 600),
    b: randomWords(24 * 600),
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
  const run = runRecording({ a: randomWords(32), b: randomWords(32) }, { out: 32 }, (recorder, regions) =>
    recordMatmul(recorder, softwareTuning(), shape, regions),
  );
  await expect(run).rejects.toThrow('needs strides');
});
