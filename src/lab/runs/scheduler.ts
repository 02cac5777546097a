// Decides which run waits, which is on the device, and what status every event gives a run: a pure state machine.
import {
  microBatchSizeOf,
  statusAfterInterrupt,
  type Interruption,
  type RunRecord,
  type RunStatus,
} from '../../schema/runRecord.ts';
import { notBefore } from '../../util/clock.ts';
import type { LabErrorData } from '../../util/labError.ts';
import { isJoint } from '../../schema/methods.ts';
import { neededRuns } from '../../schema/runLineage.ts';
import type { LabState } from '../state/labState.ts';

export interface Schedule {
  /** Every run the lab knows. `queued` runs are in `queue`, at most one is `running`: the active one. */
  readonly statuses: Readonly<Record<string, RunStatus>>;
  /** The runs that each one starts from or reads; they need not be known. */
  readonly needs: Readonly<Record<string, readonly string[]>>;
  /** In order; no run precedes one that it needs. */
  readonly queue: readonly string[];
  readonly activeRunId: string | null;
  /** The run that was paused because storage is full; nothing starts until it is queued, stopped or removed. */
  readonly storageFullRun: string | null;
  /** Runs that wait for other runs of their race: none of them starts while it is queued. */
  readonly atRungs: readonly string[];
}

interface KnownRun {
  readonly status: RunStatus;
  readonly needs: readonly string[];
}

export type ScheduleAction =
  /** Adds runs as they were stored. What was queued or running then is paused now: only a person starts training. */
  | { readonly kind: 'restore'; readonly runs: Readonly<Record<string, KnownRun>> }
  /** Queues a run that is new, paused, stopped or failed; one that is waiting, running or finished stays as it is. The run that lacked storage goes first. */
  | { readonly kind: 'queue'; readonly runId: string; readonly needs: readonly string[] }
  /** Queues a finished run whose snapshots are damaged, before the runs that need it. */
  | { readonly kind: 'retrain'; readonly runId: string }
  /** Moves a waiting run one position, but not past a run that it needs. */
  | { readonly kind: 'move'; readonly runId: string; readonly direction: 'up' | 'down' }
  /** Puts the first waiting run whose needs are finished on the device if the device is free and storage is not full. */
  | { readonly kind: 'start' }
  /** Takes a run that is not on the device out of the queue; the active one leaves by `end`. What waits for it keeps waiting. */
  | { readonly kind: 'pause' | 'stop'; readonly runId: string }
  /**
   * The active run left the device with this status; `isStorageFull`: it is paused because it could not be stored; `isAtRung`: it came as far as its
   * race lets it, and waits for what the race makes of it.
   */
  | {
      readonly kind: 'end';
      readonly runId: string;
      readonly status: RunStatus;
      readonly isStorageFull?: boolean;
      readonly isAtRung?: boolean;
    }
  /** What the races decided: the runs that wait for others, and those that are dropped. */
  | { readonly kind: 'race'; readonly atRungs: readonly string[]; readonly dropped: readonly string[] }
  /** Storage was freed: the run that lacked it is queued before all others. */
  | { readonly kind: 'storageFreed' }
  /** Forgets a run that is neither on the device nor what another starts from. */
  | { readonly kind: 'remove'; readonly runId: string };

export const emptySchedule: Schedule = {
  statuses: {},
  needs: {},
  queue: [],
  activeRunId: null,
  storageFullRun: null,
  atRungs: [],
};

/** The schedule after an action. Actions that make no sense for the run's status change nothing. */
export function schedule(state: Schedule, action: ScheduleAction): Schedule {
  switch (action.kind) {
    case 'restore':
      return restore(state, action.runs);
    case 'queue':
      return queue(state, action.runId, action.needs);
    case 'retrain':
      return state.statuses[action.runId] === 'finished'
        ? queue(withStatus(state, action.runId, 'paused'), action.runId, [])
        : state;
    case 'move':
      return move(state, action.runId, action.direction);
    case 'start':
      return start(state);
    case 'pause':
      return state.statuses[action.runId] === 'queued' ? leaveQueue(state, action.runId, 'paused') : state;
    case 'stop':
      return stop(state, action.runId);
    case 'end':
      return end(state, action);
    case 'race':
      return race(state, action.atRungs, action.dropped);
    case 'storageFreed':
      return state.storageFullRun === null ? state : queue(state, state.storageFullRun, []);
    case 'remove':
      return remove(state, action.runId);
  }
}

