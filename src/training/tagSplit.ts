// Gold and predicted tags of every token of one split.
import type { Sentence } from '../data/corpus.ts';
import type { Sequence } from '../data/features.ts';
import { joinPredictions } from '../data/joinPredictions.ts';
import { mentionsToTags } from '../data/tagScheme.ts';
import type { TagSet } from '../data/tagSet.ts';
import type { TrainingConfig } from '../schema/config.ts';
import { predict } from './predict.ts';
import type { Predictor } from './trainer.ts';

/** The sentences of one split and the sequences made from them. */
export interface EncodedSplit {
  readonly sentences: readonly Sentence[];
  readonly sequences: readonly Sequence[];
}

/** Both `[sentences][tokens]`, in the run's tag scheme. */
export interface TaggedSplit {
  readonly gold: readonly (readonly string[])[];
  readonly predicted: readonly (readonly string[])[];
}

/** Yields how many sequences are done. Throws the reason of `signal`. */
export async function* tagSplit(
  { sentences, sequences }: EncodedSplit,
  tagSet: TagSet,
  predictor: Predictor,
  config: Pick<TrainingConfig, 'tagScheme' | 'microBatchSize'>,
  signal: AbortSignal,
): AsyncGenerator<number, TaggedSplit> {
  const found = yield* predict(sequences, predictor, config, signal);
  return {
    gold: sentences.map(({ mentions, tokens }) => mentionsToTags(mentions, tokens.length, config.tagScheme)),
    predicted: joinPredictions(sentences, sequences, found, tagSet),
  };
}
