// Which run waits, which is on the device, and what each request makes of that: a pure reducer.
import type { RunStatus } from '../schema/runRecord.ts';

/** How a run may leave the device. */
export type EndStatus = Exclude<RunStatus, 'queued' | 'running'>;

export interface Schedule {
  /** Every run the lab knows. `queued` runs are in `queue`, at most one is `running`: the active one. */
  readonly statuses: Readonly<Record<string, RunStatus>>;
  /** Next first. */
  readonly queue: readonly string[];
  readonly activeRunId: string | null;
}

export type ScheduleAction =
  /** Takes in runs as they were stored. What was queued or running then is paused now: only a person starts training. */
  | { readonly kind: 'restore'; readonly statuses: Readonly<Record<string, RunStatus>> }
  /** Queues a run that is new, paused, stopped or failed; one that is waiting, running or finished stays as it is. */
  | { readonly kind: 'queue'; readonly runId: string }
  /** Puts the next waiting run on the device if the device is free. */
  | { readonly kind: 'start' }
  /** Takes a run that is not on the device out of the queue; the active one leaves by `end`. */
  | { readonly kind: 'pause' | 'stop'; readonly runId: string }
  /** The active run left the device. */
  | { readonly kind: 'end'; readonly runId: string; readonly status: EndStatus }
  /** Forgets a run that is not on the device. */
  | { readonly kind: 'remove'; readonly runId: string };

export const emptySchedule: Schedule = { statuses: {}, queue: [], activeRunId: null };

/** The schedule after an action. Actions that make no sense for the run's status change nothing. */
export function schedule(state: Schedule, action: ScheduleAction): Schedule {
  switch (action.kind) {
    case 'restore':
      return { ...state, statuses: { ...pausedWhereOpen(action.statuses), ...state.statuses } };
    case 'queue':
      return queue(state, action.runId);
    case 'start':
      return start(state);
    case 'pause':
      return state.statuses[action.runId] === 'queued' ? leaveQueue(state, action.runId, 'paused') : state;
    case 'stop':
      return stop(state, action.runId);
    case 'end':
      if (state.activeRunId !== action.runId) return state;
      return { ...withStatus(state, action.runId, action.status), activeRunId: null };
    case 'remove':
      return remove(state, action.runId);
  }
}

function pausedWhereOpen(statuses: Readonly<Record<string, RunStatus>>): Record<string, RunStatus> {
  return Object.fromEntries(
    Object.entries(statuses).map(([runId, status]) => [
      runId,
      status === 'queued' || status === 'running' ? 'paused' : status,
    ]),
  );
}

function queue(state: Schedule, runId: string): Schedule {
  const status = state.statuses[runId];
  if (status === 'queued' || status === 'running' || status === 'finished') return state;
  return { ...withStatus(state, runId, 'queued'), queue: [...state.queue, runId] };
}

function start(state: Schedule): Schedule {
  const [next, ...waiting] = state.queue;
  if (state.activeRunId !== null || next === undefined) return state;
  return { ...withStatus(state, next, 'running'), queue: waiting, activeRunId: next };
}

function stop(state: Schedule, runId: string): Schedule {
  const status = state.statuses[runId];
  return status === 'queued' || status === 'paused' || status === 'failed'
    ? leaveQueue(state, runId, 'stopped')
    : state;
}

function remove(state: Schedule, runId: string): Schedule {
  if (state.activeRunId === runId) return state;
  const { [runId]: _removed, ...statuses } = state.statuses;
  return { ...state, statuses, queue: state.queue.filter((waiting) => waiting !== runId) };
}

function leaveQueue(state: Schedule, runId: string, status: EndStatus): Schedule {
  return { ...withStatus(state, runId, status), queue: state.queue.filter((waiting) => waiting !== runId) };
}

function withStatus(state: Schedule, runId: string, status: RunStatus): Schedule {
  return { ...state, statuses: { ...state.statuses, [runId]: status } };
}
