// What a tagger says about a sentence, as types.
import type { Mention } from '../data/corpus.ts';

export interface SureMention extends Mention {
  /** Exact probability of the whole mention under the tagger, 0 to 1. */
  readonly confidence: number;
}

/** Tags of each token, in the run's scheme, and the mentions that the predicted ones say, read as conlleval does. */
export interface PredictedSentence {
  readonly tokens: readonly string[];
  readonly gold: readonly string[];
  readonly predicted: readonly string[];
  readonly mentions: readonly SureMention[];
}
