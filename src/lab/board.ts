// The lab's one observable state: changes are new objects, told to every listener, with notices and jobs on it.
import { LabError } from '../util/labError.ts';
import type { LabState, Notice, RunView } from './labState.ts';

export interface Board {
  getState(): LabState;
  subscribe(listener: () => void): () => void;
  update(change: (state: LabState) => Partial<LabState>): void;
  /** Changes one run's view, if there is such a run. */
  updateRun(runId: string, change: (view: RunView) => RunView): void;
  notify(severity: Notice['severity'], message: string): void;
  /** The same for anything thrown: what was being done, then what went wrong. */
  notifyError(doing: string, error: unknown): void;
  dismiss(noticeId: number): void;
  /** Shows a job while `work` goes on; `report` moves it on. */
  during<Value>(label: string, work: (report: (done: number, total: number) => void) => Promise<Value>): Promise<Value>;
}

const initialState: LabState = {
  opened: false,
  backend: { status: 'starting' },
  corpora: [],
  models: [],
  runs: [],
  queue: [],
  activeRunId: null,
  results: [],
  categories: [],
  assignments: {},
  jobs: [],
  notices: [],
  usage: null,
};

export function createBoard(): Board {
  let state = initialState;
  let lastId = 0;
  const listeners = new Set<() => void>();

  function update(change: (state: LabState) => Partial<LabState>): void {
    state = { ...state, ...change(state) };
    for (const listener of [...listeners]) listener();
  }

  function notify(severity: Notice['severity'], message: string): void {
    const notice = { id: ++lastId, severity, message };
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
      update(({ runs }) => ({ runs: runs.map((view) => (view.record.spec.id === runId ? change(view) : view)) }));
    },
    notify,
    notifyError: (doing, error) => notify('error', `${doing}: ${LabError.describe(LabError.toData(error))}`),
    dismiss(noticeId) {
      update(({ notices }) => ({ notices: notices.filter(({ id }) => id !== noticeId) }));
    },
    async during(label, work) {
      const id = ++lastId;
      update(({ jobs }) => ({ jobs: [...jobs, { id, label, done: 0, total: 0 }] }));
      try {
        return await work((done, total) => {
          update(({ jobs }) => ({ jobs: jobs.map((job) => (job.id === id ? { ...job, done, total } : job)) }));
        });
      } finally {
        update(({ jobs }) => ({ jobs: jobs.filter((job) => job.id !== id) }));
      }
    },
  };
}
