// Adam over a whole bank of parameters in one launch.
import { kernel, reads, writes } from '../gpu/kernel.ts';
import { linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';
import { STATE } from '../gpu/stepState.ts';

const adam = kernel({
  name: 'adam',
  sizes: {
    count: 'u32',
    beta1: 'f32',
    beta2: 'f32',
    rest1: 'f32',
    rest2: 'f32',
    epsilon: 'f32',
    rate: 'f32',
    factor: 'f32',
  },
  buffers: {
    gradient: reads('vec4<f32>'),
    clip: reads(),
    state: reads('u32'),
    parameter: writes('vec4<f32>'),
    first: writes('vec4<f32>'),
    second: writes('vec4<f32>'),
  },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  let g = gradient[index] * (clip[0] * sizes.factor);
  let m = sizes.beta1 * first[index] + sizes.rest1 * g;
  let v = sizes.beta2 * second[index] + sizes.rest2 * g * g;
  let root = sqrt(v) / bitcast<f32>(state[${STATE.rootCorrection}]);
  let step = bitcast<f32>(state[${STATE.stepSize}]) * sizes.rate;
  parameter[index] -= step * m / (root + sizes.epsilon);
  first[index] = m;
  second[index] = v;`,
});

export interface AdamShape {
  /** Words, a multiple of 4. */
  readonly length: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Factor on the step size, for layer-wise rates. */
  readonly rateFactor: number;
  /** Factor on the clipped gradient, for the released code's layer decay. */
  readonly gradientFactor: number;
}

/**
 * g = clip[0] * gradientFactor * gradient; m, v as usual; p -= stepSize * rateFactor * m / (sqrt(v) / rootCorrection + epsilon),
 * with stepSize and rootCorrection from the state (`training/adam` defines them for each form).
 */
export function recordAdam(
  recorder: Recorder,
  { length, beta1, beta2, epsilon, rateFactor, gradientFactor }: AdamShape,
  inputs: { readonly gradient: Region; readonly clip: Region; readonly state: Region },
  out: { readonly parameter: Region; readonly first: Region; readonly second: Region },
): void {
  const count = length / 4;
  const sizes = { count, beta1, beta2, rest1: 1 - beta1, rest2: 1 - beta2, epsilon, rate: rateFactor, factor: gradientFactor }; // prettier-ignore
  recorder.launch(adam, sizes, { ...inputs, ...out }, linearGrid(count, 64), 12 * length);
}
