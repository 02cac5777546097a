// Supervises the two servers of the lab: reopens the training server when its thread or device is gone, and opens the analysis server when needed.
import { LabError } from '../../util/labError.ts';
import type { Progress } from '../../util/work.ts';
import type {
  AnalysisAnswer,
  AnalysisCalls,
  AnalysisClient,
  AnalysisName,
  AnalysisQuery,
} from '../../wire/analysisProtocol.ts';
import type { ArgumentOf } from '../../wire/calls.ts';
import type { RunEvent, ServerClient } from '../../wire/trainingProtocol.ts';
import type { AnalysisUnderWay, Lab } from '../state/labState.ts';
import { isUnusable } from './scheduler.ts';

export interface SupervisedServer extends ServerClient {
  /** Ends the server and opens another; what waits for an answer of the old one rejects with `worker/lost`. */
  renew(): void;
  /** Calls `listener` after every call that left the server unusable. */
  onLost(listener: () => void): void;
}

/** Opens a training server, and another whenever `renew` asks for one. */
export function superviseServer(open: () => ServerClient): SupervisedServer {
  const listeners = new Set<(event: RunEvent) => void>();
  let lost = (): void => undefined;
  let current = opened();

  function opened(): ServerClient {
    const client = open();
    client.onEvent((event) => {
      for (const listener of listeners) listener(event);
    });
    return client;
  }

  return {
    async call(name, argument, transfer) {
      try {
        return await current.call(name, argument, transfer);
      } catch (error) {
        if (error instanceof LabError && isUnusable(error)) lost();
        throw error;
      }
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onLost(listener) {
      lost = listener;
    },
    renew() {
      current.close();
      current = opened();
    },
    close: () => current.close(),
  };
}

/** What `Lab.analyse` does; without a worker to open every question is refused with `analysis/unavailable`. */
export function createAnalyses(open: (() => AnalysisClient) | null): Lab['analyse'] {
  let opened: AnalysisClient | null = null;
  let lastJob = 0;
  return <Name extends AnalysisName>(
    name: Name,
    query: AnalysisQuery<Name>,
    onProgress: (progress: Progress) => void = () => undefined,
  ): AnalysisUnderWay<AnalysisAnswer<Name>> => {
    if (open === null) {
      const error = new LabError('analysis/unavailable', 'This lab was opened without its analysis worker.');
      return { answer: Promise.reject(error), cancel: () => undefined };
    }
    const client = (opened ??= open());
    const job = String(++lastJob);
    const stopListening = client.onEvent((event) => {
      if (event.job === job) onProgress(event);
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
