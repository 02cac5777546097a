// The backward pass of all of a layer after its attention, in one launch: every row by itself.
import type { Activation } from '../../../model/blocks/encoderFamily.ts';
import { kernel, reads, writes, type Kernel } from '../../gpu/kernel.ts';
import { aligned, linearGrid, type Recorder, type Region } from '../../gpu/recorder.ts';
import { ACTIVATION_CODE } from '../activationKernel.ts';
import type { AttentionShape, AttentionTerms } from '../attention/attentionScores.ts';
import { ROW_BLOCK_THREADS, RowBlockCode, type RowBlock } from './rowBlocks.ts';
import { LAYER_SIZES, rowsSizes, savedPlaces, type LayerPlaces, type RowsShape } from './rowsForward.ts';

/** First words of what the backward pass of a layer writes, and their sum. */
export function workPlaces({ block, rows }: Pick<RowsShape, 'block' | 'rows'>, queries: number) {
  const wide = aligned(rows * block.width * 4);
  const deep = aligned(rows * block.inner * 4);
  const dAttended = wide;
  const dSum = dAttended + wide;
  const dContext = dSum + wide;
  const activated = dContext + wide;
  const dInner = activated + deep;
  const statistics = dInner + deep;
  const partials = statistics + aligned(queries * 4);
  const groups = Math.ceil(rows / block.rows);
  const length = partials + groups * block.width * 16;
  return { dFed: 0, dAttended, dSum, dContext, activated, dInner, statistics, partials, groups, length };
}

const sizes = {
  ...LAYER_SIZES,
  dAttended: 'u32',
  dSum: 'u32',
  dContext: 'u32',
  activated: 'u32',
  dInner: 'u32',
  attentionStatistics: 'u32',
  partials: 'u32',
  heads: 'u32',
  pieces: 'u32',
  segmentBias: 'u32',
  segmentEmbedding: 'u32',
  logSumExp: 'u32',
} as const;
type RowsSize = keyof typeof sizes;

interface BackwardTraits {
  readonly block: RowBlock;
  readonly activation: Activation;
  readonly terms: AttentionTerms;
}

