// All of a layer between its attention and the next one's queries, keys and values, in one launch: every row by itself.
import type { Activation } from '../../../model/blocks/encoderFamily.ts';
import { kernel, keyWord, reads, writes, type BufferBinding, type Kernel } from '../../gpu/kernel.ts';
import { aligned, linearGrid, part, type Recorder, type Region } from '../../gpu/recorder.ts';
import { ACTIVATION_CODE } from '../activationKernel.ts';
import { dropoutSizes } from '../bias.ts';
import { RowBlockCode, type RowBlock } from './rowBlocks.ts';

export interface RowsShape {
  readonly block: RowBlock;
  readonly rows: number;
  readonly activation: Activation;
  readonly epsilon: number;
  readonly layer: number;
  /** Dropout before residuals, and inside the feed-forward block. */
  readonly rate: number;
  readonly innerRate: number;
  /** Whether queries, keys, values and the attention's output have biases. */
  readonly biased: boolean;
}

/** Tensors of a layer's bank, in words from its start. */
export interface LayerPlaces {
  place(suffix: string): number;
}

/** First words of what a layer saves for its backward pass, and their sum. */
export function savedPlaces({ block, rows }: Pick<RowsShape, 'block' | 'rows'>, queries: number) {
  const wide = aligned(rows * block.width * 4);
  const attendedSum = wide;
  const middle = attendedSum + wide;
  const fedSum = middle + wide;
  const inner = fedSum + wide;
  const statistics = inner + aligned(rows * block.inner * 4);
  const logSumExp = statistics + aligned(rows * 4);
  return {
    context: 0,
    attendedSum,
    middle,
    fedSum,
    inner,
    statistics,
    logSumExp,
    length: logSumExp + aligned(queries),
  };
}

/** What both directions are given first: lengths, dropout's keys, and places in the layer's activations and parameters. */
export const LAYER_SIZES = {
  rows: 'u32',
  epsilon: 'f32',
  attendedKey: 'u32',
  innerKey: 'u32',
  fedKey: 'u32',
  threshold: 'u32',
  keepScale: 'f32',
  innerThreshold: 'u32',
  innerScale: 'f32',
  attendedSum: 'u32',
  middle: 'u32',
  fedSum: 'u32',
  inner: 'u32',
  statistics: 'u32',
  output: 'u32',
  outputBias: 'u32',
  attendedScale: 'u32',
  attendedShift: 'u32',
  innerKernel: 'u32',
  innerBias: 'u32',
  outerKernel: 'u32',
  outerBias: 'u32',
  fedScale: 'u32',
  fedShift: 'u32',
} as const;

const sizes = {
  ...LAYER_SIZES,
  qkv: 'u32',
  strideQkv: 'u32',
  qkvBias: 'u32',
  strideBias: 'u32',
  strideOut: 'u32',
} as const;
type RowsSize = keyof typeof sizes;

interface RowsTraits {
  readonly block: RowBlock;
  readonly activation: Activation;
  readonly biased: boolean;
  /** Whether the layer's own blocks are computed, and whether the next layer's queries, keys and values. */
  readonly layer: boolean;
  readonly next: boolean;
}

