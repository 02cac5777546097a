// Queries about label quality and leaks and their answers: doubtful labels, and test sentences that occur in training text.
import type { Mention, Sentence, Split, Task } from '../../data/corpus/corpus.ts';
import type { LabelConflict, LabelOccurrence, LabelPair } from '../../metrics/labelConflicts.ts';
import type { LeakCounts, LeakKind } from '../../metrics/leaks.ts';
import type { MissedLabel, ReviewRow } from '../../metrics/reviewRows.ts';
import type { EntitySetsQuery } from './sentencesQuery.ts';

// Queries about label quality and their answers: likely missed labels, label conflicts, similar sentences, and all as one list.

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

// Queries about leaks and their answers: counts by task and source, and leaked sentences with the text that contains them.

/** A split used for training or model selection. */
export type TrainingSplit = Exclude<Split, 'test'>;

/** One split of a task. */
export interface TrainingText {
  readonly task: Task;
  readonly split: TrainingSplit;
}

/** The test sentences of one task that occur in the training text of several. */
export interface LeakReport extends LeakCounts {
  /** Test sentences of at least five tokens. */
  readonly compared: number;
  /** Each split of each task in turn; `task` is its index among the tasks of the query. */
  readonly bySource: readonly (LeakCounts & { readonly task: number; readonly split: TrainingSplit })[];
  /** All splits of a task together, in the order of the query. */
  readonly byTask: readonly LeakCounts[];
}

/** Test text of a category's tasks in the training text of the same tasks. */
export interface LeaksQuery {
  readonly tasks: readonly Task[];
  readonly splits: readonly TrainingSplit[];
  /** Whether to search for near duplicates too, which takes longer. */
  readonly near: boolean;
}

/** Test text of tasks in the text of their joint training. */
export interface PlanLeaksQuery {
  /** Tasks that are trained together. */
  readonly groups: readonly (readonly Task[])[];
  /** The splits to train on. */
  readonly splits: readonly TrainingSplit[];
  readonly leaveOut: LeakKind | null;
}

/** Leaks among tasks that are trained together. */
export interface GroupLeaks {
  /** Test sentences of at least five tokens, of all tasks. */
  readonly compared: number;
  /** Of each task, in order. */
  readonly exact: readonly number[];
  /** Training sentences before any are left out. */
  readonly training: number;
  /** How many of these are left out; null if the plan leaves out none. */
  readonly leftOut: number | null;
}

/** The test sentences of one task leaked into some training text: exact ones, optionally near duplicates too. */
export interface LeakedText {
  readonly test: Task;
  readonly training: readonly TrainingText[];
  readonly near: boolean;
}

/** A page of the leaked sentences. */
export interface LeakPairsQuery extends LeakedText {
  /** Only those labelled differently. */
  readonly different: boolean;
  readonly first: number;
  readonly count: number;
}

export interface LeakPair {
  readonly kind: 'exact' | 'near';
  /** 1 for exact ones. */
  readonly similarity: number;
  /** Of the test split, counted from 0. */
  readonly index: number;
  readonly sentence: Sentence;
  readonly match: {
    /** Index in the training text of the query, and the first sentence there. */
    readonly source: number;
    readonly index: number;
    /** Several if the text spans more than one. */
    readonly sentences: readonly Sentence[];
  };
  /** Whether both have the same labels. */
  readonly same: boolean;
}

export interface LeakPairsPage {
  readonly total: number;
  /** How many of all pairs are labelled differently. */
  readonly different: number;
  /** In the order of the test sentences. */
  readonly pairs: readonly LeakPair[];
}
