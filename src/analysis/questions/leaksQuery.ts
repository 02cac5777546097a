// Queries about leaks and their answers: counts by task and source, and leaked sentences with the text that contains them.
import type { Sentence, Split, Task } from '../../data/corpus/corpus.ts';
import type { LeakCounts, LeakKind } from '../../metrics/leaks.ts';

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
