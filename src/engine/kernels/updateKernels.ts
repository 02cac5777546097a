// Kernels of the update: the loss of a step, the gradient's global norm with the clipping factor, and Adam over whole buffers of parameters.
import { kernel, reads, STATE, writes, type Kernel } from '../gpu/kernel.ts';
import { aligned, linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';

// Adam over whole buffers of parameters in one launch each, whose segments may have different rates.

/** A kernel for buffers of `segments` parts; part n ends before vec4 `end<n>`, and the last one with the buffer. */
function adamKernel(segments: number): Kernel {
  const later = Array.from({ length: segments - 1 }, (_, at) => at + 1);
  const own = (at: number): Record<string, 'u32' | 'f32'> => ({
    [`end${at}`]: 'u32',
    [`rate${at}`]: 'f32',
    [`factor${at}`]: 'f32',
  });
  return kernel<string, string>({
    name: segments === 1 ? 'adam' : `adam of ${segments} segments`,
    sizes: {
      beta1: 'f32',
      beta2: 'f32',
      rest1: 'f32',
      rest2: 'f32',
      epsilon: 'f32',
      ...Object.assign({}, ...[0, ...later].map(own)),
    } as Record<string, 'u32' | 'f32'>,
    buffers: {
      gradient: reads('vec4<f32>'),
      clip: reads(),
      state: reads('u32'),
      parameter: writes('vec4<f32>'),
      first: writes('vec4<f32>'),
      second: writes('vec4<f32>'),
    },
    workgroup: [64, 1, 1],
    body: `if (index >= sizes.end${segments - 1}) { return; }
  var rate = sizes.rate0;
  var factor = sizes.factor0;
  ${later.map((at) => `if (index >= sizes.end${at - 1}) { rate = sizes.rate${at}; factor = sizes.factor${at}; }`).join('\n  ')}
  let g = gradient[index] * (clip[0] * factor);
  let m = sizes.beta1 * first[index] + sizes.rest1 * g;
  let v = sizes.beta2 * second[index] + sizes.rest2 * g * g;
  let root = sqrt(v) / bitcast<f32>(state[${STATE.rootCorrection}]);
  let step = bitcast<f32>(state[${STATE.stepSize}]) * rate;
  parameter[index] -= step * m / (root + sizes.epsilon);
  first[index] = m;
  second[index] = v;`,
  });
}

const made = new Map<number, Kernel>();

export interface AdamSegment {
  /** Words, a multiple of 4. */
  readonly length: number;
  /** Factor on the step size, for layer-wise rates. */
  readonly rateFactor: number;
  /** Factor on the clipped gradient, for the released code's layer decay. */
  readonly gradientFactor: number;
}

export interface AdamShape {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Consecutive parts of the buffers. */
  readonly segments: readonly AdamSegment[];
}

/** Joins neighbours with equal factors. */
function joined(segments: readonly AdamSegment[]): readonly AdamSegment[] {
  const result: AdamSegment[] = [];
  for (const segment of segments) {
    const before = result.at(-1);
    if (before?.rateFactor === segment.rateFactor && before.gradientFactor === segment.gradientFactor) {
      result[result.length - 1] = { ...before, length: before.length + segment.length };
    } else result.push(segment);
  }
  return result;
}

/**
 * g = clip[0] * gradientFactor * gradient; m, v as usual; p -= stepSize * rateFactor * m / (sqrt(v) / rootCorrection + epsilon),
 * with stepSize and rootCorrection from the state (`training/step` defines them for each form).
 */
export function recordAdam(
  recorder: Recorder,
  { beta1, beta2, epsilon, segments }: AdamShape,
  inputs: { readonly gradient: Region; readonly clip: Region; readonly state: Region },
  out: { readonly parameter: Region; readonly first: Region; readonly second: Region },
): void {
  const parts = joined(segments);
  const used = made.get(parts.length) ?? adamKernel(parts.length);
  made.set(parts.length, used);
  const sizes: Record<string, number> = { beta1, beta2, rest1: 1 - beta1, rest2: 1 - beta2, epsilon };
  let end = 0;
  for (const [at, { length, rateFactor, gradientFactor }] of parts.entries()) {
    end += length / 4;
    Object.assign(sizes, { [`end${at}`]: end, [`rate${at}`]: rateFactor, [`factor${at}`]: gradientFactor });
  }
  recorder.launch(used, sizes, { ...inputs, ...out }, linearGrid(end, 64), 48 * end);
}

// Computes the global norm of the gradient in two stages, the clipping factor, and the loss of a step.

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
