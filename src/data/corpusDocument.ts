// The nouns of text whose mentions are spans of characters: document, span, what is written in a file and what it says.

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

export interface CorpusDocument {
  readonly text: string;
  /** Offsets where a new part begins, such as the abstract: sentences end there. Ascending. */
  readonly parts: readonly number[];
  /** They may overlap. */
  readonly mentions: readonly DocumentMention[];
  /** Where something is annotated that cannot be read: sentences that touch such a span are left out. */
  readonly faults: readonly Span[];
}
