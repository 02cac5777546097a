// Kernels of embeddings and positions: rows gathered and summed in order, BERT's three rows normed, angles, and rows by distance.
import { kernel, keyWord, reads, writes } from '../gpu/kernel.ts';
import { aligned, linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';
import { COLUMNS, dropoutCode, dropoutSizes, LANES } from './bias.ts';
import { ROW_THREADS, rowSizes, rowSizesOf, rowSpreadCode, rowStatisticsCode, rowSumCode } from './residualNorm.ts';

// Gathers rows of a table for the pieces of a batch, and sums their gradients in order, without atomics.

const embedding = kernel({
  name: 'embedding',
  sizes: { count: 'u32', width: 'u32', key: 'u32', threshold: 'u32', keepScale: 'f32' },
  buffers: { table: reads('vec4<f32>'), pieceIds: reads('i32'), state: reads('u32'), out: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  module: dropoutCode,
  body: `if (index >= sizes.count) { return; }
  let row = index / sizes.width;
  let value = table[u32(pieceIds[row]) * sizes.width + index % sizes.width];
  let key = state[sizes.key];
  let first = index * 4u;
  out[index] = value * vec4f(
    dropped(key, first, sizes.threshold, sizes.keepScale),
    dropped(key, first + 1u, sizes.threshold, sizes.keepScale),
    dropped(key, first + 2u, sizes.threshold, sizes.keepScale),
    dropped(key, first + 3u, sizes.threshold, sizes.keepScale));`,
});

/** out [R, d] = dropout(table[pieceIds]), at the embedding's site. */
export function recordEmbedding(
  recorder: Recorder,
  { rows, hiddenSize, rate }: { readonly rows: number; readonly hiddenSize: number; readonly rate: number },
  inputs: { readonly table: Region; readonly pieceIds: Region; readonly state: Region },
  { out }: { readonly out: Region },
): void {
  const count = (rows * hiddenSize) / 4;
  const sizes = { count, width: hiddenSize / 4, key: keyWord(-1, 'embedding'), ...dropoutSizes(rate) };
  recorder.launch(embedding, sizes, { ...inputs, out }, linearGrid(count, 64), 80 * count);
}

const embeddingGradient = kernel({
  name: 'embeddingGradient',
  sizes: { width: 'u32', key: 'u32', threshold: 'u32', keepScale: 'f32' },
  buffers: {
    dOut: reads('vec4<f32>'),
    order: reads('u32'),
    starts: reads('u32'),
    ids: reads('u32'),
    uniqueCount: reads('u32'),
    state: reads('u32'),
    gradient: writes('vec4<f32>'),
  },
  workgroup: [64, 1, 1],
  module: dropoutCode,
  body: `let segment = index / sizes.width;
  if (segment >= uniqueCount[0]) { return; }
  let column = index % sizes.width;
  let key = state[sizes.key];
  var sum = vec4f(0.0);
  for (var at = starts[segment]; at < starts[segment + 1u]; at++) {
    let place = order[at] * sizes.width + column;
    let first = place * 4u;
    sum += dOut[place] * vec4f(
      dropped(key, first, sizes.threshold, sizes.keepScale),
      dropped(key, first + 1u, sizes.threshold, sizes.keepScale),
      dropped(key, first + 2u, sizes.threshold, sizes.keepScale),
      dropped(key, first + 3u, sizes.threshold, sizes.keepScale));
  }
  gradient[ids[segment] * sizes.width + column] += sum;`,
});

/**
 * gradient[ids[s]] += sum of the rows of dOut [R, d], with their dropout, listed in `order` from starts[s] to starts[s + 1]. Always
 * adds: the gradient is cleared at the start of a step.
 */
export function recordEmbeddingGradient(
  recorder: Recorder,
  { rows, hiddenSize, rate }: { readonly rows: number; readonly hiddenSize: number; readonly rate: number },
  inputs: {
    readonly dOut: Region;
    readonly order: Region;
    readonly starts: Region;
    readonly ids: Region;
    readonly uniqueCount: Region;
    readonly state: Region;
  },
  { gradient }: { readonly gradient: Region },
): void {
  const count = (rows * hiddenSize) / 4;
  const sizes = { width: hiddenSize / 4, key: keyWord(-1, 'embedding'), ...dropoutSizes(rate) };
  recorder.launch(embeddingGradient, sizes, { ...inputs, gradient }, linearGrid(count, 64), 80 * count);
}

// BERT's embedding: rows of pieces, positions and segments summed and normed, and the gradients of the latter two.

const embeddingNorm = kernel({
  name: 'embeddingNorm',
  sizes: {
    ...rowSizes,
    pieces: 'u32',
    firstPosition: 'u32',
    lastPosition: 'u32',
    segmentsAt: 'u32',
    scaleAt: 'u32',
    shiftAt: 'u32',
  },
  buffers: {
    words: reads(),
    others: reads(),
    pieceIds: reads('i32'),
    segmentIds: reads('i32'),
    state: reads('u32'),
    y: writes(),
    sum: writes(),
    statistics: writes(),
  },
  workgroup: [ROW_THREADS, 1, 1],
  module: dropoutCode + rowSumCode,
  body: `let row = group.y * groups.x + group.x;
  if (row >= sizes.rows) { return; }
  let start = row * sizes.width;
  let key = state[sizes.key];
  let word = u32(pieceIds[row]) * sizes.width;
  // Padding alone may reach beyond the last position.
  let position = min(row % sizes.pieces + sizes.firstPosition, sizes.lastPosition) * sizes.width;
  let segment = sizes.segmentsAt + u32(segmentIds[row]) * sizes.width;
  ${rowSpreadCode('words[word + column] + others[position + column] + others[segment + column]')}
  for (var column = thread; column < sizes.width; column += ${ROW_THREADS}u) {
    let at = start + column;
    let normed = (sum[at] - mean) * deviation * others[sizes.scaleAt + column] + others[sizes.shiftAt + column];
    y[at] = normed * dropped(key, at, sizes.threshold, sizes.keepScale);
  }
  ${rowStatisticsCode}`,
});

/** BERT's embeddings of the pieces of a batch: word, position and segment, with norm and dropout, one workgroup per row. */
interface EmbeddingNormShape {
  readonly sequences: number;
  readonly pieces: number;
  readonly hiddenSize: number;
  /** Rows of the position table, the one of a sequence's first piece, and rows of the segment table. */
  readonly positions: number;
  readonly firstPosition: number;
  readonly segments: number;
  readonly epsilon: number;
  readonly rate: number;
}

/**
 * sum [R, d] = word[pieceIds] + position[firstPosition + t] + segment[segmentIds]; y = dropout((sum - mean) * deviation * scale + shift), at the
 * embedding's site; statistics [R, 2] hold mean and deviation. `others` are position [P, d], segment [S, d], scale and shift,
 * consecutively, each beginning at a multiple of 64 words: one binding instead of four.
 */
export function recordEmbeddingNorm(
  recorder: Recorder,
  shape: EmbeddingNormShape,
  inputs: {
    readonly words: Region;
    readonly others: Region;
    readonly pieceIds: Region;
    readonly segmentIds: Region;
    readonly state: Region;
  },
  out: { readonly y: Region; readonly sum: Region; readonly statistics: Region },
): void {
  const { sequences, pieces, hiddenSize, positions, firstPosition, segments } = shape;
  const rows = sequences * pieces;
  const segmentsAt = aligned(positions * hiddenSize);
  const scaleAt = segmentsAt + aligned(segments * hiddenSize);
  const shiftAt = scaleAt + aligned(hiddenSize);
  const places = { pieces, firstPosition, lastPosition: positions - 1, segmentsAt, scaleAt, shiftAt };
  const sizes = { ...rowSizesOf({ ...shape, rows, layer: -1, site: 'embedding' }), ...places };
  recorder.launch(embeddingNorm, sizes, { ...inputs, ...out }, linearGrid(rows, 1), 40 * rows * hiddenSize);
}

const positionGradient = kernel({
  name: 'positionGradient',
  sizes: { sequences: 'u32', stride: 'u32', count: 'u32', first: 'u32' },
  buffers: { dSum: reads('vec4<f32>'), gradient: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  var sum = vec4f(0.0);
  for (var b = 0u; b < sizes.sequences; b++) { sum += dSum[b * sizes.stride + index]; }
  gradient[sizes.first + index] += sum;`,
});

/**
 * gradient [P, d] += the rows of dSum [B*T, d] at each position, from row `firstPosition` on; positions beyond the table are only padding. Always adds: the
 * gradient is cleared at the start of a step, since micro-batches differ in length.
 */
export function recordPositionGradient(
  recorder: Recorder,
  shape: {
    readonly sequences: number;
    readonly pieces: number;
    readonly positions: number;
    readonly firstPosition: number;
    readonly hiddenSize: number;
  },
  { dSum }: { readonly dSum: Region },
  { gradient }: { readonly gradient: Region },
): void {
  const { sequences, pieces, positions, firstPosition, hiddenSize } = shape;
  const width = hiddenSize / 4;
  const count = Math.min(pieces, positions - firstPosition) * width;
  const sizes = { sequences, stride: pieces * width, count, first: firstPosition * width };
  recorder.launch(positionGradient, sizes, { dSum, gradient }, linearGrid(count, 64));
}

const segmentGradient = kernel({
  name: 'segmentGradient',
  sizes: { rows: 'u32', width: 'u32' },
  buffers: { dSum: reads(), segmentIds: reads('i32'), gradient: writes() },
  workgroup: [COLUMNS, LANES, 1],
  module: `var<workgroup> parts: array<f32, ${COLUMNS * LANES}>;`,
  body: `let column = group.x * ${COLUMNS}u + local.x;
  let segment = group.y;
  var sum = 0.0;
  if (column < sizes.width) {
    for (var row = local.y; row < sizes.rows; row += ${LANES}u) {
      if (u32(segmentIds[row]) == segment) { sum += dSum[row * sizes.width + column]; }
    }
  }
  parts[thread] = sum;
  workgroupBarrier();
  if (local.y != 0u || column >= sizes.width) { return; }
  for (var lane = 1u; lane < ${LANES}u; lane++) { sum += parts[lane * ${COLUMNS}u + local.x]; }
  gradient[segment * sizes.width + column] += sum;`,
});

/** gradient [S, d] += the rows of dSum [R, d] of each segment. Always adds: the gradient is cleared at the start of a step. */
export function recordSegmentGradient(
  recorder: Recorder,
  shape: { readonly rows: number; readonly segments: number; readonly hiddenSize: number },
  inputs: { readonly dSum: Region; readonly segmentIds: Region },
  { gradient }: { readonly gradient: Region },
): void {
  const { rows, segments, hiddenSize: width } = shape;
  const grid = [Math.ceil(width / COLUMNS), segments, 1] as const;
  recorder.launch(segmentGradient, { rows, width }, { ...inputs, gradient }, grid, segments * rows * width);
}

// Rotary positions: turns the pairs of columns of queries and keys by the angles of their position, and back.

const rotary = kernel({
  name: 'rotary',
  sizes: {
    count: 'u32',
    rows: 'u32',
    pieces: 'u32',
    heads: 'u32',
    half: 'u32',
    stride: 'u32',
    sign: 'f32',
    cosinesAt: 'u32',
    sinesAt: 'u32',
  },
  buffers: { angles: reads(), qkv: writes() },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  let k = index % sizes.half;
  let head = (index / sizes.half) % sizes.heads;
  let row = (index / (sizes.half * sizes.heads)) % sizes.rows;
  let which = index / (sizes.half * sizes.heads * sizes.rows);
  let at = which * sizes.stride + (row * sizes.heads + head) * 2u * sizes.half + k;
  let angle = (row % sizes.pieces) * sizes.half + k;
  let cosine = angles[sizes.cosinesAt + angle];
  let sine = sizes.sign * angles[sizes.sinesAt + angle];
  let x = qkv[at];
  let y = qkv[at + sizes.half];
  qkv[at] = x * cosine - y * sine;
  qkv[at + sizes.half] = y * cosine + x * sine;`,
});

interface RotaryShape {
  readonly sequences: number;
  readonly pieces: number;
  readonly heads: number;
  readonly headSize: number;
  /** Which of the kinds of angles, see `RotaryDesign`. */
  readonly kind: 0 | 1;
  /** Backwards for gradients: the transpose of a rotation. */
  readonly direction: 'forwards' | 'backwards';
}

/**
 * Turns column k of each head of queries and keys with column k + h/2, in place, by the angle of the row's position: x cos - y sin, y cos +
 * x sin (Su et al. 2021, RoFormer; the halves as in GPT-NeoX). `qkv` are queries, keys and values as attention reads them; `angles` as
 * `RotaryDesign` has them.
 */
export function recordRotary(
  recorder: Recorder,
  { sequences, pieces, heads, headSize, kind, direction }: RotaryShape,
  { angles }: { readonly angles: Region },
  { qkv }: { readonly qkv: Region },
): void {
  const rows = sequences * pieces;
  const half = headSize / 2;
  const count = 2 * rows * heads * half;
  const cosinesAt = kind * 2 * pieces * half;
  const sizes = {
    ...{ count, rows, pieces, heads, half, cosinesAt },
    sinesAt: cosinesAt + pieces * half,
    stride: aligned(rows * heads * headSize),
    sign: direction === 'forwards' ? 1 : -1,
  };
  recorder.launch(rotary, sizes, { angles, qkv }, linearGrid(count, 64), 8 * count);
}

// Rows of a table by distance: gathered for every distance of a batch, and their gradients summed by row, in order.

const gather = kernel({
  name: 'distance rows',
  sizes: { count: 'u32', width: 'u32', distances: 'u32', strideTable: 'u32', strideOut: 'u32' },
  buffers: { table: reads('vec4<f32>'), places: reads('u32'), out: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  let column = index % sizes.width;
  let p = (index / sizes.width) % sizes.distances;
  let which = index / (sizes.width * sizes.distances);
  out[which * sizes.strideOut + p * sizes.width + column] = table[which * sizes.strideTable + places[p] * sizes.width + column];`,
});

const spread = kernel({
  name: 'distance row sums',
  sizes: { count: 'u32', width: 'u32', rows: 'u32', distances: 'u32', strideTable: 'u32', strideOut: 'u32' },
  buffers: { dOut: reads('vec4<f32>'), places: reads('u32'), dTable: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  let column = index % sizes.width;
  let row = (index / sizes.width) % sizes.rows;
  let which = index / (sizes.width * sizes.rows);
  var sum = vec4f(0.0);
  for (var p = places[sizes.distances + row]; p < places[sizes.distances + sizes.rows + row]; p++) {
    sum += dOut[which * sizes.strideOut + p * sizes.width + column];
  }
  dTable[which * sizes.strideTable + row * sizes.width + column] = sum;`,
});

/** Two tables [rows, d] and what is gathered of them [distances, d], each second matrix at a multiple of 64 words. */
interface DistanceShape {
  readonly rows: number;
  readonly distances: number;
  readonly hiddenSize: number;
}

function sizesOf({ rows, distances, hiddenSize }: DistanceShape) {
  return {
    ...{ width: hiddenSize / 4, rows, distances },
    strideTable: aligned(rows * hiddenSize) / 4,
    strideOut: aligned(distances * hiddenSize) / 4,
  };
}

/**
 * out[p] = table[places[p]] for both tables. `places` are the row of each distance, [distances], then for each row where its distances
 * begin and end among them, [rows] each: those of a row are neighbours.
 */
export function recordDistanceRows(
  recorder: Recorder,
  shape: DistanceShape,
  inputs: { readonly table: Region; readonly places: Region },
  { out }: { readonly out: Region },
): void {
  const { rows: _, ...others } = sizesOf(shape);
  const count = 2 * shape.distances * others.width;
  recorder.launch(gather, { count, ...others }, { ...inputs, out }, linearGrid(count, 64), 8 * count);
}

/** dTable[row] = the sum of dOut over the row's distances, 0 for a row without any. */
export function recordDistanceRowSums(
  recorder: Recorder,
  shape: DistanceShape,
  inputs: { readonly dOut: Region; readonly places: Region },
  { dTable }: { readonly dTable: Region },
): void {
  const values = sizesOf(shape);
  const count = 2 * shape.rows * values.width;
  recorder.launch(spread, { count, ...values }, { ...inputs, dTable }, linearGrid(count, 64), 8 * count);
}
