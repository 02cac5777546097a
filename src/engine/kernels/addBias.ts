// A bias added to every row of a matrix, or one to each of a batch, in place.
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { linearGrid } from '../recorder.ts';

const addBias = kernel({
  name: 'addBias',
  sizes: { count: 'u32', columns: 'u32' },
  buffers: { bias: reads(), x: writes() },
  workgroup: [64, 1, 1],
  body: 'if (index < sizes.count) { x[index] += bias[index % sizes.columns]; }',
});

/** x [rows, columns] += bias [columns]. */
export function recordAddBias(
  recorder: Recorder,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  { bias }: { readonly bias: Region },
  { x }: { readonly x: Region },
): void {
  recorder.launch(addBias, { count: rows * columns, columns }, { bias, x }, linearGrid(rows * columns, 64));
}

const addBiases = kernel({
  name: 'addBiases',
  sizes: { count: 'u32', columns: 'u32', batch: 'u32', strideX: 'u32', strideBias: 'u32' },
  buffers: { biases: reads('vec4<f32>'), x: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  body: `let matrix = index / sizes.count;
  if (matrix >= sizes.batch) { return; }
  let at = index % sizes.count;
  x[matrix * sizes.strideX + at] += biases[matrix * sizes.strideBias + at % sizes.columns];`,
});

export interface BiasesShape {
  readonly rows: number;
  /** A multiple of 4. */
  readonly columns: number;
  readonly batch: number;
  /** Words from one matrix, and one bias, to the next: multiples of 4. */
  readonly strides: { readonly x: number; readonly bias: number };
}

/** Each x [rows, columns] of a batch += its bias [columns]. */
export function recordAddBiases(
  recorder: Recorder,
  { rows, columns, batch, strides }: BiasesShape,
  { biases }: { readonly biases: Region },
  { x }: { readonly x: Region },
): void {
  const count = (rows * columns) / 4;
  const sizes = { count, columns: columns / 4, batch, strideX: strides.x / 4, strideBias: strides.bias / 4 };
  recorder.launch(addBiases, sizes, { biases, x }, linearGrid(batch * count, 64));
}
