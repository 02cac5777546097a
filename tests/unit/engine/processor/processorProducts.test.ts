// Proves the processor's matrix products against float64 for lengths that fill no tile, block or vector, on both kinds of multiply-add.
import v8 from 'node:v8';
import { describe, expect, it } from 'vitest';
import { Recorder, type Resident } from '../../../../src/engine/gpu/recorder.ts';
import { recordMatmul } from '../../../../src/engine/kernels/matmul/matmul.ts';
import { wholeTuning, type MatmulShape } from '../../../../src/engine/kernels/matmul/matmulTuning.ts';
import { ProcessorMachine } from '../../../../src/engine/processor/processorMachine.ts';
import { compileProcessorModule } from '../../../../src/engine/processor/processorModule.ts';
import { Rng } from '../../../../src/util/random.ts';

// Node 20 has the relaxed instructions behind a flag.
v8.setFlagsFromString('--experimental-wasm-relaxed-simd');

const kinds = ['nn', 'nt', 'tn'] as const;
const lengths: readonly (readonly [rows: number, columns: number, inner: number])[] = [
  [1, 1, 1],
  [7, 5, 3],
  [8, 8, 4],
  [9, 16, 257],
  [97, 12, 6],
  [105, 23, 300],
];
const shapes: readonly MatmulShape[] = kinds.flatMap((kind) =>
  lengths.map(([rows, columns, inner]) => ({ kind, rows, columns, inner, into: 'write' as const })),
);

const numbers = (rng: Rng, count: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, () => rng.normal());
const at = (values: ArrayLike<number>, index: number): number => values[index] as number;

/** out (+)= the product, or the sum of the batch's products. */
function expectedProduct(shape: MatmulShape, a: Float32Array, b: Float32Array, before: Float32Array): Float64Array {
  const { kind, rows, columns, inner, batch = 1, sum = false, into } = shape;
  const out = new Float64Array(before.length);
  if (into === 'add') out.set(before);
  for (let matrix = 0; matrix < batch; matrix++) {
    const [ownA, ownB] = [matrix * rows * inner, matrix * columns * inner];
    const place = sum ? 0 : matrix * rows * columns;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let total = 0;
        for (let k = 0; k < inner; k++) {
          const left = at(a, ownA + (kind === 'tn' ? k * rows + i : i * inner + k));
          total += left * at(b, ownB + (kind === 'nt' ? j * inner + k : k * columns + j));
        }
        out[place + i * columns + j] = at(out, place + i * columns + j) + total;
      }
    }
  }
  return out;
}

async function worstError(shape: MatmulShape, relaxed: boolean): Promise<number> {
  const { rows, columns, inner, batch = 1, sum = false } = shape;
  const machine = new ProcessorMachine(await compileProcessorModule({ relaxed, shared: false }));
  const rng = Rng.seeded(rows + columns + inner);
  const [a, b] = [numbers(rng, batch * rows * inner), numbers(rng, batch * columns * inner)];
  const before = numbers(rng, (sum ? 1 : batch) * rows * columns);
  const resident = (label: string, words: Float32Array<ArrayBuffer>) => {
    const buffer: Resident = { kind: 'resident', label, length: words.length };
    machine.write(buffer, words);
    return { buffer, offset: 0, length: words.length };
  };
  const regions = { a: resident('a', a), b: resident('b', b), out: resident('out', before) };
  // What a product must not touch.
  const guard = resident('guard', Float32Array.of(17));
  const recorder = new Recorder();
  recordMatmul(recorder, wholeTuning(), shape, regions);
  await (await machine.compile(recorder.launches)).run();
  const found = await machine.read(regions.out.buffer);
  expect([...(await machine.read(guard.buffer))]).toEqual([17]);
  const expected = expectedProduct(shape, a, b, before);
  return Math.max(...expected.map((value, index) => Math.abs(value - at(found, index)) / Math.sqrt(inner)));
}

describe.each([false, true])('multiply-adds that round once: %s', (relaxed) => {
  it.each(shapes)('$kind $rows x $columns over $inner', async (shape) => {
    expect(await worstError(shape, relaxed)).toBeLessThan(5e-6);
  });

  it.each(kinds)('%s, a batch of three, written apart and added up', async (kind) => {
    const [rows, columns, inner] = [20, 12, 30];
    const strides = { a: rows * inner, b: columns * inner, out: rows * columns };
    const shape: MatmulShape = { kind, rows, columns, inner, batch: 3, strides, into: 'write' };
    expect(await worstError(shape, relaxed)).toBeLessThan(5e-6);
    expect(await worstError({ ...shape, sum: true, into: 'add' }, relaxed)).toBeLessThan(5e-6);
  });
});
