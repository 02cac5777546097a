// Supervises the servers of the lab: reopens those whose thread or device is gone, and starts the backend that a person chose.
import type { Progress } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import type {
  AnalysisAnswer,
  AnalysisCalls,
  AnalysisClient,
  AnalysisName,
  AnalysisQuery,
} from '../../wire/analysisProtocol.ts';
import type { ArgumentOf } from '../../wire/calls.ts';
import type { BackendChoice, BackendReport, RunEvent, ServerClient } from '../../wire/trainingProtocol.ts';
import type { AnalysisUnderWay, Lab } from '../state/labState.ts';
import type { LabStore } from '../state/labStore.ts';
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

// Starts the backend of the training server as a person chose it, and restores the same one on the same device after it was lost.

export interface Backend {
  /** Answers with whether it started; the lab's state says why not. What goes away meanwhile is tried again as `restore` does. */
  start(choice: BackendChoice): Promise<boolean>;
  /**
   * Reopens the server until the former backend is there, and answers with whether it is. Where it is not, the lab's state has what is
   * available instead.
   */
  restore(): Promise<boolean>;
  /** Tells the server that this machine has other settings, and shows what it makes of them. */
  settingsChanged(): Promise<void>;
}

export interface BackendParts {
  readonly server: SupervisedServer;
  readonly labStore: LabStore;
  /** Resolves after `waitMs` milliseconds. */
  readonly wait: (waitMs: number) => Promise<void>;
}

/** A driver that was reset needs a moment, and browsers refuse a GPU for some seconds after its process died. */
const TRIED_AFTER_MS = [0, 1_000, 5_000, 20_000] as const;

export function createBackend({ server, labStore, wait }: BackendParts): Backend {
  let asked: BackendChoice = 'auto';
  let restoring: Promise<boolean> | null = null;

  function stands(report: BackendReport): true {
    labStore.update(() => ({ backend: { status: 'ready', report } }));
    return true;
  }

  /** Shows on the board what comes of a start, and answers with whether the backend stands. */
  async function shown(starting: Promise<BackendReport>): Promise<boolean> {
    try {
      return stands(await starting);
    } catch (error) {
      labStore.update(() => ({ backend: { status: 'failed', error: LabError.toData(error) } }));
      return false;
    }
  }

  /** The report of a reopened server, after longer and longer waits until one fits. Throws the last failure. */
  async function restarted(choice: BackendChoice, fits: (report: BackendReport) => boolean): Promise<BackendReport> {
    let failure = new LabError('backend/unavailable', 'Another device came in place of the one that went away.');
    for (const waitMs of TRIED_AFTER_MS) {
      await wait(waitMs);
      server.renew();
      try {
        const report = await server.call('start', choice);
        if (fits(report)) return report;
      } catch (error) {
        if (!(error instanceof LabError)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** What goes away while it is started may be there again in a moment; without the GPU the processor is better than nothing. */
  async function started(choice: BackendChoice): Promise<BackendReport> {
    try {
      return await server.call('start', choice);
    } catch (first) {
      if (!mayPass(first)) throw first;
      const lacksGpu = choice === 'auto' && first.code !== 'worker/lost';
      try {
        return await restarted(lacksGpu ? 'webgpu' : choice, () => true);
      } catch (failure) {
        if (!lacksGpu) throw failure;
        server.renew();
        const reason = `${first.message} Training runs on the processor (wasm).`;
        const remedy = 'Reload the page to try the GPU again.';
        return { ...(await server.call('start', 'wasm')), reason, remedy };
      }
    }
  }

  function start(choice: BackendChoice): Promise<boolean> {
    asked = choice;
    labStore.update(() => ({ backend: { status: 'starting' } }));
    return shown(started(choice));
  }

  async function restoreOnce(): Promise<boolean> {
    const { backend } = labStore.getState();
    const before = backend.status === 'ready' ? backend.report : null;
    labStore.update(() => ({ backend: { status: 'starting' } }));
    const fits = (report: BackendReport): boolean => before === null || isSameDevice(report, before);
    try {
      return stands(await restarted(before?.environment.backend ?? asked, fits));
    } catch {
      // The board tells what there is instead.
      server.renew();
      await shown(server.call('start', asked));
      return false;
    }
  }

  async function settingsChanged(): Promise<void> {
    if (labStore.getState().backend.status !== 'ready') return; // it reads them when it starts
    const report = await server.call('settingsChanged', undefined);
    if (report !== null) labStore.update(({ backend }) => (backend.status === 'ready' ? { backend: { status: 'ready', report } } : {})); // prettier-ignore
  }

  return {
    start,
    settingsChanged,
    restore() {
      restoring ??= restoreOnce().finally(() => (restoring = null));
      return restoring;
    },
  };
}

/** A device or a thread that went away, not one that is not there or cannot be trusted. */
function mayPass(failure: unknown): failure is LabError {
  return failure instanceof LabError && ['gpu/lost', 'gpu/internal', 'worker/lost'].includes(failure.code);
}

function isSameDevice({ environment: one }: BackendReport, { environment: other }: BackendReport): boolean {
  return one.backend === other.backend && one.device === other.device;
}
