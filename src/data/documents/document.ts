// The types of text with mentions: documents as annotated in a file, as marked by a tagger, and as stored in a corpus.
import type { MentionLink, Sentence, Split } from '../corpus/corpus.ts';

/** A flat mention in a document's text, in UTF-16 units. */
export interface AnnotatedMention extends Span {
  readonly type: string;
  /** Marginal probability of the whole mention, 0 to 1; null if confidences were not requested. */
  readonly confidence: number | null;
  /** Absent for a mention without an id. */
  readonly link?: MentionLink;
  /** Whether a person chose the id, or that there is none, so that no dictionary gives another. */
  readonly isLinkChosen?: true;
}

/** A text with the spans of its sentences and tokens. */
export interface DocumentText {
  /** Unique in its corpus or batch, such as `PMID-123` or a file name. */
  readonly id: string;
  readonly text: string;
  /** Spans of each token of each sentence: ascending, not overlapping. */
  readonly sentences: readonly (readonly Span[])[];
}

/** Mentions are in order and do not overlap; each begins and ends at token boundaries, within one sentence. */
export interface AnnotatedDocument extends DocumentText {
  readonly mentions: readonly AnnotatedMention[];
}

/** A file to be written: its path and text. */
export interface WrittenText {
  readonly path: string;
  readonly text: string;
}

/** UTF-16 units `[start, end)` of a text, as JavaScript counts. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A mention in a text; one with several fragments is discontinuous. Fragments are in order, disjoint and not blank. */
export interface DocumentMention {
  readonly type: string;
  readonly fragments: readonly Span[];
  /** 1-based; null if line numbers make no sense in the file. */
  readonly line: number | null;
  /** Absent for a mention without an id. */
  readonly link?: MentionLink;
}

/** A document as annotated in its file, with mentions as spans of characters. */
export interface CorpusDocument {
  readonly text: string;
  /** Offsets where a new part begins, such as the abstract; sentences end there. Ascending. */
  readonly parts: readonly number[];
  /** They may overlap. */
  readonly mentions: readonly DocumentMention[];
  /** Spans with unreadable annotations: sentences that touch them are left out. */
  readonly faults: readonly Span[];
}

/** A document as read into a corpus. */
export interface SplitDocument {
  /** The same for the same document, wherever it was dropped from: the seeded devel split depends on it. */
  readonly id: string;
  readonly sentences: readonly Sentence[];
  /** The text with the spans of the sentences' tokens; null for rows of tokens, which have no text. */
  readonly text: DocumentText | null;
}

/** The sentences of a split's documents, concatenated, are the sentences of the split. */
export type CorpusTexts = Readonly<Record<Split, readonly DocumentText[]>>;
