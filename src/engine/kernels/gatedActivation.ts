// The gate inside a feed-forward block without biases: activation, product and dropout, forward and backward; sums and multiples of values.
import { ACTIVATIONS, type Activation } from '../../model/config/encoderSizes.ts';
import { kernel, reads, writes, type Kernel } from '../gpu/kernel.ts';
import { aligned, linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';
import { keyWord } from '../gpu/stepState.ts';
import { ACTIVATION_CODE } from './activationKernel.ts';
import { dropoutCode, dropoutSizes } from './dropoutKernel.ts';

const sizes = { count: 'u32', gateAt: 'u32', key: 'u32', threshold: 'u32', keepScale: 'f32' } as const;

const makeForward = (activation: Activation) =>
  kernel({
    name: `${activation} gated forward`,
    sizes,
    buffers: { x: reads(), state: reads('u32'), out: writes() },
    workgroup: [64, 1, 1],
    module: dropoutCode + ACTIVATION_CODE[activation],
    body: `if (index >= sizes.count) { return; }
  out[index] = act(x[index]) * x[sizes.gateAt + index] * dropped(state[sizes.key], index, sizes.threshold, sizes.keepScale);`,
  });

const makeBackward = (activation: Activation) =>
  kernel({
    name: `${activation} gated backward`,
    sizes,
    buffers: { x: reads(), state: reads('u32'), dOut: writes(), dGate: writes() },
    workgroup: [64, 1, 1],
    module: dropoutCode + ACTIVATION_CODE[activation],
    body: `if (index >= sizes.count) { return; }
  let value = x[index];
  let gradient = dOut[index] * dropped(state[sizes.key], index, sizes.threshold, sizes.keepScale);
  dGate[index] = gradient * act(value);
  dOut[index] = gradient * slope(value) * x[sizes.gateAt + index];`,
  });

const ofEach = <Made extends Kernel>(make: (activation: Activation) => Made): ReadonlyMap<Activation, Made> =>
  new Map(ACTIVATIONS.map((activation) => [activation, make(activation)]));
const forward = ofEach(makeForward);
const backward = ofEach(makeBackward);

interface GateShape {
  readonly rows: number;
  readonly columns: number;
  readonly activation: Activation;
  readonly rate: number;
  readonly layer: number;
}

function sizesOf({ rows, columns, rate, layer }: GateShape) {
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
  const values = sizesOf(shape);
  const used = forward.get(shape.activation) as Kernel;
  recorder.launch(used, values, { ...inputs, out }, linearGrid(values.count, 64), 60 * values.count);
}

/** Turns dOut into the gradient with respect to the inner matrix, in place, and writes that of the gate. */
export function recordGateBackward(
  recorder: Recorder,
  shape: GateShape,
  inputs: { readonly x: Region; readonly state: Region },
  gradients: { readonly dOut: Region; readonly dGate: Region },
): void {
  const values = sizesOf(shape);
  const used = backward.get(shape.activation) as Kernel;
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