function backwardKernel({ block, activation, terms }: BackwardTraits): Kernel {
  const code = new RowBlockCode(block);
  const { width, inner, rows } = block;
  const partial =
    (index: number) =>
    (which: 'scale' | 'shift'): string =>
      `work[sizes.partials + firstRow / ${rows}u * ${4 * width}u + ${(index + (which === 'scale' ? 0 : 1)) * width}u + c]`;
  const through = (scale: string, sum: string): string => `let g = tileX[inTile] * weights[sizes.${scale} + column];
let means = rowStatistics[row];
let normal = (saved[sizes.${sum} + min(place, sizes.rows * ${width}u - 1u)] - means.z) * means.w;
let dSum = means.w * (g - means.x - normal * means.y);`;
  return kernel<string, string>({
    name: `rows backward, ${4 * width} and ${4 * inner}, ${activation}${terms === 'absolute' ? ', absolute' : ''}`,
    sizes,
    buffers: {
      dOut: reads('vec4<f32>'),
      saved: reads('vec4<f32>'),
      ...(terms === 'relative' ? { qkv: reads('vec4<f32>') } : {}),
      logSumExp: reads(),
      weights: reads('vec4<f32>'),
      state: reads('u32'),
      work: writes('vec4<f32>'),
    },
    workgroup: [ROW_BLOCK_THREADS, 1, 1],
    module: `${code.module}
${ACTIVATION_CODE[activation]}
fn acts(x: vec4f) -> vec4f { return vec4f(act(x.x), act(x.y), act(x.z), act(x.w)); }
fn slopes(x: vec4f) -> vec4f { return vec4f(slope(x.x), slope(x.y), slope(x.z), slope(x.w)); }`,
    body: `${code.begin}
${code.each(() => 'if (exists) { tileX[inTile] = dOut[place]; } else { tileX[inTile] = vec4f(); }')}
${code.normSums((c) => `weights[sizes.fedScale + ${c}]`, 'saved[sizes.fedSum + place]', 'saved[sizes.statistics + at].zw', partial(0))}
workgroupBarrier();
{
let key = state[sizes.fedKey];
${code.each(
  () => `${through('fedScale', 'fedSum')}
let dropped = dSum * factors(key, place, sizes.threshold, sizes.keepScale);
tileY[inTile] = dropped;
if (exists) {
  work[sizes.dSum + place] = dSum;
  work[place] = dropped;
}`,
)}
}
workgroupBarrier();
${code.declared('back')}
for (var chunk = 0u; chunk < ${inner}u; chunk += ${width}u) {
{
${code.declared('dInner')}
${code.product('dInner', { tile: 'tileY', weights: 'weights', kind: 'nt', start: 'sizes.outerKernel', width: `${width}u`, steps: `${width}u` }, 'chunk', `${inner}u`)}
let key = state[sizes.innerKey];
${code.each(
  (sum) => `let innerColumn = chunk + column;
if (innerColumn < ${inner}u) {
  let at = (firstRow + row) * ${inner}u + innerColumn;
  let x = saved[sizes.inner + min(at, sizes.rows * ${inner}u - 1u)];
  let factor = factors(key, at, sizes.innerThreshold, sizes.innerScale);
  let value = ${sum('dInner')} * factor * slopes(x);
  tileX[inTile] = value;
  if (exists) {
    work[sizes.activated + at] = acts(x) * factor;
    work[sizes.dInner + at] = value;
  }
}`,
)}
}
workgroupBarrier();
${code.product('back', { tile: 'tileX', weights: 'weights', kind: 'nt', start: 'sizes.innerKernel + chunk', width: `${inner}u`, steps: `min(${width}u, ${inner}u - chunk)` })}
workgroupBarrier();
}
${code.each((sum) => `tileX[inTile] = vec4f(); if (exists) { tileX[inTile] = ${sum('back')} + work[sizes.dSum + place]; }`)}
${code.normSums((c) => `weights[sizes.attendedScale + ${c}]`, 'saved[sizes.attendedSum + place]', 'saved[sizes.statistics + at].xy', partial(2))}
workgroupBarrier();
{
let key = state[sizes.attendedKey];
${code.each(
  () => `${through('attendedScale', 'attendedSum')}
let dropped = dSum * factors(key, place, sizes.threshold, sizes.keepScale);
tileY[inTile] = dropped;
if (exists) {
  work[sizes.dSum + place] = dSum;
  work[sizes.dAttended + place] = dropped;
}`,
)}
}
workgroupBarrier();
{
${code.declared('dContext')}
${code.product('dContext', { tile: 'tileY', weights: 'weights', kind: 'nt', start: 'sizes.output', width: `${width}u`, steps: `${width}u` })}
${code.each((sum) => `tileX[inTile] = ${sum('dContext')}; if (exists) { work[sizes.dContext + place] = ${sum('dContext')}; }`)}
}
workgroupBarrier();
// What attention's gradients need of each query and head.
let vectors = ${width}u / sizes.heads;
for (var item = thread; item < ${rows}u * sizes.heads; item += ${ROW_BLOCK_THREADS}u) {
  let row = item / sizes.heads;
  let head = item % sizes.heads;
  let whole = firstRow + row;
  if (whole >= sizes.rows) { continue; }
  var delta = 0.0;
  var same = 0.0;
  var other = 0.0;
  for (var c = head * vectors; c < (head + 1u) * vectors; c++) {
    delta += dot(tileX[row * ${width}u + c], saved[whole * ${width}u + c]);
${
  terms === 'relative'
    ? `    let query = qkv[whole * ${width}u + c] + weights[sizes.segmentBias + c];
    same += dot(query, weights[sizes.segmentEmbedding + c]);
    other += dot(query, weights[sizes.segmentEmbedding + ${width}u + c]);`
    : ''
}
  }
  let place = (whole / sizes.pieces * sizes.heads + head) * sizes.pieces + whole % sizes.pieces;
  work[sizes.attentionStatistics + place] = vec4f(logSumExp[place], delta, same, other);
}`,
  });
}

const made = new Map<string, Kernel>();

/**
 * From dOut [R, d], the gradient of the layer's output: everything in `work` (`workPlaces`) that the gradients of attention, of the layer's
 * input and of its weights are computed from. `saved` as `savedPlaces` lays it out.
 */
export function recordRowsBackward(
  recorder: Recorder,
  shape: RowsShape,
  { sequences, pieces, heads }: Pick<AttentionShape, 'sequences' | 'pieces' | 'heads'>,
  inputs: {
    readonly dOut: Region;
    readonly saved: Region;
    readonly qkv: Region;
    readonly logSumExp: Region;
    readonly weights: Region;
    readonly places: LayerPlaces;
    readonly state: Region;
    readonly terms: AttentionTerms;
  },
  { work }: { readonly work: Region },
): void {
  const { block, rows, activation } = shape;
  const { places, terms, qkv, ...regions } = inputs;
  const own = workPlaces(shape, sequences * heads * pieces);
  const relative = terms === 'relative';
  const values: Record<RowsSize, number> = {
    ...rowsSizes(shape, places),
    dAttended: own.dAttended / 4,
    dSum: own.dSum / 4,
    dContext: own.dContext / 4,
    activated: own.activated / 4,
    dInner: own.dInner / 4,
    attentionStatistics: own.statistics / 4,
    partials: own.partials / 4,
    heads,
    pieces,
    segmentBias: relative ? places.place('attention.segmentBias') / 4 : 0,
    segmentEmbedding: relative ? places.place('attention.segmentEmbedding') / 4 : 0,
    logSumExp: savedPlaces(shape, 0).logSumExp,
  };
  const key = [block.width, block.inner, activation, terms].join(' ');
  const used = made.get(key) ?? backwardKernel({ block, activation, terms });
  made.set(key, used);
  const work_ = 32 * rows * block.width * (block.width + 2 * block.inner);
  recorder.launch(used, values, { ...regions, ...(relative ? { qkv } : {}), work }, linearGrid(own.groups, 1), work_);
}
