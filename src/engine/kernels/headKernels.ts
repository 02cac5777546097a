// Kernels of the head: the hidden states of its positions, and the losses and tags of the softmax head.
import { kernel, keyWord, reads, STATE, writes } from '../gpu/kernel.ts';
import { linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';
import type { ChainShape } from './crf/chainLattice.ts';
import { dropoutCode, dropoutSizes } from './bias.ts';

// Hidden states of the CRF positions, with the encoder's and the head's dropout, forward and backward.

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

// Kernels of the softmax head: losses with the gradient of the emissions, and the tags with the largest emission.

const THREADS = 64;

const softmaxLoss = kernel({
  name: 'softmax loss',
  sizes: { positions: 'u32', tagCount: 'u32' },
  buffers: {
    emissions: reads(),
    tags: reads('i32'),
    crfCounts: reads('i32'),
    state: reads('u32'),
    losses: writes(),
    dEmissions: writes(),
  },
  workgroup: [THREADS, 1, 1],
  module: `var<workgroup> partial: array<f32, ${THREADS}>;`,
  body: `
let K = sizes.tagCount;
let N = sizes.positions;
let count = u32(max(crfCounts[group.x], 0));
let scale = bitcast<f32>(state[${STATE.inverseSequences}]) * bitcast<f32>(state[${STATE.lossScale}]);
var lost = 0.0;
for (var n = thread; n < N; n += ${THREADS}u) {
  let row = (group.x * N + n) * K;
  if (n < count) {
    let gold = u32(tags[group.x * N + n]);
    var best = emissions[row];
    for (var k = 1u; k < K; k++) { best = max(best, emissions[row + k]); }
    var sum = 0.0;
    for (var k = 0u; k < K; k++) { sum += exp(emissions[row + k] - best); }
    lost += (best - emissions[row + gold]) + log(sum);
    for (var k = 0u; k < K; k++) {
      dEmissions[row + k] = (exp(emissions[row + k] - best) / sum - select(0.0, 1.0, k == gold)) * scale;
    }
  } else {
    for (var k = 0u; k < K; k++) { dEmissions[row + k] = 0.0; }
  }
}
partial[thread] = lost;
workgroupBarrier();
if (thread == 0u) {
  var total = 0.0;
  for (var origin = 0u; origin < ${THREADS}u; origin++) { total += partial[origin]; }
  losses[group.x] = total;
}`,
});

/**
 * Losses [B] (sum over a sequence's positions of -log softmax at the gold tag, unscaled) and dEmissions [B, N, K] (gradient of the sum of
 * losses times state.inverseSequences times state.lossScale, 0 beyond a sequence's count).
 */
export function recordSoftmaxLoss(
  recorder: Recorder,
  shape: Pick<ChainShape, 'sequences' | 'positions' | 'tagCount'>,
  inputs: { readonly emissions: Region; readonly tags: Region; readonly crfCounts: Region; readonly state: Region },
  out: { readonly losses: Region; readonly dEmissions: Region },
): void {
  const { sequences, positions, tagCount } = shape;
  const { emissions, tags, crfCounts, state } = inputs;
  const regions = { emissions, tags, crfCounts, state, losses: out.losses, dEmissions: out.dEmissions };
  const work = sequences * positions * tagCount * 40;
  recorder.launch(softmaxLoss, { positions, tagCount }, regions, [sequences, 1, 1], work);
}

const argmax = kernel({
  name: 'argmax',
  sizes: { sequences: 'u32', positions: 'u32', tagCount: 'u32' },
  buffers: { emissions: reads(), crfCounts: reads('i32'), tags: writes('i32') },
  workgroup: [64, 1, 1],
  body: `
if (index >= sizes.sequences * sizes.positions) { return; }
var tag = 0u;
if (i32(index % sizes.positions) < crfCounts[index / sizes.positions]) {
  let row = index * sizes.tagCount;
  var best = emissions[row];
  for (var k = 1u; k < sizes.tagCount; k++) {
    let value = emissions[row + k];
    if (value > best) {
      best = value;
      tag = k;
    }
  }
}
tags[index] = i32(tag);`,
});

/** Tags i32 [B, N] with the largest of the emissions [B, N, K], ties to the lower one, 0 beyond a sequence's count. */
export function recordArgmax(
  recorder: Recorder,
  shape: Pick<ChainShape, 'sequences' | 'positions' | 'tagCount'>,
  inputs: { readonly emissions: Region; readonly crfCounts: Region },
  out: { readonly tags: Region },
): void {
  const { sequences, positions, tagCount } = shape;
  const { emissions, crfCounts } = inputs;
  const grid = linearGrid(sequences * positions, 64);
  recorder.launch(argmax, { sequences, positions, tagCount }, { emissions, crfCounts, tags: out.tags }, grid);
}
