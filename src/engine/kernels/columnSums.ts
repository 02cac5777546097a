// Sums over the rows of a matrix: gradients of biases.
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { STATE } from '../stepState.ts';

/** Columns of a workgroup, and threads that share the rows of a column. */
export const COLUMNS = 16;
export const LANES = 16;

const columnSums = kernel({
  name: 'columnSums',
  sizes: { rows: 'u32', columns: 'u32' },
  buffers: { x: reads(), state: reads('u32'), gradient: writes() },
  workgroup: [COLUMNS, LANES, 1],
  module: `var<workgroup> parts: array<f32, ${COLUMNS * LANES}>;`,
  body: `let column = group.x * ${COLUMNS}u + local.x;
  var sum = 0.0;
  if (column < sizes.columns) {
    for (var row = local.y; row < sizes.rows; row += ${LANES}u) { sum += x[row * sizes.columns + column]; }
  }
  parts[thread] = sum;
  workgroupBarrier();
  if (local.y != 0u || column >= sizes.columns) { return; }
  for (var lane = 1u; lane < ${LANES}u; lane++) { sum += parts[lane * ${COLUMNS}u + local.x]; }
  if (state[${STATE.accumulate}] != 0u) { sum += gradient[column]; }
  gradient[column] = sum;`,
});

/** gradient [columns] = sums over the rows of x [rows, columns], written or added as the state says. */
export function recordColumnSums(
  recorder: Recorder,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  { x, state }: { readonly x: Region; readonly state: Region },
  { gradient }: { readonly gradient: Region },
): void {
  const grid = [Math.ceil(columns / COLUMNS), 1, 1] as const;
  recorder.launch(columnSums, { rows, columns }, { x, state, gradient }, grid);
}
