// Proves that matrix products in f16 equal those in float64 within its rounding: tiles in f16, and matrix units with sums in f32.
import { describe, expect, it } from 'vitest';
import {
  hardwareTuning,
  isUsableVariant,
  MATMUL_VARIANTS,
  matrixVariant,
  variantName,
  type MatmulShape,
  type MatmulVariant,
  type TiledVariant,
} from '../../src/engine/kernels/matmul/matmulTuning.ts';
import { checkProducts } from '../gpu/support/drawnProducts.ts';
import { hasF16, matrixUnit } from './halfDevice.ts';

/** Both factors, at most 1 in magnitude, are rounded to 11 bits; the sum is not. */
const ROUNDING = 1e-3;

const shapesOf = (kind: MatmulShape['kind']): readonly MatmulShape[] => {
  const into = 'write';
  const batched = { kind, rows: 36, columns: 20, inner: 24, batch: 2, into } as const;
  const lengths = [
    [128, 64, 32],
    [4, 4, 4],
    [1, 8, 12],
    [68, 132, 20],
    [33, 20, 40],
    [96, 72, 100],
  ] as const;
  return [
    ...lengths.map(([rows, columns, inner]) => ({ kind, rows, columns, inner, into }) as const),
    { ...batched, strides: { a: 864, b: 480, out: 720 } },
    { ...batched, strides: { a: 868, b: 0, out: 0 }, sum: true },
    { ...batched, strides: { a: 0, b: 480, out: 720 }, into: 'add' },
    { ...batched, strides: { a: 0, b: 480, out: 720 }, into: 'gradient' },
  ];
};

const tiles = MATMUL_VARIANTS.filter((variant): variant is TiledVariant => variant.family === 'tiled');
const units: readonly MatmulVariant[] = matrixUnit === null ? [] : [matrixVariant(matrixUnit)];
/** Every tile for one kind; two for the others, whose tiles differ only in how they are loaded: each takes seconds to compile. */
const variantsFor = (kind: MatmulShape['kind']): readonly MatmulVariant[] => {
  const own = tiles.filter(({ across }) => kind === 'nn' || across === 8);
  return [...own.map((variant) => ({ ...variant, f16: true })), ...units];
};

describe.skipIf(!hasF16).each(['nn', 'nt', 'tn'] as const)('%s', (kind) => {
  it.each(variantsFor(kind).map((variant) => ({ name: variantName(variant), variant })))(
    'is right by $name',
    async ({ variant }) => {
      expect(isUsableVariant(variant)).toBe(true);
      const tuning = { variantFor: () => variant };
      await checkProducts(tuning, shapesOf(kind), { rounding: ROUNDING });
      const split = { variantFor: () => ({ ...variant, splits: 3 }) };
      const long = { kind, rows: 36, columns: 40, inner: 200, into: 'gradient' } as const;
      await checkProducts(split, [long], { rounding: ROUNDING, accumulate: true });
    },
  );

  it('is right for mixed precision untuned', async () => {
    const tuning = hardwareTuning('mixed', matrixUnit);
    const big = { kind, rows: 132, columns: 260, inner: 516, into: 'write' } as const;
    if (matrixUnit !== null) expect(tuning.variantFor(big)).toMatchObject({ family: 'matrix' });
    await checkProducts(tuning, [big, ...shapesOf(kind)], { rounding: ROUNDING, accumulate: true });
  });
});
