// What happens inside feed-forward blocks, forward and backward: bias, activation and dropout, or a gate.
import { ACTIVATIONS, type Activation } from '../../model/blocks/encoderFamily.ts';
import { kernel, kernelWithoutCode, keyWord, reads, writes, type Kernel } from '../gpu/kernel.ts';
import { aligned, linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';
import { dropoutCode, dropoutSizes } from './bias.ts';

/**
 * WGSL of each activation and its derivative; erf as Abramowitz and Stegun 7.1.26 (error 1.5e-7), which tfjs also uses. The gate
 * 0.5 * (1 + tanh(u)) of gelu_new is 1 / (1 + exp(-2u)), from e = exp(-2|u|), and its slope 2e / (1 + e)^2: 1 - tanh(u)^2 would
 * lose its digits where tanh is near 1, and WGSL guarantees little precision for tanh. Beyond 11 in magnitude e is 0. silu's gate
 * 1 / (1 + exp(-x)) comes from exp(-|x|) likewise.
 */
export const ACTIVATION_CODE: Readonly<Record<Activation, string>> = {
  relu: `
fn act(x: f32) -> f32 { return max(x, 0.0); }
fn slope(x: f32) -> f32 { return select(0.0, 1.0, x > 0.0); }`,
  gelu: `
fn erf(x: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.3275911 * abs(x));
  let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1.0 - series * exp(-x * x));
}
fn normal(x: f32) -> f32 { return 0.5 * (1.0 + erf(x * 0.7071067811865476)); }
fn act(x: f32) -> f32 { return x * normal(x); }
fn slope(x: f32) -> f32 { return normal(x) + x * 0.3989422804014327 * exp(-0.5 * x * x); }`,
  gelu_new: `
fn near(x: f32) -> f32 { return clamp(x, -11.0, 11.0); }
fn falling(x: f32) -> f32 { return exp(-1.5957691216057308 * abs(x + 0.044715 * x * x * x)); }
fn act(x: f32) -> f32 {
  let e = falling(near(x));
  return x * select(1.0, e, x < 0.0) / (1.0 + e);
}
fn slope(x: f32) -> f32 {
  let held = near(x);
  let e = falling(held);
  let below = 1.0 / (1.0 + e);
  return select(1.0, e, x < 0.0) * below + held * e * below * below * 1.5957691216057308 * (1.0 + 0.134145 * held * held);
}`,
  silu: `
fn gate(x: f32) -> f32 {
  let e = exp(-min(abs(x), 80.0));
  return select(1.0, e, x < 0.0) / (1.0 + e);
}
fn act(x: f32) -> f32 { return x * gate(x); }
fn slope(x: f32) -> f32 { return gate(x) * (1.0 + x * gate(-x)); }`,
};

const sizes = { count: 'u32', columns: 'u32', key: 'u32', threshold: 'u32', keepScale: 'f32' } as const;

const makeForward = (activation: Activation) =>
  kernel({
    name: `${activation} forward`,
    sizes,
    buffers: { x: reads(), bias: reads(), state: reads('u32'), out: writes() },
    workgroup: [64, 1, 1],
    module: dropoutCode + ACTIVATION_CODE[activation],
    body: `if (index >= sizes.count) { return; }
  let value = act(x[index] + bias[index % sizes.columns]);
  out[index] = value * dropped(state[sizes.key], index, sizes.threshold, sizes.keepScale);`,
  });

const makeBackward = (activation: Activation) =>
  kernel({
    name: `${activation} backward`,
    sizes,
    buffers: { x: reads(), bias: reads(), state: reads('u32'), dOut: writes() },
    workgroup: [64, 1, 1],
    module: dropoutCode + ACTIVATION_CODE[activation],
    body: `if (index >= sizes.count) { return; }
  let factor = dropped(state[sizes.key], index, sizes.threshold, sizes.keepScale);
  dOut[index] = dOut[index] * factor * slope(x[index] + bias[index % sizes.columns]);`,
  });

/** x becomes the slope; see `recordActivationWithSlope`. */
const makeWithSlope = (activation: Activation) =>
  kernelWithoutCode({
    name: `${activation} with slope`,
    sizes,
    buffers: { bias: reads(), state: reads('u32'), x: writes(), out: writes() },
  });

const timesSlope = kernelWithoutCode({
  name: 'times slope',
  sizes: { count: 'u32' },
  buffers: { slope: reads(), dOut: writes() },
});

const ofEach = <Made>(make: (activation: Activation) => Made): Readonly<Record<Activation, Made>> => ({
  relu: make('relu'),
  gelu: make('gelu'),
  gelu_new: make('gelu_new'),
  silu: make('silu'),
});
const forward = ofEach(makeForward);
const backward = ofEach(makeBackward);
const withSlope = ofEach(makeWithSlope);

export interface ActivationShape {
  readonly rows: number;
  readonly columns: number;
  readonly activation: Activation;
  readonly rate: number;
  readonly layer: number;
}

function sizesOf({ rows, columns, rate, layer }: ActivationShape) {
  return { count: rows * columns, columns, key: keyWord(layer, 'inner'), ...dropoutSizes(rate) };
}

interface ActivationInputs {
  readonly x: Region;
  readonly bias: Region;
  readonly state: Region;
}

/** out [rows, columns] = dropout(activation(x + bias)). */
export function recordActivation(
  recorder: Recorder,
  shape: ActivationShape,
  inputs: ActivationInputs,
  { out }: { readonly out: Region },
): void {
  const values = sizesOf(shape);
  recorder.launch(
    forward[shape.activation],
    values,
    { ...inputs, out },
    linearGrid(values.count, 64),
    50 * values.count,
  );
}

/** Turns dOut into the gradient with respect to x + bias, in place. */
export function recordActivationBackward(
  recorder: Recorder,
  shape: ActivationShape,
  inputs: ActivationInputs,
  { dOut }: { readonly dOut: Region },
): void {
  const values = sizesOf(shape);
  recorder.launch(
    backward[shape.activation],
    values,
    { ...inputs, dOut },
    linearGrid(values.count, 64),
    50 * values.count,
  );
}

/**
 * out [rows, columns] = dropout(activation(x + bias)), and x becomes the derivative of out: what the gradient of out is multiplied by. For
 * machines that compute more slowly than they read.
 */
export function recordActivationWithSlope(
  recorder: Recorder,
  shape: ActivationShape,
  inputs: Omit<ActivationInputs, 'x'>,
  out: { readonly x: Region; readonly out: Region },
): void {
  const values = sizesOf(shape);
  const used = withSlope[shape.activation];
  recorder.launch(used, values, { ...inputs, ...out }, linearGrid(values.count, 64), 60 * values.count);
}

/** Turns dOut into the gradient with respect to x + bias, in place, from what `recordActivationWithSlope` left. */
export function recordTimesSlope(
  recorder: Recorder,
  { slope }: { readonly slope: Region },
  { dOut }: { readonly dOut: Region },
): void {
  recorder.launch(timesSlope, { count: dOut.length }, { slope, dOut }, linearGrid(dOut.length, 64));
}

// The gate inside a feed-forward block without biases: activation, product and dropout, forward and backward; sums and multiples of values.

const gateSizes = { count: 'u32', gateAt: 'u32', key: 'u32', threshold: 'u32', keepScale: 'f32' } as const;

const makeGateForward = (activation: Activation) =>
  kernel({
    name: `${activation} gated forward`,
    sizes: gateSizes,
    buffers: { x: reads(), state: reads('u32'), out: writes() },
    workgroup: [64, 1, 1],
    module: dropoutCode + ACTIVATION_CODE[activation],
    body: `if (index >= sizes.count) { return; }
  out[index] = act(x[index]) * x[sizes.gateAt + index] * dropped(state[sizes.key], index, sizes.threshold, sizes.keepScale);`,
  });

const makeGateBackward = (activation: Activation) =>
  kernel({
    name: `${activation} gated backward`,
    sizes: gateSizes,
    buffers: { x: reads(), state: reads('u32'), dOut: writes(), dGate: writes() },
    workgroup: [64, 1, 1],
    module: dropoutCode + ACTIVATION_CODE[activation],
    body: `if (index >= sizes.count) { return; }
  let value = x[index];
  let gradient = dOut[index] * dropped(state[sizes.key], index, sizes.threshold, sizes.keepScale);
  dGate[index] = gradient * act(value);
  dOut[index] = gradient * slope(value) * x[sizes.gateAt + index];`,
  });

const gateOfEach = <Made extends Kernel>(make: (activation: Activation) => Made): ReadonlyMap<Activation, Made> =>
  new Map(ACTIVATIONS.map((activation) => [activation, make(activation)]));
const gateForward = gateOfEach(makeGateForward);
const gateBackward = gateOfEach(makeGateBackward);

interface GateShape {
  readonly rows: number;
  readonly columns: number;
  readonly activation: Activation;
  readonly rate: number;
  readonly layer: number;
}

function gateSizesOf({ rows, columns, rate, layer }: GateShape) {
  const count = rows * columns;
  return { count, gateAt: aligned(count), key: keyWord(layer, 'inner'), ...dropoutSizes(rate) };
}

/** out [rows, columns] = dropout(activation(x) * gate); `x` is the inner matrix, then from word aligned(rows * columns) the gate. */
export function recordGate(
  recorder: Recorder,
  shape: GateShape,
  inputs: { readonly x: Region; readonly state: Region },
  { out }: { readonly out: Region },
): void {
  const values = gateSizesOf(shape);
  const used = gateForward.get(shape.activation) as Kernel;
  recorder.launch(used, values, { ...inputs, out }, linearGrid(values.count, 64), 60 * values.count);
}

/** Turns dOut into the gradient with respect to the inner matrix, in place, and writes that of the gate. */
export function recordGateBackward(
  recorder: Recorder,
  shape: GateShape,
  inputs: { readonly x: Region; readonly state: Region },
  gradients: { readonly dOut: Region; readonly dGate: Region },
): void {
  const values = gateSizesOf(shape);
  const used = gateBackward.get(shape.activation) as Kernel;
  recorder.launch(used, values, { ...inputs, ...gradients }, linearGrid(values.count, 64), 70 * values.count);
}

const added = kernel({
  name: 'added',
  sizes: { count: 'u32' },
  buffers: { right: reads('vec4<f32>'), out: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  out[index] += right[index];`,
});

const sumOfTwo = kernel({
  name: 'sum of two',
  sizes: { count: 'u32' },
  buffers: { left: reads('vec4<f32>'), right: reads('vec4<f32>'), out: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  out[index] = left[index] + right[index];`,
});

const scaled = kernel({
  name: 'scaled',
  sizes: { count: 'u32', scale: 'f32' },
  buffers: { x: reads('vec4<f32>'), out: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  out[index] = sizes.scale * x[index];`,
});

/** out = x times `scale`, of a length that is a multiple of 4. */
export function recordScaled(
  recorder: Recorder,
  scale: number,
  { x }: { readonly x: Region },
  { out }: { readonly out: Region },
): void {
  const count = out.length / 4;
  recorder.launch(scaled, { count, scale }, { x, out }, linearGrid(count, 64), 8 * count);
}

/** out = left + right, of a length that is a multiple of 4; without `left`, out += right. */
export function recordSum(
  recorder: Recorder,
  { left, right }: { readonly left?: Region; readonly right: Region },
  { out }: { readonly out: Region },
): void {
  const count = out.length / 4;
  const grid = linearGrid(count, 64);
  if (left === undefined) recorder.launch(added, { count }, { right, out }, grid, 8 * count);
  else recorder.launch(sumOfTwo, { count }, { left, right, out }, grid, 8 * count);
}
