// Entity scores of the tagger on one split.
import type { TagSet } from '../data/tagSet.ts';
import { scoreSplit } from '../metrics/scoreSplit.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { SplitScores } from '../schema/scores.ts';
import type { TrainingEvent } from '../schema/trainingEvent.ts';
import type { EncodedSplit } from './tagSplit.ts';
import { tagSplit } from './tagSplit.ts';
import type { Predictor } from './trainer.ts';

/** Scores every token of every sentence, telling its progress in sequences. */
export async function* evaluate(
  split: EncodedSplit,
  task: { readonly tagSet: TagSet },
  predictor: Predictor,
  config: Pick<TrainingConfig, 'tagScheme' | 'microBatchSize'>,
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, SplitScores> {
  const tagging = tagSplit(split, task.tagSet, predictor, config, signal);
  let next = await tagging.next();
  for (; next.done !== true; next = await tagging.next()) {
    yield { kind: 'phase', phase: 'evaluating', done: next.value, total: split.sequences.length };
  }
  const { gold, predicted } = next.value;
  return scoreSplit(gold, predicted, config.tagScheme);
}
