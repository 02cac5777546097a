// Declares references to trained taggers, their predictions, and their exported files.
import type { Mention } from '../data/corpus/corpus.ts';
import type { OnnxPrecision } from '../schema/onnxDescription.ts';

/** Refers to a trained tagger in the lab: a run's snapshot, or a model with a tagging head. */
export type TaggerRef =
  | { readonly kind: 'snapshot'; readonly runId: string; readonly epoch: number }
  | { readonly kind: 'model'; readonly modelId: string };

/** Which trained tagger to export as a folder, and with which weight type. */
export interface TaggerExport {
  readonly tagger: TaggerRef;
  /** Type of the weights of transformers' file; F16 halves the size and rounds. */
  readonly precision: 'F32' | 'F16';
  /** A folder with an ONNX graph in that precision in place of transformers' weights; absent for those. */
  readonly onnx?: OnnxPrecision;
  /** Exports a run's adapters and head alone, in the form of Hugging Face's PEFT, instead of the model with them merged. */
  readonly adapters?: true;
}

/** A file of the exported folder, listed before its bytes are sent. */
export interface ExportedFile {
  readonly name: string;
  readonly sizeBytes: number;
}

export interface SureMention extends Mention {
  /** Exact probability of the whole mention under the tagger, 0 to 1. */
  readonly confidence: number;
}

/** Tags of each token, in the run's scheme, and the mentions decoded from the predicted tags as conlleval does. */
export interface PredictedSentence {
  readonly tokens: readonly string[];
  readonly gold: readonly string[];
  readonly predicted: readonly string[];
  readonly mentions: readonly SureMention[];
  /** The exact probability of each annotated mention, in order. */
  readonly annotated: readonly number[];
}
