// Computes the global norm of the gradient in two stages, and the clipping factor.
import { kernel, reads, writes } from '../gpu/kernel.ts';
import { aligned, linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';
import { STATE } from '../gpu/stepState.ts';

/** Words summed by one thread. */
const CHUNK = 256;

const squares = kernel({
  name: 'squares',
  sizes: { count: 'u32', vectors: 'u32' },
  buffers: { gradient: reads('vec4<f32>'), partials: writes() },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  var sum = 0.0;
  for (var at = index; at < sizes.vectors; at += sizes.count) { sum += dot(gradient[at], gradient[at]); }
  partials[index] = sum;`,
});

const clipKernel = kernel({
  name: 'clip',
  sizes: { partials: 'u32', clipNorm: 'f32' },
  buffers: {
    partials: reads(),
    stepLoss: reads(),
    state: reads('u32'),
    clip: writes(),
    pending: writes(),
  },
  workgroup: [256, 1, 1],
  module: 'var<workgroup> sums: array<f32, 256>;',
  body: `var sum = 0.0;
  for (var at = thread; at < sizes.partials; at += 256u) { sum += partials[at]; }
  sums[thread] = sum;
  workgroupBarrier();
  if (thread != 0u) { return; }
  for (var lane = 1u; lane < 256u; lane++) { sum += sums[lane]; }
  let lossScale = bitcast<f32>(state[${STATE.lossScale}]);
  let norm = sqrt(sum) / lossScale;
  var factor = 1.0;
  if (sizes.clipNorm > 0.0) { factor = sizes.clipNorm / max(norm, sizes.clipNorm); }
  clip[0] = factor / lossScale;
  clip[1] = norm;
  pending[0] += stepLoss[0];
  pending[1] += norm;`,
});

/** Number of partial sums for a gradient of `length` words: a multiple of 64, all of them written. */
export function partialsOf(length: number): number {
  return aligned(Math.ceil(length / CHUNK));
}

/** Partial sums of squares of a gradient of `length` words, a multiple of 4. */
export function recordSquares(
  recorder: Recorder,
  { length }: { readonly length: number },
  { gradient }: { readonly gradient: Region },
  { partials }: { readonly partials: Region },
): void {
  const count = partialsOf(length);
  recorder.launch(squares, { count, vectors: length / 4 }, { gradient, partials }, linearGrid(count, 64), 2 * length);
}

/**
 * clip = [factor on the gradients, norm]: the norm is that of the gradient without loss scale, the factor undoes the scale and
 * clips. pending += [loss of the step, norm].
 */
export function recordGradientNorm(
  recorder: Recorder,
  shape: { readonly partials: number; readonly clipNorm: number | null },
  inputs: { readonly partials: Region; readonly stepLoss: Region; readonly state: Region },
  out: { readonly clip: Region; readonly pending: Region },
): void {
  const sizes = { partials: shape.partials, clipNorm: shape.clipNorm ?? 0 };
  recorder.launch(clipKernel, sizes, { ...inputs, ...out }, [1, 1, 1]);
}

const stepLossKernel = kernel({
  name: 'step loss',
  sizes: { sequences: 'u32' },
  buffers: { losses: reads(), state: reads('u32'), stepLoss: writes() },
  workgroup: [1, 1, 1],
  body: `
var sum = 0.0;
for (var b = 0u; b < sizes.sequences; b++) { sum += losses[b]; }
stepLoss[0] = select(0.0, stepLoss[0], state[${STATE.accumulate}] != 0u) + sum * bitcast<f32>(state[${STATE.inverseSequences}]);`,
});

/** stepLoss[0] = (state.accumulate ? stepLoss[0] : 0) + sum of the losses [B] times state.inverseSequences. */
export function recordStepLoss(
  recorder: Recorder,
  sequences: number,
  inputs: { readonly losses: Region; readonly state: Region },
  out: { readonly stepLoss: Region },
): void {
  const { losses, state } = inputs;
  recorder.launch(stepLossKernel, { sequences }, { losses, state, stepLoss: out.stepLoss }, [1, 1, 1]);
}