/** Whether a run may go on the device as far as its race and the runs it needs are concerned. */
function mayStart(
  { statuses, needs, atRungs }: Pick<Schedule, 'statuses' | 'needs' | 'atRungs'>,
  runId: string,
): boolean {
  return !atRungs.includes(runId) && (needs[runId] ?? []).every((needed) => statuses[needed] === 'finished');
}

function restore(state: Schedule, runs: Readonly<Record<string, KnownRun>>): Schedule {
  const statuses: Record<string, RunStatus> = {};
  const needs: Record<string, readonly string[]> = {};
  for (const [runId, { status, needs: own }] of Object.entries(runs)) {
    statuses[runId] = status === 'queued' || status === 'running' ? 'paused' : status;
    needs[runId] = own;
  }
  return {
    ...state,
    statuses: { ...statuses, ...state.statuses },
    needs: { ...needs, ...state.needs },
  };
}

function queue(state: Schedule, runId: string, needs: readonly string[]): Schedule {
  const status = state.statuses[runId];
  if (status === 'queued' || status === 'running' || status === 'finished') return state;
  const lackedStorage = state.storageFullRun === runId;
  // Before the first run that needs it, if one waits already.
  const dependent = state.queue.findIndex((waiting) => state.needs[waiting]?.includes(runId) === true);
  const index = lackedStorage ? 0 : dependent < 0 ? state.queue.length : dependent;
  return {
    ...withStatus(state, runId, 'queued'),
    needs: { ...state.needs, [runId]: state.needs[runId] ?? needs },
    queue: [...state.queue.slice(0, index), runId, ...state.queue.slice(index)],
    storageFullRun: lackedStorage ? null : state.storageFullRun,
  };
}

function move(state: Schedule, runId: string, direction: 'up' | 'down'): Schedule {
  const index = state.queue.indexOf(runId);
  const first = direction === 'up' ? index - 1 : index;
  const [earlier, later] = [state.queue[first], state.queue[first + 1]];
  if (index < 0 || earlier === undefined || later === undefined || state.needs[later]?.includes(earlier) === true)
    return state;
  return { ...state, queue: [...state.queue.slice(0, first), later, earlier, ...state.queue.slice(first + 2)] };
}

function start(state: Schedule): Schedule {
  if (state.activeRunId !== null || state.storageFullRun !== null) return state;
  const next = state.queue.find((runId) => mayStart(state, runId));
  if (next === undefined) return state;
  return { ...leaveQueue(state, next, 'running'), activeRunId: next };
}

function stop(state: Schedule, runId: string): Schedule {
  const status = state.statuses[runId];
  if (status !== 'queued' && status !== 'paused' && status !== 'failed') return state;
  return withoutStorageFull(leaveQueue(state, runId, 'stopped'), runId);
}

function end(
  state: Schedule,
  { runId, status, isStorageFull, isAtRung }: ScheduleAction & { readonly kind: 'end' },
): Schedule {
  if (state.activeRunId !== runId) return state;
  if (isAtRung === true && status === 'paused') {
    const waiting = { ...withStatus(state, runId, 'queued'), activeRunId: null };
    return { ...waiting, queue: [...state.queue, runId], atRungs: [...state.atRungs, runId] };
  }
  // A server that ends a run with an open record has broken the protocol; the run is then failed rather than lost.
  const ended = status === 'queued' || status === 'running' ? 'failed' : status;
  const storageFullRun = isStorageFull === true && ended === 'paused' ? runId : state.storageFullRun;
  return { ...withStatus(state, runId, ended), activeRunId: null, storageFullRun };
}

/** Only runs that are not on the device are dropped, and finished ones stay finished. */
function race(state: Schedule, atRungs: readonly string[], dropped: readonly string[]): Schedule {
  const isSame = atRungs.join() === state.atRungs.join();
  return dropped.reduce((before, runId) => stop(before, runId), isSame ? state : { ...state, atRungs });
}

