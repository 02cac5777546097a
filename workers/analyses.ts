// Everything that crosses between the lab and the analysis worker, as types.
import type { Mention, Split, Task } from '../src/data/corpus.ts';
import type {
  EntitySetDiagram,
  EntitySetSizes,
  EntitySetsQuery,
  EntityStringsPage,
  EntityStringsQuery,
  StringSentencesPage,
  StringSentencesQuery,
} from '../src/schema/entitySetsQuery.ts';
import type { AskedDifference } from '../src/metrics/askedDifference.ts';
import type { LeakKind } from '../src/metrics/leakedSentences.ts';
import type { GroupLeaks, LeakedText, LeakPairsPage, LeakReport, TrainingSplit } from '../src/metrics/leakReport.ts';
import type { Significance } from '../src/metrics/significance.ts';
import type { Breakdown, BreakdownQuery } from '../src/schema/breakdown.ts';
import type { ErrorScores, ErrorScoresQuery } from '../src/schema/errorScores.ts';
import type { ErrorsPage, ErrorsQuery } from '../src/schema/errorsQuery.ts';
import type {
  ConflictPlacesPage,
  ConflictPlacesQuery,
  LabelConflictsPage,
  LabelConflictsQuery,
  LabelPairsPage,
  LabelPairsQuery,
  MissedLabelsPage,
  MissedLabelsQuery,
  ReviewPage,
  ReviewQuery,
} from '../src/schema/labelsQuery.ts';
import type { PredictionRequest } from '../src/schema/predictionRequest.ts';
import type { PredictedMention } from '../src/schema/storedPredictions.ts';
import type { AnswerOf, ArgumentOf, CallName, Client } from './calls.ts';

export type { LeakPair, LeakReport, TrainingSplit } from '../src/metrics/leakReport.ts';
export type { Significance, Verdict } from '../src/metrics/significance.ts';

/** What is stored of a snapshot's predictions: nothing, the mentions, or the mentions with their probabilities. */
export type PredictionState = 'none' | 'mentions' | 'confidences';

/** Some sentences of one split of one task, beside what snapshots predict in them. */
export interface SentencesQuery {
  readonly task: Task;
  readonly split: Split;
  readonly indices: readonly number[];
  /** Each of the same split of the same task. */
  readonly predictions: readonly PredictionRequest[];
}

export interface SentenceBeside {
  readonly index: number;
  readonly tokens: readonly string[];
  /** As annotated. */
  readonly mentions: readonly Mention[];
  /** In the order of the query's `predictions`. */
  readonly predicted: readonly (readonly PredictedMention[])[];
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
  readonly groups: readonly (readonly Task[])[];
  readonly splits: readonly TrainingSplit[];
  readonly leaveOut: LeakKind | null;
}

export interface LeakPairsQuery extends LeakedText {
  /** Only those that are labelled differently. */
  readonly different: boolean;
  readonly first: number;
  readonly count: number;
}

/**
 * What can be asked of the analysis worker. Each rejects with `storage/missing` where a corpus is gone, and with `analysis/no-predictions`
 * where predictions that the query names are not stored.
 */
export interface Analyses {
  /** What is stored of each. */
  predictionStates(query: readonly PredictionRequest[]): readonly PredictionState[];
  /** In the order asked for; indices that the split does not have are left out. */
  sentences(query: SentencesQuery): readonly SentenceBeside[];
  entityDiagram(query: EntitySetsQuery): EntitySetDiagram;
  /** Of each query, in order. */
  entitySets(query: readonly EntitySetsQuery[]): readonly EntitySetSizes[];
  entityStrings(query: EntityStringsQuery): EntityStringsPage;
  stringSentences(query: StringSentencesQuery): StringSentencesPage;
  missedLabels(query: MissedLabelsQuery): MissedLabelsPage;
  labelConflicts(query: LabelConflictsQuery): LabelConflictsPage;
  conflictPlaces(query: ConflictPlacesQuery): ConflictPlacesPage;
  labelPairs(query: LabelPairsQuery): LabelPairsPage;
  labelReview(query: ReviewQuery): ReviewPage;
  /** One report a task, in order. */
  leaks(query: LeaksQuery): readonly LeakReport[];
  /** One answer a group, in order; exact ones alone. */
  planLeaks(query: PlanLeaksQuery): readonly GroupLeaks[];
  /** A page of the leaked sentences, each beside the text that holds it. */
  leakPairs(query: LeakPairsQuery): LeakPairsPage;
  /** One judgement a difference, in order; all of them are one family. */
  significance(query: { readonly differences: readonly AskedDifference[] }): readonly Significance[];
  /** Throws `metrics/sentences`, as the two below, for predictions of other sentences than the corpus has. */
  errors(query: ErrorsQuery): ErrorsPage;
  /** Of each snapshot, in the order of `predictions`. */
  errorScores(query: ErrorScoresQuery): readonly ErrorScores[];
  breakdown(query: BreakdownQuery): readonly Breakdown[];
}

export type AnalysisName = CallName<Analyses>;
export type AnalysisQuery<Name extends AnalysisName> = ArgumentOf<Analyses, Name>;
export type AnalysisAnswer<Name extends AnalysisName> = AnswerOf<Analyses, Name>;

/** As it crosses: with the name by which a query's progress is told and it is cancelled; it then answers with null. */
export type AnalysisCalls = {
  [Name in AnalysisName]: (asked: {
    readonly job: string;
    readonly query: AnalysisQuery<Name>;
  }) => AnalysisAnswer<Name> | null;
} & { cancel(job: string): void };

export interface AnalysisEvent {
  readonly kind: 'progress';
  readonly job: string;
  readonly done: number;
  /** 0 when unknown. */
  readonly total: number;
}

/** The lab's end. */
export type AnalysisClient = Client<AnalysisCalls, AnalysisEvent>;
