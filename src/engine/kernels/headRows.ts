// Hidden states of the CRF positions, with the encoder's and the head's dropout, forward and backward.
import { kernel, reads, writes } from '../gpu/kernel.ts';
import { linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';
import { keyWord } from '../gpu/stepState.ts';
import { dropoutCode, dropoutSizes } from './dropoutKernel.ts';

const sizes = {
  count: 'u32',
  width: 'u32',
  encoderKey: 'u32',
  encoderThreshold: 'u32',
  encoderScale: 'f32',
  headKey: 'u32',
  headThreshold: 'u32',
  headScale: 'f32',
} as const;

/** Both masks belong to the piece row, not to the CRF position. */
const module = `${dropoutCode}
fn factor(element: u32) -> f32 {
  return dropped(state[sizes.encoderKey], element, sizes.encoderThreshold, sizes.encoderScale)
    * dropped(state[sizes.headKey], element, sizes.headThreshold, sizes.headScale);
}`;

const headRows = kernel({
  name: 'headRows',
  sizes,
  buffers: { hidden: reads(), rows: reads('u32'), state: reads('u32'), out: writes() },
  workgroup: [64, 1, 1],
  module,
  body: `if (index >= sizes.count) { return; }
  let element = rows[index / sizes.width] * sizes.width + index % sizes.width;
  out[index] = hidden[element] * factor(element);`,
});

const headRowsBackward = kernel({
  name: 'headRowsBackward',
  sizes,
  buffers: { dOut: reads(), inverse: reads('i32'), state: reads('u32'), dHidden: writes() },
  workgroup: [64, 1, 1],
  module,
  body: `if (index >= sizes.count) { return; }
  let position = inverse[index / sizes.width];
  var value = 0.0;
  if (position >= 0) { value = dOut[u32(position) * sizes.width + index % sizes.width] * factor(index); }
  dHidden[index] = value;`,
});

interface HeadShape {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly encoderRate: number;
  readonly headRate: number;
}

function sizesOf(rows: number, { hiddenSize, layers, encoderRate, headRate }: HeadShape) {
  const encoder = dropoutSizes(encoderRate);
  const head = dropoutSizes(headRate);
  return {
    count: rows * hiddenSize,
    width: hiddenSize,
    encoderKey: keyWord(layers, 'encoderOutput'),
    encoderThreshold: encoder.threshold,
    encoderScale: encoder.keepScale,
    headKey: keyWord(layers, 'head'),
    headThreshold: head.threshold,
    headScale: head.keepScale,
  };
}

/** out [count, d] = dropout(dropout(hidden[rows])): `rows` is the piece row of each of `count` CRF positions. */
export function recordHeadRows(
  recorder: Recorder,
  shape: HeadShape & { readonly count: number },
  inputs: { readonly hidden: Region; readonly rows: Region; readonly state: Region },
  { out }: { readonly out: Region },
): void {
  const values = sizesOf(shape.count, shape);
  recorder.launch(headRows, values, { ...inputs, out }, linearGrid(values.count, 64), 40 * values.count);
}

/** dHidden [R, d] from dOut: row r gets its gradient from CRF position inverse[r], or 0 if that is negative. */
export function recordHeadRowsBackward(
  recorder: Recorder,
  shape: HeadShape & { readonly rows: number },
  inputs: { readonly dOut: Region; readonly inverse: Region; readonly state: Region },
  { dHidden }: { readonly dHidden: Region },
): void {
  const values = sizesOf(shape.rows, shape);
  recorder.launch(headRowsBackward, values, { ...inputs, dHidden }, linearGrid(values.count, 64), 40 * values.count);
}