function rowsKernel({ block, activation, biased, layer, next }: RowsTraits): Kernel {
  const code = new RowBlockCode(block);
  const { width, inner } = block;
  const normed = (scale: string, shift: string): string =>
    `(tileY[inTile] - rowStatistics[row].x) * rowStatistics[row].y * weights[sizes.${scale} + column] + weights[sizes.${shift} + column]`;
  const buffers: Record<string, BufferBinding> = {
    h: reads('vec4<f32>'),
    ...(layer
      ? { weights: reads('vec4<f32>'), state: reads('u32'), saved: writes('vec4<f32>'), out: writes('vec4<f32>') }
      : {}),
    ...(next ? { nextWeights: reads('vec4<f32>'), qkv: writes('vec4<f32>') } : {}),
  };
  const ownBlocks = `
${code.each(() => 'if (exists) { tileX[inTile] = saved[place]; } else { tileX[inTile] = vec4f(); }')}
workgroupBarrier();
{
${code.declared('attended')}
${code.product('attended', { tile: 'tileX', weights: 'weights', kind: 'nn', start: 'sizes.output', width: `${width}u`, steps: `${width}u` })}
let key = state[sizes.attendedKey];
${code.each(
  (sum) => `let x = ${sum('attended')}${biased ? ' + weights[sizes.outputBias + column]' : ''};
let value = x * factors(key, place, sizes.threshold, sizes.keepScale) + h[min(place, arrayLength(&h) - 1u)];
tileY[inTile] = value;
if (exists) { saved[sizes.attendedSum + place] = value; }`,
)}
}
${code.spread}
let attendedSpread = rowStatistics[sharedRow].xy;
${code.each(
  () => `let value = ${normed('attendedScale', 'attendedShift')};
tileX[inTile] = value;
if (exists) { saved[sizes.middle + place] = value; }`,
)}
workgroupBarrier();
${code.declared('fed')}
for (var chunk = 0u; chunk < ${inner}u; chunk += ${width}u) {
{
${code.declared('inner')}
${code.product('inner', { tile: 'tileX', weights: 'weights', kind: 'nn', start: 'sizes.innerKernel', width: `${inner}u`, steps: `${width}u` }, 'chunk', `${inner}u`)}
let key = state[sizes.innerKey];
${code.each(
  (sum) => `let innerColumn = chunk + column;
if (innerColumn < ${inner}u) {
  let x = ${sum('inner')} + weights[sizes.innerBias + innerColumn];
  let at = (firstRow + row) * ${inner}u + innerColumn;
  if (exists) { saved[sizes.inner + at] = x; }
  tileY[inTile] = acts(x) * factors(key, at, sizes.innerThreshold, sizes.innerScale);
}`,
)}
}
workgroupBarrier();
${code.product('fed', { tile: 'tileY', weights: 'weights', kind: 'nn', start: `sizes.outerKernel + 4u * chunk * ${width}u`, width: `${width}u`, steps: `min(${width}u, ${inner}u - chunk)` })}
workgroupBarrier();
}
{
let key = state[sizes.fedKey];
${code.each(
  (sum) => `let x = ${sum('fed')} + weights[sizes.outerBias + column];
let value = x * factors(key, place, sizes.threshold, sizes.keepScale) + tileX[inTile];
tileY[inTile] = value;
if (exists) { saved[sizes.fedSum + place] = value; }`,
)}
}
${code.spread}
if (share == 0u && firstRow + sharedRow < sizes.rows) {
  saved[sizes.statistics + firstRow + sharedRow] = vec4f(attendedSpread, rowStatistics[sharedRow].xy);
}
${code.each(
  () => `let value = ${normed('fedScale', 'fedShift')};
tileX[inTile] = value;
if (exists) { out[place] = value; }`,
)}`;
  const nextOnes = `
workgroupBarrier();
for (var matrix = 0u; matrix < 3u; matrix++) {
${code.declared('part')}
${code.product('part', { tile: 'tileX', weights: 'nextWeights', kind: 'nn', start: 'sizes.qkv + matrix * sizes.strideQkv', width: `${width}u`, steps: `${width}u` })}
${code.each((sum) => `if (exists) { qkv[matrix * sizes.strideOut + place] = ${sum('part')}${biased ? ' + nextWeights[sizes.qkvBias + matrix * sizes.strideBias + column]' : ''}; }`)}
}`;
  const what = [...(layer ? ['layer'] : []), ...(next ? ['next'] : [])].join(' and ');
  return kernel<string, string>({
    name: `rows of ${what}, ${4 * width} and ${4 * inner}, ${activation}${biased ? ', biased' : ''}`,
    sizes,
    buffers,
    workgroup: [64, 1, 1],
    module: `${code.module}
${
  layer
    ? `${ACTIVATION_CODE[activation]}
fn acts(x: vec4f) -> vec4f { return vec4f(act(x.x), act(x.y), act(x.z), act(x.w)); }`
    : ''
}`,
    body: `${code.begin}
${layer ? ownBlocks : code.each(() => 'if (exists) { tileX[inTile] = h[place]; } else { tileX[inTile] = vec4f(); }')}
${next ? nextOnes : ''}`,
  });
}

const made = new Map<string, Kernel>();

