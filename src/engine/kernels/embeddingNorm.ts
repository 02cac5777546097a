// BERT's embeddings of the pieces of a batch: word, position and segment, normed and dropped, a workgroup a row.
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { aligned, linearGrid } from '../recorder.ts';
import { dropoutCode } from './dropoutCode.ts';
import { ROW_THREADS, rowSizes, rowSizesOf, rowSpreadCode, rowStatisticsCode, rowSumCode } from './residualNorm.ts';

const embeddingNorm = kernel({
  name: 'embeddingNorm',
  sizes: { ...rowSizes, pieces: 'u32', lastPosition: 'u32', segmentsAt: 'u32', scaleAt: 'u32', shiftAt: 'u32' },
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
  let position = min(row % sizes.pieces, sizes.lastPosition) * sizes.width;
  let segment = sizes.segmentsAt + u32(segmentIds[row]) * sizes.width;
  ${rowSpreadCode('words[word + column] + others[position + column] + others[segment + column]')}
  for (var column = thread; column < sizes.width; column += ${ROW_THREADS}u) {
    let at = start + column;
    let normed = (sum[at] - mean) * deviation * others[sizes.scaleAt + column] + others[sizes.shiftAt + column];
    y[at] = normed * dropped(key, at, sizes.threshold, sizes.kept);
  }
  ${rowStatisticsCode}`,
});

export interface EmbeddingNormShape {
  readonly sequences: number;
  readonly pieces: number;
  readonly hiddenSize: number;
  /** Rows of the table of positions, and of that of segments. */
  readonly positions: number;
  readonly segments: number;
  readonly epsilon: number;
  readonly rate: number;
}

/**
 * sum [R, d] = word[pieceIds] + position[t] + segment[segmentIds]; y = dropout((sum - mean) * deviation * scale + shift), at the embedding's
 * site; statistics [R, 2] keep mean and deviation. `others` are position [P, d], segment [S, d], scale and shift, one after the other, each
 * beginning at a multiple of 64 words: one binding instead of four.
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
  const { sequences, pieces, hiddenSize, positions, segments } = shape;
  const rows = sequences * pieces;
  const segmentsAt = aligned(positions * hiddenSize);
  const scaleAt = segmentsAt + aligned(segments * hiddenSize);
  const shiftAt = scaleAt + aligned(hiddenSize);
  const places = { pieces, lastPosition: positions - 1, segmentsAt, scaleAt, shiftAt };
  const sizes = { ...rowSizesOf({ ...shape, rows, layer: -1, site: 'embedding' }), ...places };
  recorder.launch(embeddingNorm, sizes, { ...inputs, ...out }, linearGrid(rows, 1), 40 * rows * hiddenSize);
}
