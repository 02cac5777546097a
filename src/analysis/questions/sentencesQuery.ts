// Queries about the sentences of one corpus, a page at a time, and about their lengths.
import type { Sentence, Split } from '../../data/corpus/corpus.ts';

/** Chooses sentences of a split. */
export interface SentenceFilter {
  /** Substring of the tokens joined by spaces, ignoring case. Empty finds all. */
  readonly text: string;
  /** Only sentences with a mention of this type; null for any. */
  readonly type: string | null;
  readonly withMentions: boolean;
}

/** A query for a page of the sentences of one split that match the filter. */
export interface SentencesQuery {
  readonly corpusId: string;
  readonly split: Split;
  readonly filter: SentenceFilter;
  readonly first: number;
  readonly count: number;
}

export interface SentencesPage {
  readonly first: number;
  /** Number of sentences that match. */
  readonly total: number;
  /** In corpus order; `index` counts within the split. */
  readonly lines: readonly { readonly index: number; readonly sentence: Sentence }[];
}

export interface LengthBin extends Readonly<Record<Split, number>> {
  /** Lengths `from` to `to`, both included. */
  readonly from: number;
  readonly to: number;
}

/** Sentences by their length in tokens, in bins of a round width. */
export interface LengthHistogram {
  readonly bins: readonly LengthBin[];
  readonly longest: number;
  /** Lower median over all splits; 0 for an empty corpus. */
  readonly median: number;
}
