// Queries about the sentences of one corpus, the ids of mentions in a dictionary, and sets of mention strings, and their answers.
import type { Mention, Sentence, Split, Task } from '../../data/corpus/corpus.ts';
import type { LinkAnswer, LinkOptions } from '../../data/dictionary/linker.ts';
import type { EntityRegion, EntitySetOptions, EntitySets, EntityString } from '../../metrics/entitySets.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';

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

// Queries about the ids that mentions have in a dictionary of the library.

/** A mention to link: its text, and its type, which narrows the candidates where the dictionary has it. */
export interface MentionToLink {
  readonly text: string;
  readonly type: string;
}

/** A query for the links of mentions, each different one once. */
export interface LinksQuery {
  readonly dictionaryId: string;
  readonly mentions: readonly MentionToLink[];
  readonly options: LinkOptions;
}

/** One answer per mention, in order. */
export interface LinksAnswer {
  readonly links: readonly LinkAnswer[];
}

// Queries about entity sets and their answers: set sizes, the strings of a region, the sentences of a string.

export interface EntitySetsQuery extends Required<EntitySetOptions> {
  /** Its annotated test mentions give L, its predicted ones of the same type P. */
  readonly task: Task;
  /** The tasks whose text is training text, including `task`. */
  readonly category: readonly Task[];
  /** On the test split of `task`; null for T and L alone. */
  readonly prediction: PredictionRequest | null;
}

export type EntitySetSizes = Omit<EntitySets, 'strings'>;

export interface EntitySetDiagram extends EntitySetSizes {
  readonly layout: EulerLayout;
}

export interface EntityStringsQuery {
  readonly sets: EntitySetsQuery;
  readonly region: EntityRegion;
  /** Only strings that contain this, ignoring case; empty for all. */
  readonly find: string;
  readonly first: number;
  readonly count: number;
}

/** Most frequent first, in the order of `entitySets`. */
export interface EntityStringsPage {
  readonly total: number;
  readonly strings: readonly EntityString[];
}

/** A split of a task, by its index in the query's `category`. */
export interface StringOccurrence {
  readonly task: number;
  readonly split: Split;
}

export interface StringSentencesQuery {
  readonly sets: EntitySetsQuery;
  readonly text: string;
  /** Null for all splits. */
  readonly where: StringOccurrence | null;
  readonly first: number;
  readonly count: number;
}

export interface StringSentence extends StringOccurrence {
  /** From 0, in the split. */
  readonly index: number;
  readonly tokens: readonly string[];
  /** As annotated, of the task's type. */
  readonly mentions: readonly Mention[];
  /** Null outside the predicted sentences. */
  readonly predicted: readonly Mention[] | null;
}

/** Sentences with the string as a mention, annotated or predicted: the task's test split first, then training, then other test splits. */
export interface StringSentencesPage {
  /** Every split with any, and their number. */
  readonly occurrences: readonly (StringOccurrence & { readonly sentences: number })[];
  /** Of `where`. */
  readonly total: number;
  readonly sentences: readonly StringSentence[];
}

export interface EulerPoint {
  readonly x: number;
  readonly y: number;
}

export interface EulerCircle extends EulerPoint {
  readonly radius: number;
}

export interface EulerRegion {
  /** Its area; in an exact layout, the region's number of strings. Three circles cannot represent every seven numbers. */
  readonly drawn: number;
  /** The middle of its widest part, and the distance from there to the nearest circle; null if it is not drawn. */
  readonly middle: (EulerPoint & { readonly clearance: number }) | null;
}

/** In a plane where a unit of area is one string: T on the left, L above P. */
export interface EulerLayout {
  /** Radius 0 for empty sets; P is empty without predictions. */
  readonly circles: Readonly<Record<'T' | 'L' | 'P', EulerCircle>>;
  readonly regions: Readonly<Record<EntityRegion, EulerRegion>>;
}

/** The train splits of these tasks, and their devel splits unless `trainOnly`. */
export interface TrainingTasks {
  readonly tasks: readonly Task[];
  readonly trainOnly: boolean;
}
