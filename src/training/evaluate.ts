// Entity scores of the tagger on one split.
import type { Sentence } from '../data/corpus.ts';
import type { Sequence } from '../data/features.ts';
import { joinPredictions } from '../data/joinPredictions.ts';
import { mentionsToTags } from '../data/tagScheme.ts';
import type { TagSet } from '../data/tagSet.ts';
import { scoreSplit } from '../metrics/scoreSplit.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { SplitScores } from '../schema/scores.ts';
import type { TrainingEvent } from '../schema/trainingEvent.ts';
import { predict } from './predict.ts';
import type { Predictor } from './trainer.ts';

/** The sentences of one split and the sequences made from them. */
export interface EncodedSplit {
  readonly sentences: readonly Sentence[];
  readonly sequences: readonly Sequence[];
}

/** Without the backward pass a batch needs a fraction of the memory, so more sequences fit. */
const EVALUATION_MICRO_BATCHES = 2;

/** Scores every token of every sentence, telling its progress in sequences. */
export async function* evaluate(
  split: EncodedSplit,
  task: { readonly tagSet: TagSet },
  predictor: Predictor,
  config: Pick<TrainingConfig, 'tagScheme' | 'microBatchSize'>,
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, SplitScores> {
  const { sentences, sequences } = split;
  const batchSize = config.microBatchSize * EVALUATION_MICRO_BATCHES;
  const predictions = predict(sequences, predictor, batchSize, signal);
  let next = await predictions.next();
  for (; next.done !== true; next = await predictions.next()) {
    yield { kind: 'phase', phase: 'evaluating', done: next.value, total: sequences.length };
  }
  const predicted = joinPredictions(sentences, sequences, next.value, task.tagSet);
  const gold = sentences.map(({ mentions, tokens }) => mentionsToTags(mentions, tokens.length, config.tagScheme));
  return scoreSplit(gold, predicted, config.tagScheme);
}
