// Proves that the variants selected fit their products, that f16 is used only on request, and that tables are stored and refused correctly.
import { describe, expect, it } from 'vitest';
import { Recorder } from '../../../../src/engine/gpu/recorder.ts';
import { matmulKernel, recordMatmul } from '../../../../src/engine/kernels/matmul/matmul.ts';
import {
  hardwareTuning,
  isUsableVariant,
  MATMUL_VARIANTS,
  matmulCandidates,
  matmulClass,
  matrixVariant,
  softwareTuning,
  tableTuning,
  tileOf,
  variantName,
  type MatmulShape,
  type TiledVariant,
} from '../../../../src/engine/kernels/matmul/matmulTuning.ts';
import { isSameProduct } from '../../../../src/engine/tuning/autotune.ts';
import { matmulTableSchema, type MatmulTable } from '../../../../src/schema/machineSettings.ts';

const product = (kind: MatmulShape['kind'], rows: number, columns: number, inner: number): MatmulShape => ({
  kind,
  rows,
  columns,
  inner,
  into: 'write',
});

const tiled: TiledVariant = {
  family: 'tiled',
  rows: 4,
  columns: 4,
  across: 8,
  down: 8,
  depth: 16,
  splits: 1,
  f16: false,
};

describe('untuned hardware', () => {
  it('takes large tiles for large outputs, small ones for small, and splits where these are few too', () => {
    const tuning = hardwareTuning();
    expect(tileOf(tuning.variantFor(product('nn', 1024, 3072, 768)))).toEqual({ rows: 64, columns: 64 });
    expect(tileOf(tuning.variantFor(product('nn', 128, 768, 768)))).toEqual({ rows: 32, columns: 32 });
    expect(tuning.variantFor(product('nn', 1024, 3072, 768)).splits).toBe(1);
    expect(tuning.variantFor(product('tn', 128, 128, 4096)).splits).toBe(4);
  });

  it('reads word by word what is no multiple of 4', () => {
    for (const shape of [product('nn', 512, 5, 768), product('tn', 65, 64, 512), product('nt', 8, 8, 9)]) {
      expect(hardwareTuning().variantFor(shape).family).toBe('direct');
    }
  });

  it('keeps tiles in f16 only when asked for mixed precision', () => {
    const shape = product('nn', 1024, 768, 768);
    expect(hardwareTuning('mixed').variantFor(shape)).toMatchObject({ family: 'tiled', f16: true });
    expect(hardwareTuning().variantFor(shape)).toMatchObject({ family: 'tiled', f16: false });
  });
});

describe('matrix units', () => {
  const units = [
    { rows: 16, columns: 16, inner: 16, lanes: 32 },
    { rows: 8, columns: 16, inner: 16, lanes: 16 },
    { rows: 8, columns: 8, inner: 8, lanes: 32 },
    { rows: 8, columns: 8, inner: 8, lanes: 8 },
  ];
  const shape = product('nn', 1024, 768, 768);

  it.each(units)('of $rows x $columns x $inner on $lanes lanes have a variant that fits every adapter', (unit) => {
    const variant = matrixVariant(unit);
    expect(isUsableVariant(variant)).toBe(true);
    const side = unit.lanes < 16 ? 32 : 64;
    expect(tileOf(variant)).toEqual({ rows: side, columns: side });
    expect(hardwareTuning('mixed', unit).variantFor(shape)).toMatchObject({ family: 'matrix', unit });
    expect(hardwareTuning('f32', unit).variantFor(shape).family).toBe('tiled');
    expect(hardwareTuning('mixed', unit).variantFor(product('nn', 512, 5, 768)).family).toBe('direct');
  });

  it('in a table are used in mixed precision, on an adapter with the same unit alone', () => {
    const [unit, other] = units as [(typeof units)[0], (typeof units)[0]];
    const entry = { key: matmulClass(shape)?.key ?? '', variant: matrixVariant(unit), gflops: null };
    const table = matmulTableSchema.parse({ version: 1, adapter: 'one', entries: [entry] });
    const familyWith = (precision: 'f32' | 'mixed', own: typeof unit | null): string =>
      tableTuning(table, softwareTuning(), precision, own).variantFor(shape).family;
    expect(familyWith('mixed', unit)).toBe('matrix');
    expect(familyWith('f32', unit)).toBe('direct');
    expect(familyWith('mixed', other)).toBe('direct');
    expect(familyWith('mixed', null)).toBe('direct');
  });
});

