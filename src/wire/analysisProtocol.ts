// Everything that crosses between the lab and the analysis worker, as types.
import type { AskedDifference } from '../analysis/questions/askedDifference.ts';
import type {
  EntitySetDiagram,
  EntitySetSizes,
  EntitySetsQuery,
  EntityStringsPage,
  EntityStringsQuery,
  StringSentencesPage,
  StringSentencesQuery,
} from '../analysis/questions/entitySetsQuery.ts';
import type {
  Breakdown,
  BreakdownQuery,
  ErrorScores,
  ErrorScoresQuery,
  ErrorsPage,
  ErrorsQuery,
} from '../analysis/questions/errorsQuery.ts';
import type {
  ConflictOccurrencesPage,
  ConflictOccurrencesQuery,
  LabelConflictsPage,
  LabelConflictsQuery,
  LabelPairsPage,
  LabelPairsQuery,
  MissedLabelsPage,
  MissedLabelsQuery,
  ReviewPage,
  ReviewQuery,
} from '../analysis/questions/labelsQuery.ts';
import type {
  GroupLeaks,
  LeakPairsPage,
  LeakPairsQuery,
  LeakReport,
  LeaksQuery,
  PlanLeaksQuery,
} from '../analysis/questions/leaksQuery.ts';
import type { Significance } from '../metrics/significance/significance.ts';
import type { PredictionRequest } from '../schema/storedPredictions.ts';
import type { Progress } from '../util/work.ts';
import type { AnswerOf, ArgumentOf, CallName, Client } from './calls.ts';

/** What is stored of a snapshot's predictions: nothing, the mentions, or the mentions with their probabilities. */
export type PredictionState = 'none' | 'mentions' | 'confidences';

/**
 * What can be asked of the analysis worker. Each rejects with `storage/missing` where a corpus is gone, and with `analysis/no-predictions`
 * where predictions that the query names are not stored.
 */
export interface Analyses {
  /** What is stored of each. */
  predictionStates(query: readonly PredictionRequest[]): readonly PredictionState[];
  entityDiagram(query: EntitySetsQuery): EntitySetDiagram;
  /** Of each query, in order. */
  entitySets(query: readonly EntitySetsQuery[]): readonly EntitySetSizes[];
  entityStrings(query: EntityStringsQuery): EntityStringsPage;
  stringSentences(query: StringSentencesQuery): StringSentencesPage;
  missedLabels(query: MissedLabelsQuery): MissedLabelsPage;
  labelConflicts(query: LabelConflictsQuery): LabelConflictsPage;
  conflictOccurrences(query: ConflictOccurrencesQuery): ConflictOccurrencesPage;
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

export interface AnalysisEvent extends Progress {
  readonly kind: 'progress';
  readonly job: string;
}

/** The lab's end. */
export type AnalysisClient = Client<AnalysisCalls, AnalysisEvent>;
