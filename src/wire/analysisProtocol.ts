// Declares the calls and events between the lab and the analysis worker.
import type {
  Breakdown,
  BreakdownQuery,
  CalibrationAnswer,
  CalibrationQuery,
  ErrorScores,
  ErrorScoresQuery,
  ErrorsPage,
  ErrorsQuery,
  LabelDoubtsPage,
  LabelDoubtsQuery,
} from '../analysis/questions/errorsQuery.ts';
import type {
  ConflictOccurrencesPage,
  ConflictOccurrencesQuery,
  GroupLeaks,
  LabelConflictsPage,
  LabelConflictsQuery,
  LabelPairsPage,
  LabelPairsQuery,
  LeakPairsPage,
  LeakPairsQuery,
  LeakReport,
  LeaksQuery,
  MissedLabelsPage,
  MissedLabelsQuery,
  PlanLeaksQuery,
  ReviewPage,
  ReviewQuery,
} from '../analysis/questions/labelsQuery.ts';
import type {
  EntitySetDiagram,
  EntitySetSizes,
  EntitySetsQuery,
  EntityStringsPage,
  EntityStringsQuery,
  LengthHistogram,
  LinksAnswer,
  LinksQuery,
  SentencesPage,
  SentencesQuery,
  StringSentencesPage,
  StringSentencesQuery,
} from '../analysis/questions/sentencesQuery.ts';
import type {
  AffinityQuery,
  AskedChoice,
  AskedDifference,
  AskedScore,
  FoundAffinity,
  FoundChoice,
  FoundScore,
} from '../analysis/questions/systemsQuery.ts';
import type { Task } from '../data/corpus/corpus.ts';
import type { PackedCounts } from '../metrics/scores/packedCounts.ts';
import type { ErrorTotals } from '../metrics/significance/bootstrapIntervals.ts';
import type { Significance } from '../metrics/significance/significance.ts';
import type { PredictionRequest } from '../schema/storedPredictions.ts';
import type { Progress } from '../util/clock.ts';
import type { AnswerOf, ArgumentOf, CallName, Client } from './calls.ts';

/** What is stored of a snapshot's predictions: nothing, mentions, these with probabilities, or those of annotated mentions as well. */
export type PredictionState = 'none' | 'mentions' | 'confidences' | 'annotated';

/**
 * The queries of the analysis worker. Each rejects with `storage/missing` when a corpus is missing, and with `analysis/no-predictions`
 * when predictions named in the query are not stored.
 */
export interface Analyses {
  /** A page of the sentences of one split that match. */
  corpusSentences(query: SentencesQuery): SentencesPage;
  sentenceLengths(query: { readonly corpusId: string }): LengthHistogram;
  /** Links mentions by a stored dictionary. Rejects with `storage/missing` and `storage/corrupt` where it cannot be read. */
  links(query: LinksQuery): LinksAnswer;
  /** One state per request, in order. */
  predictionStates(query: readonly PredictionRequest[]): readonly PredictionState[];
  entityDiagram(query: EntitySetsQuery): EntitySetDiagram;
  /** One answer per query, in order. */
  entitySets(query: readonly EntitySetsQuery[]): readonly EntitySetSizes[];
  entityStrings(query: EntityStringsQuery): EntityStringsPage;
  stringSentences(query: StringSentencesQuery): StringSentencesPage;
  missedLabels(query: MissedLabelsQuery): MissedLabelsPage;
  labelConflicts(query: LabelConflictsQuery): LabelConflictsPage;
  conflictOccurrences(query: ConflictOccurrencesQuery): ConflictOccurrencesPage;
  labelPairs(query: LabelPairsQuery): LabelPairsPage;
  labelReview(query: ReviewQuery): ReviewPage;
  /** One report per task, in order. */
  leaks(query: LeaksQuery): readonly LeakReport[];
  /** One answer per group, in order; exact leaks only. */
  planLeaks(query: PlanLeaksQuery): readonly GroupLeaks[];
  /** A page of the leaked sentences, each with the text that contains it. */
  leakPairs(query: LeakPairsQuery): LeakPairsPage;
  /** One test result per difference, in order; all differences form one family. */
  significance(query: { readonly differences: readonly AskedDifference[] }): readonly Significance[];
  /** One answer per score, in order. Throws `significance/sentences` if trainings of one were scored on different sentences. */
  testScores(query: readonly AskedScore[]): readonly FoundScore[];
  /** From the gradients that `measureGradients` measured, if it did. */
  taskAffinity(query: AffinityQuery): FoundAffinity;
  /** One answer per choice, in order. */
  subsetChoices(query: readonly AskedChoice[]): readonly FoundChoice[];
  /** The counts of what is stored for each request, in order; null for no request, and where nothing is stored. */
  testCounts(
    query: readonly ({ readonly request: PredictionRequest; readonly task: Task } | null)[],
  ): readonly (PackedCounts | null)[];
  /** One per list of counts, in order; nothing else is read. */
  errorTotals(query: readonly PackedCounts[]): readonly ErrorTotals[];
  /** Throws `metrics/sentences`, like the two below, if the predictions are for other sentences than the corpus has. */
  errors(query: ErrorsQuery): ErrorsPage;
  /** One per snapshot, in the order of `predictions`. */
  errorScores(query: ErrorScoresQuery): readonly ErrorScores[];
  breakdown(query: BreakdownQuery): readonly Breakdown[];
  /** Rejects with `analysis/no-predictions` also where probabilities were not computed, as does the one below. */
  calibration(query: CalibrationQuery): CalibrationAnswer;
  labelDoubts(query: LabelDoubtsQuery): LabelDoubtsPage;
}

export type AnalysisName = CallName<Analyses>;
export type AnalysisQuery<Name extends AnalysisName> = ArgumentOf<Analyses, Name>;
export type AnalysisAnswer<Name extends AnalysisName> = AnswerOf<Analyses, Name>;

/** The calls as sent: each with a job name for reporting progress and cancelling; a cancelled query answers null. */
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

/** The lab's end of the wire. */
export type AnalysisClient = Client<AnalysisCalls, AnalysisEvent>;
