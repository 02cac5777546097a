// The nouns of text with what a tagger, or a corpus, says about it: what writers of every format are given.
import type { Span } from './corpusDocument.ts';

/** A flat mention in a document's text, in UTF-16 units. */
export interface AnnotatedMention extends Span {
  readonly type: string;
  /** Marginal probability of the whole mention, 0 to 1; null where nobody is asked how sure they are. */
  readonly confidence: number | null;
}

/** A text and where its sentences and their tokens lie in it. */
export interface DocumentText {
  /** Unique in its corpus or batch, such as `PMID-123` or the name of a file. */
  readonly id: string;
  readonly text: string;
  /** Spans of each token of each sentence: ascending, not overlapping. */
  readonly sentences: readonly (readonly Span[])[];
}

/** Mentions are in order and do not overlap; each begins and ends where tokens do, within one sentence. */
export interface AnnotatedDocument extends DocumentText {
  readonly mentions: readonly AnnotatedMention[];
}

/** A file to be written: its path and its text. */
export interface WrittenText {
  readonly path: string;
  readonly text: string;
}
