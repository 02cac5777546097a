// Kernels of embedding tables: gather rows for the pieces of a batch, and sum their gradients in order, without atomics.
import { kernel, reads, writes } from '../gpu/kernel.ts';
import { aligned, linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';
import { keyWord } from '../gpu/stepState.ts';
import { COLUMNS, LANES } from './bias.ts';
import { dropoutCode, dropoutSizes } from './dropoutKernel.ts';
import { ROW_THREADS, rowSizes, rowSizesOf, rowSpreadCode, rowStatisticsCode, rowSumCode } from './residualNorm.ts';

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