it('has only variants that run on every adapter, with names of their own', () => {
  const shapes = [product('nn', 4096, 768, 768), product('tn', 128, 128, 4096), product('nt', 4, 4, 4)];
  const variants = shapes.flatMap((shape) => matmulCandidates(shape, 'mixed'));
  expect(variants.filter((variant) => !isUsableVariant(variant))).toEqual([]);
  const names = new Map(variants.map((variant) => [variantName(variant), JSON.stringify(variant)]));
  expect(names.size).toBe(new Set(names.values()).size);
});

it('tries tiles that fit the product, and f16 only in mixed precision', () => {
  expect(matmulCandidates(product('nn', 4096, 768, 768), 'f32')).toEqual(MATMUL_VARIANTS);
  for (const variant of matmulCandidates(product('nn', 40, 40, 64), 'f32')) {
    expect(Math.max(tileOf(variant).rows, tileOf(variant).columns)).toBeLessThan(80);
  }
  const splits = matmulCandidates(product('tn', 128, 128, 4096), 'f32').map((variant) => variant.splits);
  expect(Math.max(...splits)).toBeGreaterThan(1);
  const isHalf = (precision: 'f32' | 'mixed'): boolean =>
    matmulCandidates(product('nn', 512, 512, 512), precision).some(
      (variant) => variant.family === 'tiled' && variant.f16,
    );
  expect([isHalf('f32'), isHalf('mixed')]).toEqual([false, true]);
});

it('refuses variants that need more than every adapter has', () => {
  expect(isUsableVariant(tiled)).toBe(true);
  expect(isUsableVariant({ ...tiled, rows: 6 })).toBe(false);
  expect(isUsableVariant({ ...tiled, across: 33 })).toBe(false);
  expect(isUsableVariant({ ...tiled, depth: 64 })).toBe(true);
  expect(isUsableVariant({ ...tiled, rows: 8, columns: 8, depth: 64 })).toBe(false);
  expect(isUsableVariant({ ...tiled, rows: 8, columns: 8, depth: 64, f16: true })).toBe(true);
  expect(isUsableVariant({ ...tiled, splits: 0 })).toBe(false);
});

