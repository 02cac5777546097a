// Holds the lab's one observable state: changes are new objects, passed to every listener, with notices and jobs in it.
import { NOTHING_DESCRIBED } from '../../schema/descriptions.ts';
import { defaultMachineSettings } from '../../schema/machineSettings.ts';
import type { StoredKind } from '../../storage/records.ts';
import { createWorkedTime } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import type { Progress } from '../../util/work.ts';
import type { LabState, Notice, RunView, UnreadableRecord } from './labState.ts';

/** Reports how far a job is, and the milliseconds left where they are known. */
export type ReportProgress = (progress: Progress, remainingMs?: number) => void;

/** Gives the work of a job what it needs to be shown and to be cancelled. */
export interface JobControl {
  readonly jobId: number;
  readonly report: ReportProgress;
  /** Aborts when a person cancels the job, which only a cancellable one can be. */
  readonly signal: AbortSignal;
}

export interface LabStore {
  getState(): LabState;
  subscribe(listener: () => void): () => void;
  update(change: (state: LabState) => Partial<LabState>): void;
  /** Changes one run's view, if there is such a run; nothing else of the state, and nothing where `change` answers with the view itself. */
  updateRun(runId: string, change: (view: RunView) => RunView): void;
  notify(severity: Notice['severity'], message: string, more?: Pick<Notice, 'code' | 'about'>): void;
  /** Does the same for anything thrown: what was being done, then what went wrong. */
  notifyError(doing: string, error: unknown): void;
  dismiss(noticeId: number): void;
  /** Shows a job while `work` runs, and returns its result; a person can end a job that is `cancellable`. */
  during<Value>(
    label: string,
    work: (job: JobControl) => Promise<Value>,
    options?: { readonly cancellable?: boolean },
  ): Promise<Value>;
  /** Aborts the signal of a job; does nothing for one that cannot be cancelled or is over. */
  cancelJob(jobId: number): void;
}

const initialState: LabState = {
  owner: 'here',
  opened: false,
  backend: { status: 'starting' },
  corpora: [],
  models: [],
  dictionaries: [],
  downloads: [],
  runs: [],
  queue: [],
  activeRunId: null,
  storageFullRun: null,
  rungWaits: {},
  results: [],
  columnQuestions: [],
  unreadable: [],
  categories: [],
  assignments: {},
  shipped: { status: 'unwanted' },
  descriptions: NOTHING_DESCRIBED,
  reported: [],
  tagging: null,
  reviews: [],
  jobs: [],
  notices: [],
  usage: null,
  machine: defaultMachineSettings,
};

export function createLabStore(): LabStore {
  let state = initialState;
  let lastId = 0;
  const listeners = new Set<() => void>();
  const aborts = new Map<number, AbortController>();

  function update(change: (state: LabState) => Partial<LabState>): void {
    state = { ...state, ...change(state) };
    for (const listener of [...listeners]) listener();
  }

  function notify(severity: Notice['severity'], message: string, more: Pick<Notice, 'code' | 'about'> = {}): void {
    const notice = { id: ++lastId, severity, message, ...more };
    update(({ notices }) => ({ notices: [...notices, notice] }));
  }

  return {
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    update,
    updateRun(runId, change) {
      const { runs } = state;
      const changed = runs.map((view) => (view.record.spec.id === runId ? change(view) : view));
      if (changed.some((view, index) => view !== runs[index])) update(() => ({ runs: changed }));
    },
    notify,
    notifyError(doing, error) {
      const data = LabError.toData(error);
      notify('error', `${doing}: ${LabError.describe(data)}`, { code: data.code });
    },
    dismiss(noticeId) {
      update(({ notices }) => ({ notices: notices.filter(({ id }) => id !== noticeId) }));
    },
    async during(label, work, { cancellable = false } = {}) {
      const jobId = ++lastId;
      const abort = new AbortController();
      if (cancellable) aborts.set(jobId, abort);
      update(({ jobs }) => ({ jobs: [...jobs, { id: jobId, label, phase: label, done: 0, of: 0, cancellable }] }));
      const report: ReportProgress = ({ phase, done, of }, remainingMs) => {
        const progress = { phase, done, of, ...(remainingMs === undefined ? {} : { remainingMs }) };
        update(({ jobs }) => ({ jobs: jobs.map((job) => (job.id === jobId ? { ...job, ...progress } : job)) }));
      };
      try {
        return await work({ jobId, report, signal: abort.signal });
      } finally {
        aborts.delete(jobId);
        update(({ jobs }) => ({ jobs: jobs.filter(({ id }) => id !== jobId) }));
      }
    },
    cancelJob: (jobId) => aborts.get(jobId)?.abort(),
  };
}

/** The items without the one of this kind and id, which was removed or written again. */
export function withoutItem(
  items: readonly UnreadableRecord[],
  kind: StoredKind,
  id: string,
): readonly UnreadableRecord[] {
  return items.filter((item) => item.kind !== kind || item.id !== id);
}

/** Limits how often progress is shown: pieces of work come by the thousand. */
const reportEveryMs = 100;

/**
 * Reports progress and the time left by the pace since `start`, now and then, when called with the items done; what the machine slept
 * through does not count.
 */
export function throttledProgress(report: ReportProgress, start: Progress): (done: number) => void {
  const { phase, of } = start;
  const workedMs = createWorkedTime();
  let reportedAt = -Infinity;
  return (done) => {
    const now = workedMs();
    if (now - reportedAt < reportEveryMs && done < of) return;
    reportedAt = now;
    const count = done - start.done;
    report({ phase, done, of }, count > 0 ? (now / count) * (of - done) : undefined);
  };
}

/** Reports the time left by the pace of each phase, as `throttledProgress` does for one. */
export function phaseProgress(report: ReportProgress): (progress: Progress) => void {
  let current: { readonly phase: string; readonly report: (done: number) => void } | null = null;
  return (progress) => {
    const { phase, done } = progress;
    if (current?.phase !== phase) current = { phase, report: throttledProgress(report, progress) };
    current.report(done);
  };
}
