// The gradient of BERT's table of positions: rows of the batch at each position summed in order, without atomics.
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { linearGrid } from '../recorder.ts';

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
