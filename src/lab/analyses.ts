// Questions to the analysis worker, each with its progress and a way to give it up.
import { LabError } from '../util/labError.ts';
import type { AnalysisCalls, AnalysisClient } from '../../workers/analyses.ts';
import type { ArgumentOf } from '../../workers/calls.ts';
import type { AnalysisQuery } from '../../workers/analyses.ts';
import type { AnalysisAnswer } from '../../workers/analyses.ts';
import type { AnalysisName } from '../../workers/analyses.ts';
import type { AnalysisUnderWay, Lab } from './labState.ts';

/** What `Lab.analyse` does; without a worker to open every question is refused with `analysis/unavailable`. */
export function createAnalyses(open: (() => AnalysisClient) | null): Lab['analyse'] {
  let opened: AnalysisClient | null = null;
  let lastJob = 0;
  return <Name extends AnalysisName>(
    name: Name,
    query: AnalysisQuery<Name>,
    onProgress: (done: number, total: number) => void = () => undefined,
  ): AnalysisUnderWay<AnalysisAnswer<Name>> => {
    if (open === null) {
      const error = new LabError('analysis/unavailable', 'This lab was opened without its analysis worker.');
      return { answer: Promise.reject(error), cancel: () => undefined };
    }
    const client = (opened ??= open());
    const job = String(++lastJob);
    const stopListening = client.onEvent((event) => {
      if (event.job === job) onProgress(event.done, event.total);
    });
    // The table of calls is made of that of questions, name by name, which TypeScript cannot see while the name is open.
    const asked = { job, query } as ArgumentOf<AnalysisCalls, Name>;
    const answer = client.call(name, asked) as Promise<AnalysisAnswer<Name> | null>;
    return {
      answer: answer.finally(stopListening),
      // A worker that is lost has nothing to cancel.
      cancel: () => void client.call('cancel', job).catch(() => undefined),
    };
  };
}
