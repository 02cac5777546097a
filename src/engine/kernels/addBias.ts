// A bias added to every row of a matrix, in place.
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
