// The gradient of BERT's table of segments: rows of the batch in each segment summed in order, without atomics.
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { COLUMNS, LANES } from './columnSums.ts';

const segmentGradient = kernel({
  name: 'segmentGradient',
  sizes: { rows: 'u32', width: 'u32' },
  buffers: { dSum: reads(), segmentIds: reads('i32'), gradient: writes() },
  workgroup: [COLUMNS, LANES, 1],
  module: `var<workgroup> parts: array<f32, ${COLUMNS * LANES}>;`,
  body: `let column = group.x * ${COLUMNS}u + local.x;
  let segment = group.y;
  var sum = 0.0;
  if (column < sizes.width) {
    for (var row = local.y; row < sizes.rows; row += ${LANES}u) {
      if (u32(segmentIds[row]) == segment) { sum += dSum[row * sizes.width + column]; }
    }
  }
  parts[thread] = sum;
  workgroupBarrier();
  if (local.y != 0u || column >= sizes.width) { return; }
  for (var lane = 1u; lane < ${LANES}u; lane++) { sum += parts[lane * ${COLUMNS}u + local.x]; }
  gradient[segment * sizes.width + column] += sum;`,
});

/** gradient [S, d] += the rows of dSum [R, d] of each segment. Always adds: the gradient is cleared when a step begins. */
export function recordSegmentGradient(
  recorder: Recorder,
  shape: { readonly rows: number; readonly segments: number; readonly hiddenSize: number },
  inputs: { readonly dSum: Region; readonly segmentIds: Region },
  { gradient }: { readonly gradient: Region },
): void {
  const { rows, segments, hiddenSize: width } = shape;
  const grid = [Math.ceil(width / COLUMNS), segments, 1] as const;
  recorder.launch(segmentGradient, { rows, width }, { ...inputs, gradient }, grid, segments * rows * width);
}
