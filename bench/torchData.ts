// Makes the data that the lab and PyTorch train on in one measurement: a batch, and the sequences of an epoch with lengths as sentences have them.
import type { Sequence } from '../src/data/pieces/sequences.ts';
import type { Batch } from '../src/model/blocks/encoderFamily.ts';
import { Rng } from '../src/util/random.ts';
import { drawnBatch } from '../tests/fixtures/drawnBatch.ts';
import { taggerOf, type BenchShape } from './benchShape.ts';

export type EpochSequence = Pick<Sequence, 'pieceIds' | 'segmentIds' | 'crfPositions' | 'tags'>;

/** Batches of an epoch. */
const BATCHES = 16;
/** Sentences of biomedical abstracts: the median and the spread of the logarithms of their numbers of pieces. */
const MEDIAN_PIECES = 30;
const SPREAD = 0.5;

export function benchBatch(shape: BenchShape): Batch {
  return drawnBatch(taggerOf(shape), shape.batch, shape.length);
}

/** No sequence is longer than those of the batch. */
export function epochSequences(shape: BenchShape): readonly EpochSequence[] {
  const rng = Rng.seeded(2);
  const { encoder, head } = taggerOf(shape);
  const uniform = (): number => (1 + rng.integer(1_000_000)) / 1_000_001;
  return Array.from({ length: BATCHES * shape.batch }, () => {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const length = Math.max(4, Math.min(shape.length, Math.round(MEDIAN_PIECES * Math.exp(SPREAD * normal))));
    const each = (of: (index: number) => number): Int32Array<ArrayBuffer> => Int32Array.from({ length }, (_, index) => of(index)); // prettier-ignore
    return {
      pieceIds: each(() => rng.integer(encoder.vocabularySize)),
      segmentIds: each((index) => (index < length - 1 ? 0 : encoder.family === 'bert' ? encoder.segments - 1 : 2)),
      crfPositions: each((index) => index),
      tags: each(() => rng.integer(head.tagCount)),
    };
  });
}

/** The same as lists, for Python. */
export function dataForTorch(shape: BenchShape): unknown {
  const batch = benchBatch(shape);
  const rows = Array.from({ length: batch.size }, (_, row) => {
    const of = (values: Int32Array): number[] => [...values.subarray(row * batch.pieces, (row + 1) * batch.pieces)];
    return { pieces: of(batch.pieceIds), tags: of(batch.tags) };
  });
  const sequences = epochSequences(shape).map(({ pieceIds, tags }) => ({ pieces: [...pieceIds], tags: [...tags] }));
  return { batch: rows, sequences };
}
