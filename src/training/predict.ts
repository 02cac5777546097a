// Predicted tags of every CRF position, batch by batch.
import type { Sequence } from '../data/features.ts';
import { macrotask } from '../util/macrotask.ts';
import { evaluationBatches } from './batches.ts';
import { padBatch } from './padBatch.ts';
import type { Predictor } from './trainer.ts';

/**
 * Tag indices [N] for each sequence (paper, prediction).
 * Yields how many sequences are done after each batch; throws the signal's reason when it is aborted.
 */
export async function* predict(
  sequences: readonly Sequence[],
  predictor: Predictor,
  batchSize: number,
  signal: AbortSignal,
): AsyncGenerator<number, readonly Int32Array[]> {
  const predicted: Int32Array[] = [];
  const lengths = sequences.map(({ pieceIds }) => pieceIds.length);
  let done = 0;
  for (const indices of evaluationBatches(lengths, batchSize)) {
    signal.throwIfAborted();
    const tags = await predictor.predict(padBatch(sequences, indices));
    for (const [row, index] of indices.entries()) predicted[index] = tags[row] as Int32Array;
    done += indices.length;
    yield done;
    await macrotask();
  }
  return predicted;
}
