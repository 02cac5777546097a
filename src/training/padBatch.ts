// Sequences of different lengths to one padded batch.
import type { Sequence } from '../data/features.ts';
import { lengthBucket } from '../data/lengthBuckets.ts';
import type { Batch } from '../model/batch.ts';

const PAD_ID = 5;

/** Pads to the bucket of the longest sequence, so that the shapes a run meets, and the GPU buffers kept for them, stay few. */
export function padBatch(sequences: readonly Sequence[], indices: readonly number[]): Batch {
  const chosen = indices.map((index) => sequences[index] as Sequence);
  const size = chosen.length;
  const pieces = lengthBucket(Math.max(...chosen.map(({ pieceIds }) => pieceIds.length)));
  const positions = lengthBucket(Math.max(...chosen.map(({ crfPositions }) => crfPositions.length)));
  const pieceIds = new Int32Array(size * pieces).fill(PAD_ID);
  const segmentIds = new Int32Array(size * pieces);
  const crfPositions = new Int32Array(size * positions);
  const tags = new Int32Array(size * positions);
  for (const [row, sequence] of chosen.entries()) {
    pieceIds.set(sequence.pieceIds, row * pieces);
    segmentIds.set(sequence.segmentIds, row * pieces);
    crfPositions.set(sequence.crfPositions, row * positions);
    tags.set(sequence.tags, row * positions);
  }
  return {
    size,
    pieces,
    positions,
    pieceIds,
    segmentIds,
    pieceCounts: Int32Array.from(chosen, (sequence) => sequence.pieceIds.length),
    crfPositions,
    tags,
    crfCounts: Int32Array.from(chosen, (sequence) => sequence.crfPositions.length),
  };
}
