// Predicted tags of every CRF position, batch by batch.
import type { Sequence } from '../data/features.ts';
import type { TrainingConfig } from '../schema/config.ts';
import { macrotask } from '../util/macrotask.ts';
import { evaluationBatches } from './batches.ts';
import { padBatch } from './padBatch.ts';
import type { Prediction, Predictor } from './trainer.ts';

/** Without the backward pass a batch needs a fraction of the memory, so more sequences fit. */
const EVALUATION_MICRO_BATCHES = 2;

export interface PredictedBatch {
  /** Which of the sequences it holds. */
  readonly indices: readonly number[];
  readonly prediction: Prediction;
}

/** Predicts sequences in order of their length. Throws the signal's reason when it is aborted. */
export async function* predictBatches(
  sequences: readonly Sequence[],
  predictor: Predictor,
  { microBatchSize }: Pick<TrainingConfig, 'microBatchSize'>,
  signal: AbortSignal,
): AsyncGenerator<PredictedBatch, void> {
  const lengths = sequences.map(({ pieceIds }) => pieceIds.length);
  for (const indices of evaluationBatches(lengths, microBatchSize * EVALUATION_MICRO_BATCHES)) {
    signal.throwIfAborted();
    yield { indices, prediction: await predictor.predict(padBatch(sequences, indices)) };
    await macrotask();
  }
}

/**
 * Tag indices [N] for each sequence (paper, prediction).
 * Yields how many sequences are done after each batch; throws the signal's reason when it is aborted.
 */
export async function* predict(
  sequences: readonly Sequence[],
  predictor: Predictor,
  config: Pick<TrainingConfig, 'microBatchSize'>,
  signal: AbortSignal,
): AsyncGenerator<number, readonly Int32Array[]> {
  const predicted: Int32Array[] = [];
  let done = 0;
  for await (const { indices, prediction } of predictBatches(sequences, predictor, config, signal)) {
    for (const [row, index] of indices.entries()) predicted[index] = prediction.tags[row] as Int32Array;
    done += indices.length;
    yield done;
  }
  return predicted;
}