function remove(state: Schedule, runId: string): Schedule {
  const isNeeded = Object.keys(state.statuses).some((other) => state.needs[other]?.includes(runId) === true);
  if (state.activeRunId === runId || isNeeded) return state;
  const { [runId]: _status, ...statuses } = state.statuses;
  const { [runId]: _needs, ...needs } = state.needs;
  const queue = state.queue.filter((waiting) => waiting !== runId);
  const atRungs = state.atRungs.filter((waiting) => waiting !== runId);
  return withoutStorageFull({ ...state, statuses, needs, queue, atRungs }, runId);
}

function withoutStorageFull(state: Schedule, runId: string): Schedule {
  return state.storageFullRun === runId ? { ...state, storageFullRun: null } : state;
}

function leaveQueue(state: Schedule, runId: string, status: RunStatus): Schedule {
  return { ...withStatus(state, runId, status), queue: state.queue.filter((waiting) => waiting !== runId) };
}

function withStatus(state: Schedule, runId: string, status: RunStatus): Schedule {
  return { ...state, statuses: { ...state.statuses, [runId]: status } };
}

/** Attempts without a step saved in between, after which the run is left to the person. */
const ATTEMPTS = 3;

/** Failures after which nothing that the server computes can be trusted, or it computes nothing at all. */
const UNUSABLE: ReadonlySet<string> = new Set([
  'gpu/lost',
  'gpu/memory',
  'gpu/internal',
  'gpu/error',
  'memory/full',
  'worker/lost',
]);

/** Whether a failure makes the server that reported it unusable. */
export function isUnusable({ code }: { readonly code: string }): boolean {
  return UNUSABLE.has(code);
}

const isMemory = ({ code }: LabErrorData): boolean => code === 'gpu/memory' || code === 'memory/full';

/** Invalid work would be refused again: it is a mistake of ours, and to be reported as one. */
const isFinal = ({ code }: LabErrorData): boolean => code === 'gpu/error';

/**
 * The entry for a run's record when it may be tried again from its last resume point: with half as many sequences at once where memory was
 * the reason, the effective batch being the same. Null when there is nothing left to try. `record` as it was stored last, `at` in ISO form.
 */
export function interruptionAfter(record: RunRecord, failure: LabErrorData, at: string): Interruption | null {
  if (isFinal(failure)) return null;
  const { step, interruptions = [] } = record;
  const before = microBatchSizeOf(record);
  if (isMemory(failure)) {
    return before === 1 ? null : { at, step, failure, microBatchSize: Math.ceil(before / 2) };
  }
  const inVain = interruptions.filter((one) => one.step === step && !isMemory(one.failure)).length;
  return inVain >= ATTEMPTS ? null : { at, step, failure, microBatchSize: before };
}

export interface Recovery {
  /** Whether the server is back on the device it had. */
  readonly isBack: boolean;
  /** How a person asked the run to leave in the meantime. */
  readonly requested: 'pause' | 'stop' | null;
  /** ISO date and time. */
  readonly at: string;
}

/**
 * The record of a run whose server became unusable: queued to continue from its last resume point, at rest as the person asked, or the
 * failed record itself where nothing is left to try.
 */
export function recordAfterFailure(record: RunRecord, failure: LabErrorData, recovery: Recovery): RunRecord {
  const updatedAt = notBefore(recovery.at, record.updatedAt);
  if (recovery.requested !== null) {
    return { ...record, status: statusAfterInterrupt(recovery.requested), failure: null, updatedAt };
  }
  const interruption = recovery.isBack ? interruptionAfter(record, failure, updatedAt) : null;
  if (interruption === null) return record;
  const interruptions = [...(record.interruptions ?? []), interruption];
  return { ...record, status: 'queued', failure: null, interruptions, updatedAt };
}

interface Wait {
  readonly parentId: string;
  /** Null when the lab does not have that run. */
  readonly parent: RunRecord | null;
  /** For a person to read. */
  readonly reason: string;
  /** Nothing will change until somebody resumes the parent: it was paused, stopped or failed, or is not here. */
  readonly isStuck: boolean;
}

