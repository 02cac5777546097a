// What is told of leaks: counts by task and source, and leaked sentences beside the text that holds them.
import type { Sentence, Split, Task } from '../../data/corpus/corpus.ts';
import type { LeakCounts, LeakKind } from '../../metrics/leaks.ts';

/** A split that runs learn from or are chosen on. */
export type TrainingSplit = Exclude<Split, 'test'>;

/** One split of a task. */
export interface TrainingText {
  readonly task: Task;
  readonly split: TrainingSplit;
}

/** The test sentences of one task that stand in training text of several. */
export interface LeakReport extends LeakCounts {
  /** Test sentences of at least five tokens. */
  readonly compared: number;
  /** Split by split of one task after the other; `task` is its place among the tasks asked about. */
  readonly bySource: readonly (LeakCounts & { readonly task: number; readonly split: TrainingSplit })[];
  /** All splits of a task together, in the order asked. */
  readonly byTask: readonly LeakCounts[];
}

/** Test text of the tasks of a category in training text of the same tasks. */
export interface LeaksQuery {
  readonly tasks: readonly Task[];
  readonly splits: readonly TrainingSplit[];
  /** Whether nearly the same sentences are looked for too, which takes longer. */
  readonly near: boolean;
}

/** Test text of tasks in the text that they would be trained on together. */
export interface PlanLeaksQuery {
  /** Tasks that are trained together. */
  readonly groups: readonly (readonly Task[])[];
  /** What is trained on. */
  readonly splits: readonly TrainingSplit[];
  readonly leaveOut: LeakKind | null;
}

/** Leaks among tasks that are trained together. */
export interface GroupLeaks {
  /** Test sentences of at least five tokens, of all tasks. */
  readonly compared: number;
  /** Of each task, in order. */
  readonly exact: readonly number[];
  /** Sentences that would be trained on, were none left out. */
  readonly training: number;
  /** Of these; null where none is to be left out. */
  readonly leftOut: number | null;
}

/** The test sentences of one task that are leaked into some training text, exactly or also nearly. */
export interface LeakedText {
  readonly test: Task;
  readonly training: readonly TrainingText[];
  readonly near: boolean;
}

/** A page of the leaked sentences. */
export interface LeakPairsQuery extends LeakedText {
  /** Only those that are labelled differently. */
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
    /** Place among the training text asked about, and the first sentence there. */
    readonly source: number;
    readonly index: number;
    /** More than one where the text runs over several. */
    readonly sentences: readonly Sentence[];
  };
  /** Whether both are labelled alike. */
  readonly same: boolean;
}

export interface LeakPairsPage {
  readonly total: number;
  /** Of all pairs, those that are labelled differently. */
  readonly different: number;
  /** In the order of the test sentences. */
  readonly pairs: readonly LeakPair[];
}
