// Queries about label quality and their answers: likely missed labels, label conflicts, similar sentences, and all as one list.
import type { Mention, Split, Task } from '../../data/corpus/corpus.ts';
import type { LabelConflict, LabelOccurrence } from '../../metrics/labelConflicts.ts';
import type { LabelPair } from '../../metrics/labelPairs.ts';
import type { MissedLabel, ReviewRow } from '../../metrics/reviewRows.ts';
import type { EntitySetsQuery } from './entitySetsQuery.ts';

/** The labels of all splits of some tasks. */
export interface LabelsQuery {
  readonly category: readonly Task[];
}

export interface LabelPage {
  readonly first: number;
  readonly count: number;
}

/** A sentence of the category, by the index of its task in the query's `category`. */
export interface LabelledSentence {
  readonly task: number;
  readonly split: Split;
  /** From 0, in the split. */
  readonly index: number;
  readonly tokens: readonly string[];
  /** As annotated, of the task's type. */
  readonly mentions: readonly Mention[];
}

export interface MissedLabelsQuery extends LabelPage {
  readonly sets: EntitySetsQuery;
}

export interface MissedLabelsPage {
  readonly total: number;
  readonly missed: readonly (MissedLabel & Pick<LabelledSentence, 'tokens' | 'mentions'>)[];
}

export type ConflictScope = 'all' | 'inside' | 'across';

export interface LabelConflictsQuery extends LabelsQuery, LabelPage {
  /** Texts that one task labels both ways, or that two tasks label differently though neither contradicts itself. */
  readonly scope: ConflictScope;
  /** Only texts that contain this, ignoring case; empty for all. */
  readonly find: string;
}

export interface LabelConflictsPage {
  /** Matching the query, among those kept. */
  readonly total: number;
  /** Found but not kept: those with the smallest minority. */
  readonly left: number;
  /** Without occurrences; `task` is an index in the query's `category`, as text. */
  readonly conflicts: readonly Omit<LabelConflict, 'occurrences'>[];
}

export interface ConflictOccurrencesQuery extends LabelsQuery, LabelPage {
  readonly text: string;
  /** Those with the most common label, those with another, or all. */
  readonly which: 'all' | 'usual' | 'other';
}

export interface ConflictOccurrencesPage {
  /** Among those kept for each label. */
  readonly total: number;
  readonly occurrences: readonly (LabelledSentence & Pick<LabelOccurrence, 'start' | 'label' | 'isUsual'>)[];
}

export interface LabelPairsQuery extends LabelsQuery, LabelPage {
  /** Includes nearly identical text. */
  readonly near: boolean;
}

export type LabelPairSide = LabelledSentence & {
  /** Mentions that the other side lacks. */
  readonly only: readonly Mention[];
};

export interface LabelPairsPage {
  readonly total: number;
  /** Found but not kept: the least similar. */
  readonly left: number;
  readonly pairs: readonly (Pick<LabelPair, 'kind' | 'similarity'> & {
    readonly sides: readonly [LabelPairSide, LabelPairSide];
  })[];
}

/** All of the above as rows. */
export interface ReviewQuery extends LabelsQuery, LabelPage {
  /** Of each task of the category, shown in the rows. */
  readonly names: readonly string[];
  readonly near: boolean;
  /** For likely missed labels; null without predictions. */
  readonly sets: EntitySetsQuery | null;
}

export interface ReviewPage {
  readonly total: number;
  readonly rows: readonly ReviewRow[];
}
