// Holds the lab's one observable state with notices and jobs, and decides which of several tabs may change it.
import { NOTHING_DESCRIBED } from '../../schema/libraryRecord.ts';
import { defaultMachineSettings } from '../../schema/machineSettings.ts';
import type { StoredKind } from '../../storage/records.ts';
import { createWorkedTime, type Progress } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import type { LabState, Notice, RunView, UnreadableRecord } from './labState.ts';

// Holds the lab's one observable state: changes are new objects, passed to every listener, with notices and jobs in it.

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

// Tells whether what comes with the lab may still be on its way into the library.

/** The model is installed once the backend has started; jobs are what is being installed or imported now. */
export function isInstalling({ opened, backend, jobs }: LabState): boolean {
  return !opened || backend.status === 'starting' || jobs.length > 0;
}

// Decides which of several openings of one lab, in tabs of one browser, may change it: the others may only look.

/**
 * Tabs of one browser share one store, and two trainings that write to it would overwrite each other's records. So one tab has the lab: it
 * trains and writes. Every other tab shows what is stored, reads it again when a person comes back to it, and takes the lab over once the
 * first tab is gone. Where the lab cannot be open twice, as in Node, there is nothing to claim and every call is allowed.
 */
export interface Claim {
  /** Whether the lab was free, so that it is ours at once. */
  readonly isOurs: boolean;
  /** Resolves when it is ours, now or when the tab that has it is gone; from then on it stays ours. */
  readonly whenOurs: Promise<void>;
}

/** Grants the right to change a lab. */
export interface Ownership {
  /** Asks for the lab, once, and answers soon. Never rejects. */
  claim(): Promise<Claim>;
}

/**
 * The claim of this opening of the lab, and the guard before every call that changes something or needs the device. The owner in the lab's
 * state says what the page shows; calls are guarded here too, since a page may be older than the claim.
 */
export class OwnerGuard {
  /** Undefined where the lab cannot be open more than once. */
  readonly claimed: Promise<Claim> | undefined;
  private readonly labStore: LabStore;

  constructor(labStore: LabStore, ownership: Ownership | undefined) {
    this.labStore = labStore;
    if (ownership !== undefined) labStore.update(() => ({ owner: 'elsewhere' }));
    this.claimed = ownership?.claim().then((claim) => {
      if (claim.isOurs) labStore.update(() => ({ owner: 'here' }));
      return claim;
    });
  }

  /** Does `work` where the lab is ours; waits for the claim to be answered first. Rejects with LabError `lab/elsewhere`. */
  async run<Outcome>(work: () => Promise<Outcome>): Promise<Outcome> {
    if (this.isElsewhere) await this.claimed;
    this.refuseElsewhere();
    return work();
  }

  /** Throws LabError `lab/elsewhere` while another tab has the lab. */
  refuseElsewhere(): void {
    if (!this.isElsewhere) return;
    throw new LabError(
      'lab/elsewhere',
      'This lab is open in another tab, which does the training and changes what is stored: do it there, or close that tab.',
    );
  }

  private get isElsewhere(): boolean {
    return this.labStore.getState().owner === 'elsewhere';
  }
}
