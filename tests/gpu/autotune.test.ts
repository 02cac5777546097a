// Proves that tuning matrix products finds variants that run here, respects its budget and signal, and serves recordings.
import { expect, it } from 'vitest';
import { recordMatmul } from '../../src/engine/kernels/matmul/matmul.ts';
import {
  hardwareTuning,
  softwareTuning,
  tableTuning,
  type MatmulShape,
  type MatmulVariant,
} from '../../src/engine/kernels/matmul/matmulTuning.ts';
import { tuneMatmul } from '../../src/engine/tuning/autotune.ts';
import { matmulTableSchema, type MatmulTable } from '../../src/schema/machineSettings.ts';
import { drain, type Progress } from '../../src/util/clock.ts';
import { runRecording, testDevice } from './support/runRecording.ts';

const direct: MatmulVariant = { family: 'direct', rows: 4, columns: 4, across: 4, down: 4, splits: 1 };
const wide: MatmulVariant = { ...direct, columns: 8 };
/** This adapter has no f16. */
const half: MatmulVariant = { ...direct, family: 'tiled', depth: 16, f16: true };
/** More workgroup memory than there is. */
const large: MatmulVariant = {
  ...direct,
  family: 'tiled',
  rows: 16,
  columns: 16,
  across: 16,
  down: 16,
  depth: 64,
  f16: false,
};

const shapes: readonly MatmulShape[] = [
  { kind: 'nn', rows: 50, columns: 16, inner: 32, into: 'write' },
  { kind: 'nn', rows: 60, columns: 16, inner: 32, into: 'add' },
  { kind: 'tn', rows: 32, columns: 16, inner: 50, into: 'gradient', batch: 2, strides: { a: 0, b: 800, out: 512 } },
  { kind: 'nn', rows: 50, columns: 5, inner: 32, into: 'write' },
];

const options = {
  adapter: 'this one',
  untuned: softwareTuning(),
  candidatesFor: () => [large, half, wide, direct],
};

it('tunes each class once, with what the device accepts, into a table that serves again', async () => {
  const progress: number[][] = [];
  const table = await finish(tuneMatmul(await testDevice(), shapes, options), ({ done, of }) =>
    progress.push([done, of]),
  );
  expect(table.entries.map(({ key }) => key)).toEqual(['nn 64x16x32', 'tn 32x16x64, batch of 2, same A']);
  for (const { variant, gflops } of table.entries) {
    expect(variant.family).toBe('direct');
    expect(gflops).toBeGreaterThan(0);
  }
  expect(progress).toEqual([
    [0, 2],
    [1, 2],
    [2, 2],
  ]);
  const again = matmulTableSchema.parse(JSON.parse(JSON.stringify(table)));
  const tuning = tableTuning(again, hardwareTuning(), 'f32');
  const shape = shapes[0] as MatmulShape;
  expect(tuning.variantFor(shape)).toEqual(again.entries[0]?.variant);
  const inputs = { a: new Float32Array(50 * 32).fill(0.5), b: new Float32Array(32 * 16).fill(2) };
  const { out } = await runRecording(inputs, { out: 800 }, (recorder, regions) =>
    recordMatmul(recorder, tuning, shape, regions),
  );
  expect(out.every((value) => value === 32)).toBe(true);
});

it('keeps what it had of classes past its budget, and what is known already', async () => {
  const device = await testDevice();
  const table = await finish(tuneMatmul(device, shapes, { ...options, budgetMs: 0 }));
  expect(table.entries.map(({ gflops }) => gflops)).toEqual([null, null]);
  expect(table.entries[0]?.variant).toEqual(softwareTuning().variantFor(shapes[0] as MatmulShape));
  expect(await finish(tuneMatmul(device, shapes, { ...options, known: table }))).toEqual(table);
});

it('ends with the reason of its signal', async () => {
  const stop = new AbortController();
  const tuning = finish(
    tuneMatmul(await testDevice(), shapes, { ...options, signal: stop.signal }),
    ({ done }) => done === 1 && stop.abort(new Error('enough')),
  );
  await expect(tuning).rejects.toThrow('enough');
});

async function finish(
  tuning: AsyncGenerator<Progress, MatmulTable>,
  told: (progress: Progress) => unknown = () => undefined,
): Promise<MatmulTable> {
  return drain(tuning, (progress) => void told(progress));
}
