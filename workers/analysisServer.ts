// Serves the lab's queries about corpora and predictions, several at a time, on a separate thread.
import { analysisInputs, type AnalysisJob } from '../src/analysis/analysisInputs.ts';
import { entitySetQuestions } from '../src/analysis/entitySetQuestions.ts';
import { confidenceQuestions, errorQuestions } from '../src/analysis/errorQuestions.ts';
import { labelQuestions, leakQuestions } from '../src/analysis/labelQuestions.ts';
import { linkQuestions, sentenceQuestions } from '../src/analysis/sentenceQuestions.ts';
import {
  affinityQuestions,
  countsOfPredictions,
  testDifferences,
  testScores,
  totalErrors,
} from '../src/analysis/testDifferences.ts';
import type { StoredPredictions } from '../src/schema/storedPredictions.ts';
import { readPredictions } from '../src/storage/predictionRecords.ts';
import type { Store } from '../src/storage/store.ts';
import type { AnalysisCalls, AnalysisEvent, PredictionState } from '../src/wire/analysisProtocol.ts';
import type { AnswerMessage, CallMessage, Wire } from '../src/wire/calls.ts';
import { serve, type ServerPort } from '../src/wire/port.ts';

export interface AnalysisServerOptions {
  readonly store: Store;
  readonly wire: Wire<AnswerMessage<AnalysisEvent>, CallMessage<AnalysisCalls>>;
}

function stateOf(stored: StoredPredictions | undefined): PredictionState {
  if (stored === undefined) return 'none';
  if (stored.confidences === null) return 'mentions';
  return stored.annotated === undefined ? 'confidences' : 'annotated';
}

/** Serves on `wire` until it is closed; only reads `store`. */
export function createAnalysisServer({ store, wire }: AnalysisServerOptions): void {
  const inputs = analysisInputs(store);
  const entity = entitySetQuestions(inputs);
  const labels = labelQuestions(inputs);
  const leaks = leakQuestions(inputs);
  const errors = errorQuestions(inputs);
  const confidence = confidenceQuestions(inputs);
  const sentences = sentenceQuestions(inputs);
  const affinity = affinityQuestions(store, inputs);
  const jobs = new Map<string, AbortController>();

  /** Wraps `work` as the handler of a long query: returns its result, or null when cancelled. */
  function asJob<Query, Answer>(work: (query: Query, job: AnalysisJob) => Promise<Answer>) {
    return async ({ job, query }: { readonly job: string; readonly query: Query }): Promise<Answer | null> => {
      const abort = new AbortController();
      const { signal } = abort;
      jobs.set(job, abort);
      try {
        return await work(query, {
          signal,
          report: (progress) => port.emit({ kind: 'progress', job, ...progress }),
        });
      } catch (error) {
        if (signal.aborted && error === signal.reason) return null;
        throw error;
      } finally {
        jobs.delete(job);
      }
    };
  }

  const port: ServerPort<AnalysisEvent> = serve<AnalysisCalls, AnalysisEvent>(wire, {
    cancel: (job) => jobs.get(job)?.abort(),
    predictionStates: asJob(async (requests) => {
      const states: PredictionState[] = [];
      for (const request of requests) {
        const stored = await readPredictions(store, request);
        states.push(stateOf(stored));
      }
      return states;
    }),
    corpusSentences: asJob(sentences.page),
    sentenceLengths: asJob(sentences.lengths),
    links: asJob(linkQuestions(store)),
    entityDiagram: asJob(entity.diagram),
    entitySets: asJob(entity.sizes),
    entityStrings: asJob(entity.strings),
    stringSentences: asJob(entity.sentences),
    missedLabels: asJob(labels.missed),
    labelConflicts: asJob(labels.conflicts),
    conflictOccurrences: asJob(labels.occurrences),
    labelPairs: asJob(labels.pairs),
    labelReview: asJob(labels.review),
    leaks: asJob(leaks.leaks),
    planLeaks: asJob(leaks.ofPlan),
    leakPairs: asJob(leaks.pairs),
    significance: asJob(testDifferences(inputs)),
    testScores: asJob(testScores(inputs)),
    taskAffinity: asJob(affinity.affinity),
    subsetChoices: asJob(affinity.choices),
    testCounts: asJob(countsOfPredictions(inputs)),
    errorTotals: asJob(totalErrors),
    errors: asJob(errors.errors),
    errorScores: asJob(errors.scores),
    breakdown: asJob(errors.breakdown),
    calibration: asJob(confidence.calibration),
    labelDoubts: asJob(confidence.doubts),
  });
}