it('keeps f16 tiles in workgroup memory and adds in f32', () => {
  const traits = { kind: 'nt', into: 'write', vectors: true, fits: false } as const;
  const { code } = matmulKernel({ ...tiled, f16: true }, traits);
  expect(code).toMatch(/^\/\/ .*\nenable f16;\n/);
  expect(code).toMatch(/var<workgroup> tileA: array<vec4<f16>, \d+>/);
  expect(code).toContain('= vec4<f16>(clamp(vec4f(value0.x');
  expect(code).toMatch(/let x0 = vec4f\(tileA\[/);
  expect(code).toMatch(/var sum0_0 = vec4f\(\);/);
  expect(matmulKernel(tiled, traits).code).not.toContain('f16');
});

it('gives one kernel to equal variants, whatever the lengths and splits', () => {
  const traits = { kind: 'nn', into: 'add', vectors: true, fits: false } as const;
  expect(matmulKernel({ ...tiled, splits: 4 }, traits)).toBe(matmulKernel({ ...tiled }, traits));
  expect(matmulKernel(tiled, { ...traits, fits: true })).not.toBe(matmulKernel(tiled, traits));
});

describe('classes of products', () => {
  it('round the rows of the batch up to a power of two, whichever length that is', () => {
    expect(matmulClass(product('nn', 300, 768, 96))).toEqual({
      key: 'nn 512x768x96',
      shape: product('nn', 512, 768, 96),
    });
    expect(matmulClass(product('tn', 768, 96, 300))?.key).toBe('tn 768x96x512');
    expect(matmulClass(product('nt', 512, 768, 96))?.key).toBe('nt 512x768x96');
  });

  it('tell batches, sums and shared matrices apart, and have none for odd lengths', () => {
    const shape = { ...product('nn', 12, 8, 16), batch: 3 };
    const keys = [
      matmulClass({ ...shape, strides: { a: 0, b: 128, out: 96 } }),
      matmulClass({ ...shape, strides: { a: 192, b: 128, out: 96 } }),
      matmulClass({ ...shape, strides: { a: 192, b: 128, out: 0 }, sum: true }),
    ].map((one) => one?.key);
    expect(keys).toEqual(['nn 16x8x16, batch of 3, same A', 'nn 16x8x16, batch of 3', 'nn 16x8x16, sum of 3']);
    expect(matmulClass(product('nn', 12, 5, 16))).toBeNull();
  });
});

describe('a table', () => {
  const table: MatmulTable = {
    version: 1,
    adapter: 'an adapter',
    entries: [
      { key: 'nn 512x768x96', variant: { ...tiled, rows: 8 }, gflops: 12.5 },
      { key: 'nt 512x768x96', variant: { ...tiled, f16: true }, gflops: 25 },
      { key: 'tn 768x96x512', variant: { ...tiled, rows: 16, columns: 16, depth: 64 }, gflops: 99 },
    ],
  };

  it('survives JSON', () => {
    expect(matmulTableSchema.parse(JSON.parse(JSON.stringify(table)))).toEqual(table);
  });

  it.each([
    ['nothing', null],
    ['another version', { ...table, version: 2 }],
    ['no adapter', { version: 1, entries: [] }],
    ['an unknown family', { ...table, entries: [{ ...table.entries[0], variant: { ...tiled, family: 'magic' } }] }],
    ['a fraction of a row', { ...table, entries: [{ ...table.entries[0], variant: { ...tiled, rows: 4.5 } }] }],
    ['a block of any size', { ...table, entries: [{ ...table.entries[0], variant: { ...tiled, rows: 4096 } }] }],
    ['a word it does not know', { ...table, entries: [{ ...table.entries[0], code: 'fn main() {}' }] }],
    ['no speed', { ...table, entries: [{ ...table.entries[0], gflops: 0 }] }],
  ])('is refused with %s', (_name, garbage) => {
    expect(matmulTableSchema.safeParse(garbage).success).toBe(false);
  });

  it('answers for its classes, but not with what precision or adapters do not allow', () => {
    const untuned = softwareTuning();
    const f32 = tableTuning(table, untuned, 'f32');
    expect(f32.variantFor(product('nn', 400, 768, 96))).toEqual({ ...tiled, rows: 8 });
    for (const shape of [product('nt', 400, 768, 96), product('tn', 768, 96, 400), product('nn', 3, 5, 7)]) {
      expect(f32.variantFor(shape)).toEqual(untuned.variantFor(shape));
    }
    const mixed = tableTuning(table, untuned, 'mixed');
    expect(mixed.variantFor(product('nt', 400, 768, 96))).toMatchObject({ f16: true });
  });
});

it('takes a product for another only within rounding', () => {
  const shape = product('nn', 4, 4, 100);
  const truth = Float32Array.of(1, -2, 3);
  expect(isSameProduct(Float32Array.of(1.00001, -2, 3), truth, shape, 'f32')).toBe(true);
  expect(isSameProduct(Float32Array.of(1.01, -2, 3), truth, shape, 'f32')).toBe(false);
  expect(isSameProduct(Float32Array.of(1.01, -2, 3), truth, shape, 'mixed')).toBe(true);
  expect(isSameProduct(Float32Array.of(0, 0, 0), truth, shape, 'mixed')).toBe(false);
  expect(isSameProduct(Float32Array.of(NaN, -2, 3), truth, shape, 'mixed')).toBe(false);
});

it('throws where a batch has no strides', () => {
  const region = new Recorder().temporary('any', 64);
  const record = (): void =>
    recordMatmul(
      new Recorder(),
      hardwareTuning(),
      { ...product('nn', 4, 4, 4), batch: 2 },
      { a: region, b: region, out: region },
    );
  expect(record).toThrow('needs strides');
});