function kernelOf(traits: RowsTraits): Kernel {
  const { block, activation, biased, layer, next } = traits;
  const key = [block.width, block.inner, activation, biased, layer, next].join(' ');
  const known = made.get(key) ?? rowsKernel(traits);
  made.set(key, known);
  return known;
}

export interface RowsForward {
  readonly weights: Region;
  readonly places: LayerPlaces;
  readonly state: Region;
  /** As `savedPlaces` lays it out, with the context in place. */
  readonly saved: Region;
  /** The layer's output [R, d], written. */
  readonly out: Region;
}

export interface RowsNext {
  readonly weights: Region;
  readonly places: LayerPlaces;
  /** Queries, keys and values, each [R, d] and beginning at a multiple of 64 words, written. */
  readonly qkv: Region;
}

/** Rate, keys and places as sizes, the same forward and backward. */
export function rowsSizes(shape: RowsShape, places: LayerPlaces) {
  const { rows, epsilon, layer, rate, innerRate, biased } = shape;
  const [outer, inner] = [dropoutSizes(rate), dropoutSizes(innerRate)];
  const saved = savedPlaces(shape, 0);
  const at = (suffix: string): number => places.place(suffix) / 4;
  return {
    rows,
    epsilon,
    attendedKey: keyWord(layer, 'attentionOutput'),
    innerKey: keyWord(layer, 'inner'),
    fedKey: keyWord(layer, 'outer'),
    ...outer,
    innerThreshold: inner.threshold,
    innerScale: inner.keepScale,
    attendedSum: saved.attendedSum / 4,
    middle: saved.middle / 4,
    fedSum: saved.fedSum / 4,
    inner: saved.inner / 4,
    statistics: saved.statistics / 4,
    output: at('attention.output'),
    outputBias: biased ? at('attention.output.bias') : 0,
    attendedScale: at('attention.norm.scale'),
    attendedShift: at('attention.norm.shift'),
    innerKernel: at('feedForward.inner.kernel'),
    innerBias: at('feedForward.inner.bias'),
    outerKernel: at('feedForward.outer.kernel'),
    outerBias: at('feedForward.outer.bias'),
    fedScale: at('feedForward.norm.scale'),
    fedShift: at('feedForward.norm.shift'),
  };
}

/**
 * From the layer's input `h` [R, d] and its context: attention's projection, residual norm, feed-forward block, residual norm; then the
 * queries, keys and values of the next layer. Without `own` those of `h` itself; without `next` none.
 */
export function recordRowsForward(
  recorder: Recorder,
  shape: RowsShape,
  h: Region,
  own: RowsForward | null,
  next: RowsNext | null,
): void {
  const { block, rows, biased, activation } = shape;
  const at = (suffix: string): number => (next === null ? 0 : next.places.place(suffix) / 4);
  const values: Record<RowsSize, number> = {
    ...rowsSizes(shape, own?.places ?? (next as RowsNext).places),
    qkv: at('attention.query'),
    strideQkv: at('attention.key') - at('attention.query'),
    qkvBias: biased ? at('attention.query.bias') : 0,
    strideBias: biased ? at('attention.key.bias') - at('attention.query.bias') : 0,
    strideOut: aligned(rows * block.width * 4) / 4,
  };
  const regions: Record<string, Region> = { h };
  if (own !== null) Object.assign(regions, { weights: own.weights, state: own.state, saved: own.saved, out: own.out });
  if (next !== null) Object.assign(regions, { nextWeights: next.weights, qkv: next.qkv });
  const products = (own === null ? 0 : block.width + 2 * block.inner) + (next === null ? 0 : 3 * block.width);
  const used = kernelOf({ block, activation, biased, layer: own !== null, next: next !== null });
  recorder.launch(
    used,
    values,
    regions,
    linearGrid(Math.ceil(rows / block.rows), 1),
    32 * rows * block.width * products,
  );
}

export interface RowsSaved {
  readonly context: Region;
  readonly logSumExp: Region;
}

/** Parts of a layer's saved values that attention writes. */
export function savedParts(shape: Pick<RowsShape, 'block' | 'rows'>, saved: Region, queries: number): RowsSaved {
  const places = savedPlaces(shape, queries);
  return {
    context: part(saved, 0, shape.rows * shape.block.width * 4),
    logSumExp: part(saved, places.logSumExp, queries),
  };
}
