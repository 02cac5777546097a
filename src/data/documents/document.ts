// The nouns of text with mentions: documents as a file annotates them, as a tagger marks them, and as a corpus takes them.
import type { Sentence, Split } from '../corpus/corpus.ts';

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

/** UTF-16 units `[start, end)` of a text, as JavaScript counts. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A mention in a text; one of several fragments is discontinuous. Fragments are in order, apart from each other, not blank. */
export interface DocumentMention {
  readonly type: string;
  readonly fragments: readonly Span[];
  /** 1-based, null where the file has no lines to speak of. */
  readonly line: number | null;
}

/** The nouns of text whose mentions are spans of characters: document, span, what is written in a file and what it says. */
export interface CorpusDocument {
  readonly text: string;
  /** Offsets where a new part begins, such as the abstract: sentences end there. Ascending. */
  readonly parts: readonly number[];
  /** They may overlap. */
  readonly mentions: readonly DocumentMention[];
  /** Where something is annotated that cannot be read: sentences that touch such a span are left out. */
  readonly faults: readonly Span[];
}

/** The noun of a document as it comes to a corpus. */
export interface SplitDocument {
  /** The same for the same document wherever it was dropped: the seeded devel split is drawn by it. */
  readonly id: string;
  readonly sentences: readonly Sentence[];
  /** Where the tokens of the sentences stand; null for rows of tokens, which have no text. */
  readonly text: DocumentText | null;
}

/** The sentences of the documents of a split, on end, are the sentences of the split. */
export type CorpusTexts = Readonly<Record<Split, readonly DocumentText[]>>;
