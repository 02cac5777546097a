// Names a trained tagger, what it says about a sentence, and how it leaves as a folder, as types.
import type { Mention } from '../data/corpus/corpus.ts';

/** Names a trained tagger of the lab: a run's snapshot, or a model that came with a head. */
export type TaggerRef =
  | { readonly kind: 'snapshot'; readonly runId: string; readonly epoch: number }
  | { readonly kind: 'model'; readonly modelId: string };

/** Which trained tagger is to leave as a folder, and in which numbers. */
export interface TaggerExport {
  readonly tagger: TaggerRef;
  /** Of the weights: F16 takes half of the room, and rounds. */
  readonly precision: 'F32' | 'F16';
}

/** A file of the folder, before its bytes are there. */
export interface ExportedFile {
  readonly name: string;
  readonly sizeBytes: number;
}

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
