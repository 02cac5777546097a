// Packs the upload of one micro-batch: its ids, its CRF positions and the orders that make gathers and sums deterministic.
import type { Batch } from '../../model/blocks/batch.ts';
import { aligned, type Region, type Resident } from '../gpu/recorder.ts';

/** Sections of the input buffer for B sequences of T pieces; R = B*T rows, and as many CRF positions; K tags. */
export interface BatchInputs {
  readonly buffer: Resident;
  readonly sections: Readonly<Record<SectionName, Region>>;
}

const SECTIONS = [
  'pieceIds', // i32 [R]
  'segmentIds', // i32 [R]
  'pieceCounts', // i32 [B]
  'headRows', // u32 [R] piece row of each CRF position
  'headInverse', // i32 [R] CRF position of each piece row, -1 without one
  'tags', // i32 [R]
  'crfCounts', // i32 [B]
  'openTags', // i32 [B, K] with partial labels, else empty
  'order', // u32 [R] real rows sorted by piece id
  'starts', // u32 [R + 1] where each distinct id begins in `order`
  'ids', // u32 [R] the distinct ids
  'uniqueCount', // u32 [1]
] as const;
type SectionName = (typeof SECTIONS)[number];

/** `openTagCount`: number of tags of a head that learns from partial labels; 0 for others. */
export function batchInputs(sequences: number, pieces: number, openTagCount = 0): BatchInputs {
  const rows = sequences * pieces;
  const lengths: Partial<Record<SectionName, number>> = {
    pieceCounts: sequences,
    crfCounts: sequences,
    openTags: sequences * openTagCount,
    starts: rows + 1,
    uniqueCount: 1,
  };
  let end = 0;
  const places = SECTIONS.map((name) => {
    const length = lengths[name] ?? rows;
    const offset = end;
    end += aligned(length);
    return [name, offset, length] as const;
  });
  const buffer: Resident = { kind: 'resident', label: `inputs of ${sequences} x ${pieces}`, length: end };
  const sections = Object.fromEntries(places.map(([name, offset, length]) => [name, { buffer, offset, length }]));
  return { buffer, sections: sections as Record<SectionName, Region> };
}

/**
 * Fills the words of `inputs` for a batch. CRF positions are widened from the batch's N to its T, which does not affect the CRF: it
 * stops at each sequence's count. `wanted`: what reads them; the orders of rows are for gradients alone.
 */
export function batchWords(
  { buffer, sections }: BatchInputs,
  batch: Batch,
  wanted: 'gradients' | 'prediction',
): Int32Array<ArrayBuffer> {
  const words = new Int32Array(buffer.length);
  const { size: B, pieces: T, positions: N } = batch;
  const put = (name: SectionName, values: ArrayLike<number>): void => words.set(values, sections[name].offset);
  put('pieceIds', batch.pieceIds);
  put('segmentIds', batch.segmentIds);
  put('pieceCounts', batch.pieceCounts);
  put('crfCounts', batch.crfCounts);
  if (batch.openTags !== undefined && sections.openTags.length > 0) put('openTags', batch.openTags);
  const headRows = new Int32Array(B * T);
  const inverse = new Int32Array(B * T).fill(-1);
  const tags = new Int32Array(B * T);
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < (batch.crfCounts[b] as number); n++) {
      const row = b * T + (batch.crfPositions[b * N + n] as number);
      headRows[b * T + n] = row;
      inverse[row] = b * T + n;
      tags[b * T + n] = batch.tags[b * N + n] as number;
    }
  }
  put('headRows', headRows);
  put('headInverse', inverse);
  put('tags', tags);
  if (wanted === 'gradients') {
    const { order, starts, ids } = ordersOf(batch);
    put('order', order);
    put('starts', starts);
    put('ids', ids);
    put('uniqueCount', [ids.length]);
  }
  return words;
}

/** Real rows sorted by piece id, where each distinct id begins among them, and these ids; no gradient reaches padding. */
function ordersOf({ size: B, pieces: T, pieceIds, pieceCounts }: Batch) {
  const idOf = (row: number): number => pieceIds[row] as number;
  const sortable: number[] = [];
  for (let b = 0; b < B; b++) {
    for (let row = b * T; row < b * T + (pieceCounts[b] as number); row++) sortable.push(idOf(row) * B * T + row);
  }
  // Numbers are sorted several times as fast as rows by a comparison.
  const order = Float64Array.from(sortable)
    .sort()
    .map((key) => key % (B * T));
  const starts: number[] = [];
  const ids: number[] = [];
  for (const [at, row] of order.entries()) {
    if (at > 0 && idOf(row) === ids.at(-1)) continue;
    starts.push(at);
    ids.push(idOf(row));
  }
  return { order, starts: [...starts, order.length], ids };
}
