// The tagger on one split: what it predicts, and the entity scores of that.
import type { TagSet } from '../data/tagSet.ts';
import { scoreSplit } from '../metrics/scoreSplit.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { SplitScores } from '../metrics/spanScore.ts';
import type { TrainingEvent } from '../schema/trainingEvent.ts';
import type { EncodedSplit, TaggedSplit } from './tagSplit.ts';
import { tagSplit } from './tagSplit.ts';
import type { Predictor } from './trainer.ts';

export interface Evaluation {
  readonly scores: SplitScores;
  /** `[sentences][tokens]`, in the run's tag scheme. */
  readonly predicted: TaggedSplit['predicted'];
}

/** Predicts and scores every token of every sentence, telling its progress in sequences. */
export async function* evaluate(
  split: EncodedSplit,
  task: { readonly tagSet: TagSet },
  predictor: Predictor,
  config: Pick<TrainingConfig, 'tagScheme' | 'microBatchSize'>,
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, Evaluation> {
  const tagging = tagSplit(split, task.tagSet, predictor, config, signal);
  let next = await tagging.next();
  for (; next.done !== true; next = await tagging.next()) {
    yield { kind: 'phase', phase: 'evaluating', done: next.value, total: split.sequences.length };
  }
  const { gold, predicted } = next.value;
  return { scores: scoreSplit(gold, predicted, config.tagScheme), predicted };
}