const reasons: Readonly<Record<RunStatus, string>> = {
  queued: 'is trained first',
  running: 'is being trained',
  paused: 'is paused: resume it',
  stopped: 'was stopped: resume it',
  failed: 'failed: try it again',
  finished: '',
};

/** What `waitsFor` reads: without `rungWaits`, no run waits for others of its race. */
type WaitState = Pick<LabState, 'runs'> & Partial<Pick<LabState, 'rungWaits'>>;

/** Null for a run that may start as soon as the device is free. */
export function waitsFor({ runs, rungWaits = {} }: WaitState, runId: string): Wait | null {
  return waitOf(runs, runId, new Map()) ?? waitInRace(runs, rungWaits, runId);
}

/** The wait for a run of the same race, for one that nothing brings on where there is such a one. */
function waitInRace(runs: LabState['runs'], rungWaits: LabState['rungWaits'], runId: string): Wait | null {
  const awaited = rungWaits[runId];
  if (awaited === undefined) return null;
  const records = awaited.flatMap((id) => runs.find(({ record }) => record.spec.id === id)?.record ?? []);
  const isStuckRun = ({ status, spec }: RunRecord): boolean =>
    status === 'queued' ? waitOf(runs, spec.id, new Map())?.isStuck === true : status !== 'running';
  const parent = records.find(isStuckRun) ?? records[0] ?? null;
  const what = parent === null ? 'the choice of the slicing rate' : 'another slicing rate, with which it is compared';
  return {
    parentId: parent?.spec.id ?? runId,
    parent,
    reason: `Waits for ${what}${parent === null ? '' : `, which ${reasons[parent.status]}`}.`,
    isStuck: parent === null || isStuckRun(parent),
  };
}

/**
 * The wait for a run that this one needs, for one that is stuck where there is such a one. `stuck` has what is known of runs, each visited once: those
 * that are being visited count as stuck, as a cycle never starts.
 */
function waitOf(runs: LabState['runs'], runId: string, stuck: Map<string, boolean>): Wait | null {
  stuck.set(runId, true);
  const recordOf = (id: string): RunRecord | null => runs.find(({ record }) => record.spec.id === id)?.record ?? null;
  const own = recordOf(runId);
  const needed = own === null ? [] : neededRuns(own.spec);
  const waits = needed.flatMap((id) => (own === null ? [] : (waitFor(runs, own, id, recordOf(id), stuck) ?? [])));
  const wait = waits.find(({ isStuck }) => isStuck) ?? waits[0] ?? null;
  stuck.set(runId, wait?.isStuck === true);
  return wait;
}

/** Null where the needed run is finished. */
function waitFor(
  runs: LabState['runs'],
  own: RunRecord,
  parentId: string,
  parent: RunRecord | null,
  stuck: Map<string, boolean>,
): Wait | null {
  if (parent === null) {
    return { parentId, parent, reason: `Waits for the run ${parentId}, which is not here.`, isStuck: true };
  }
  const { status, spec } = parent;
  if (status === 'finished') return null;
  const name = isJoint(spec.method)
    ? `${spec.method} of ${spec.category?.name ?? 'its category'}`
    : own.spec.collaboration === undefined || own.spec.round > 0
      ? 'its first training'
      : `${spec.method} of ${spec.tasks[0]?.corpus.name ?? 'another task'}`;
  // A parent that waits is as stuck as what it waits for.
  const isStuck =
    status === 'queued'
      ? (stuck.get(parentId) ?? waitOf(runs, parentId, stuck)?.isStuck === true)
      : status !== 'running';
  return { parentId, parent, reason: `Waits for ${name}, which ${reasons[status]}.`, isStuck };
}

/** Whether runs wait, the device is free, and none of them can take it: for want of room, or of the runs they start from. */
export function isQueueStuck(state: WaitState & Pick<LabState, 'queue' | 'activeRunId' | 'storageFullRun'>): boolean {
  if (state.activeRunId !== null || state.queue.length === 0) return false;
  return state.storageFullRun !== null || state.queue.every((id) => waitsFor(state, id) !== null);
}
