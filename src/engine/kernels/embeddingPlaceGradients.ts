// The gradients of BERT's embeddings of positions and segments: rows of the batch summed in order, without atomics.
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { linearGrid } from '../recorder.ts';
import { COLUMNS, LANES } from './columnSums.ts';

const positionGradient = kernel({
  name: 'positionGradient',
  sizes: { sequences: 'u32', stride: 'u32', count: 'u32' },
  buffers: { dSum: reads('vec4<f32>'), gradient: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  var sum = vec4f(0.0);
  for (var b = 0u; b < sizes.sequences; b++) { sum += dSum[b * sizes.stride + index]; }
  gradient[index] += sum;`,
});

/**
 * gradient [P, d] += the rows of dSum [B*T, d] at each position; positions beyond the table are padding's alone. Always adds: the gradient
 * is cleared when a step begins, since micro-batches differ in length.
 */
export function recordPositionGradient(
  recorder: Recorder,
  shape: {
    readonly sequences: number;
    readonly pieces: number;
    readonly positions: number;
    readonly hiddenSize: number;
  },
  { dSum }: { readonly dSum: Region },
  { gradient }: { readonly gradient: Region },
): void {
  const { sequences, pieces, positions, hiddenSize } = shape;
  const count = (Math.min(pieces, positions) * hiddenSize) / 4;
  const sizes = { sequences, stride: (pieces * hiddenSize) / 4, count };
  recorder.launch(positionGradient, sizes, { dSum, gradient }, linearGrid(count, 64));
}

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

/** gradient [S, d] += the rows of dSum [R, d] of each segment. Always adds, as above. */
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
