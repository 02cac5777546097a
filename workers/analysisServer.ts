// The analysis server: answers the lab's questions about corpora and predictions, several at a time, on a thread of its own.
import type { AnalysisJob } from '../src/analysis/analysisJob.ts';
import { analysisInputs } from '../src/analysis/analysisInputs.ts';
import { judgeDifferences } from '../src/analysis/judgeDifferences.ts';
import { leakPairs } from '../src/analysis/leakPairs.ts';
import { recent } from '../src/analysis/recent.ts';
import { sentencesBeside } from '../src/analysis/sentencesBeside.ts';
import { taskLeaks } from '../src/analysis/taskLeaks.ts';
import type { LeakedText, LeakReport } from '../src/metrics/leakReport.ts';
import type { TaskLeaks } from '../src/metrics/leaks.ts';
import type { Significance } from '../src/metrics/significance.ts';
import { readPredictions } from '../src/storage/predictions.ts';
import type { Store } from '../src/storage/store.ts';
import type { AnalysisCalls, AnalysisEvent, AnalysisQuery, PredictionState } from './analyses.ts';
import type { AnswerMessage, CallMessage, Wire } from './calls.ts';
import { serve, type ServerPort } from './port.ts';

export interface AnalysisServerOptions {
  readonly store: Store;
  readonly wire: Wire<AnswerMessage<AnalysisEvent>, CallMessage<AnalysisCalls>>;
}

/** Results of each costly question that stay at hand for whoever goes back and forth. */
const KEPT_RESULTS = 4;

/** Serves on `wire` until it is closed; reads `store` and writes nothing. */
export function createAnalysisServer({ store, wire }: AnalysisServerOptions): void {
  const inputs = analysisInputs(store);
  const leaksOfTasks = recent<AnalysisQuery<'leaks'>, readonly LeakReport[]>(KEPT_RESULTS);
  const leaksOfPairs = recent<LeakedText, readonly TaskLeaks[]>(KEPT_RESULTS);
  const judged = recent<AnalysisQuery<'significance'>, readonly Significance[]>(KEPT_RESULTS);
  const jobs = new Map<string, AbortController>();

  /** A handler for a query that may take long: what `work` gives, or null when it was cancelled. */
  function asJob<Query, Answer>(work: (query: Query, job: AnalysisJob) => Promise<Answer>) {
    return async ({ job, query }: { readonly job: string; readonly query: Query }): Promise<Answer | null> => {
      const abort = new AbortController();
      const { signal } = abort;
      jobs.set(job, abort);
      try {
        return await work(query, {
          signal,
          report: (done, total) => port.emit({ kind: 'progress', job, done, total }),
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
        states.push(stored === undefined ? 'none' : stored.confidences === null ? 'mentions' : 'confidences');
      }
      return states;
    }),
    sentences: asJob((query) => sentencesBeside(query, inputs)),
    leaks: asJob((query, job) => leaksOfTasks.of(query, () => taskLeaks(query, inputs, job))),
    leakPairs: asJob((query, job) => leakPairs(query, inputs, leaksOfPairs, job)),
    significance: asJob((query, job) => judged.of(query, () => judgeDifferences(query, inputs, job))),
  });
}
