// Carries the schedule out: one run at a time goes to the training server, and what comes of it goes on the board and into the store.
import {
  microBatchSizeOf,
  queuedRun,
  type Interruption,
  type RunRecord,
  type RunSpec,
} from '../../schema/runRecord.ts';
import { readRunRecord, writeRunRecord } from '../../storage/runRecords.ts';
import type { Store } from '../../storage/store.ts';
import { laterThan, notBefore } from '../../util/clock.ts';
import { LabError, type LabErrorData } from '../../util/labError.ts';
import type { RunEvent } from '../../wire/trainingProtocol.ts';
import type { LabStore } from '../state/labStore.ts';
import {
  advanceRunView,
  boardingRunView,
  insertRunView,
  restingRunView,
  runTitle,
  runViewsOf,
  setRunStatus,
} from '../state/runViews.ts';
import type { Backend } from './backend.ts';
import { emptySchedule, schedule, type EndStatus, type ScheduleAction } from './scheduler.ts';
import type { QueueMemory } from './storedRuns.ts';
import { isUnusable, type SupervisedServer } from './supervisedServer.ts';

/** Attempts without a step kept in between, after which the run is left to the person. */
const ATTEMPTS = 3;

const isMemory = ({ code }: LabErrorData): boolean => code === 'gpu/memory' || code === 'memory/full';

/** Invalid work would be refused again: it is a mistake of ours, and to be told as one. */
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

interface Runner {
  /** Shows stored runs in the place of all others; those that were open are paused, but `goOn` queued in this order. */
  restore(records: readonly RunRecord[], goOn?: readonly string[]): void;
  /** From now on the server takes runs. */
  begin(): void;
  /** Queues new runs, and known ones that are neither waiting, running nor finished. */
  queue(specs: readonly RunSpec[]): Promise<void>;
  /** Resolves when the run has left the device, or the queue. */
  interrupt(runId: string, how: 'pause' | 'stop'): Promise<void>;
  /** One place in the queue; nothing for a run that does not wait. */
  move(runId: string, direction: 'up' | 'down'): void;
  /** Throws LabError `run/needed` while other runs start from it. */
  remove(runId: string): Promise<void>;
  /** A run that was paused for want of room is tried again, before those that wait. */
  storageFreed(): void;
}

interface RunnerParts {
  readonly server: SupervisedServer;
  readonly backend: Backend;
  readonly labStore: LabStore;
  readonly store: Store;
  readonly memory: QueueMemory;
  /** ISO date and time. */
  readonly timestamp: () => string;
  /** Called when stored bytes changed: after checkpoints and ends. */
  readonly stored: () => void;
}

export function createRunner({ server, backend, labStore, store, memory, timestamp, stored }: RunnerParts): Runner {
  let plan = emptySchedule;
  let serverReady = false;
  let driving: Promise<void> = Promise.resolve();
  /** How the active run was asked to leave, for when its server cannot hear it. */
  let asked: 'pause' | 'stop' | null = null;

  server.onLost(() => {
    // A run on the device tells by itself, and goes on by itself; a backend that is being started is tried again by who starts it.
    const { owner, backend: started } = labStore.getState();
    if (plan.activeRunId === null && owner === 'here' && started.status !== 'starting') void bringBack();
  });
  server.onEvent((event: RunEvent) => {
    labStore.updateRun(event.runId, (view) => advanceRunView(view, event));
    if (event.kind === 'checkpoint') stored();
  });

  function dispatch(action: ScheduleAction): void {
    plan = schedule(plan, action);
    memory.keep(plan);
    const at = timestamp();
    labStore.update(({ runs }) => ({
      queue: plan.queue,
      activeRunId: plan.activeRunId,
      runs: runs.map((view) => setRunStatus(view, plan.statuses[view.record.spec.id] ?? view.record.status, at)),
    }));
  }

  function recordOf(runId: string): RunRecord {
    const view = labStore.getState().runs.find(({ record }) => record.spec.id === runId);
    if (view === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: runId });
    return view.record;
  }

  function titleOf(spec: RunSpec): string {
    return runTitle(spec, labStore.getState().models.find(({ id }) => id === spec.model.id)?.layers ?? null);
  }

  function refuseNeeded(runId: string): void {
    const dependants = labStore.getState().runs.filter(({ record }) => record.spec.parent === runId);
    if (dependants.length === 0) return;
    throw new LabError('run/needed', 'Other runs start from this one: remove them first.', {
      expected: 'no run that starts from it',
      got: `${dependants.length}`,
    });
  }

  function advance(): void {
    if (!serverReady || plan.activeRunId !== null || labStore.getState().storageFullRun !== null) return;
    dispatch({ kind: 'start' });
    if (plan.activeRunId !== null) driving = drive(plan.activeRunId);
  }

  /** From a spoilt server to a new one. Answers with whether it has the device that the old one had. */
  async function bringBack(): Promise<boolean> {
    serverReady = false;
    const isBack = await backend.restore();
    serverReady = labStore.getState().backend.status === 'ready';
    if (!isBack) await pauseWaiting();
    advance();
    return isBack;
  }

  /** What waited for a device that is gone is not trained on another one unasked: it may take a hundred times as long. */
  async function pauseWaiting(): Promise<void> {
    const waiting = plan.queue;
    for (const runId of waiting) {
      dispatch({ kind: 'pause', runId });
      await saved(recordOf(runId));
    }
    if (waiting.length > 0)
      labStore.notify('error', 'The device did not come back: runs that waited for it are paused.');
  }

  async function drive(runId: string): Promise<void> {
    asked = null;
    let record = await trained(runId);
    while (record.status === 'failed' && record.failure !== null && isUnusable(record.failure)) {
      const next = await afterFailure(record, record.failure);
      record = next.status === 'queued' ? await trained(runId) : next;
      if (next.status === 'failed') break;
    }
    labStore.updateRun(runId, () => restingRunView(record));
    if (record.status === 'paused' && record.failure !== null) labStore.update(() => ({ storageFullRun: runId }));
    dispatch({ kind: 'end', runId, status: endStatus(record) });
    if (record.failure !== null) {
      const outcome = record.status === 'paused' ? 'is paused' : 'failed';
      labStore.notify('error', `${titleOf(record.spec)} ${outcome}: ${LabError.describe(record.failure)}`);
    }
    stored();
    advance();
  }

  /** The record of a run as the server leaves it, or as it was stored last where the server cannot even answer. */
  async function trained(runId: string): Promise<RunRecord> {
    labStore.updateRun(runId, boardingRunView);
    try {
      return await server.call('train', recordOf(runId).spec);
    } catch (error) {
      const failure = LabError.toData(error);
      const record = (await readRunRecord(store, runId).catch(() => undefined)) ?? recordOf(runId);
      return saved({ ...record, status: 'failed', failure, updatedAt: notBefore(timestamp(), record.updatedAt) });
    }
  }

  /** The record of a run whose server is spoilt: queued to go on from its last resume point, or at rest, with the reason. */
  async function afterFailure(record: RunRecord, failure: LabErrorData): Promise<RunRecord> {
    const isBack = await bringBack();
    const updatedAt = notBefore(timestamp(), record.updatedAt);
    if (asked !== null) {
      return saved({ ...record, status: asked === 'pause' ? 'paused' : 'stopped', failure: null, updatedAt });
    }
    const interruption = isBack ? interruptionAfter(record, failure, updatedAt) : null;
    if (interruption === null) return record;
    const { step, microBatchSize } = interruption;
    const fewer = microBatchSize < microBatchSizeOf(record) ? `, with micro-batches of ${microBatchSize}` : '';
    labStore.notify(
      'warning',
      `${titleOf(record.spec)} goes on from step ${step}${fewer}: ${LabError.describe(failure)}`,
    );
    const interruptions = [...(record.interruptions ?? []), interruption];
    return saved({ ...record, status: 'queued', failure: null, interruptions, updatedAt });
  }

  /** Stores a record; one that cannot be stored is shown all the same. */
  async function saved(record: RunRecord): Promise<RunRecord> {
    try {
      await writeRunRecord(store, record);
    } catch (error) {
      labStore.notifyError('What became of a run could not be stored', error);
    }
    return record;
  }

  /** Puts the run that lacked room before all that wait. */
  function resumeAfterStorageFreed(): void {
    const { storageFullRun } = labStore.getState();
    if (storageFullRun === null) return;
    labStore.update(() => ({ storageFullRun: null }));
    dispatch({ kind: 'queue', runId: storageFullRun, parent: recordOf(storageFullRun).spec.parent, isFirst: true });
    advance();
  }

  function goOnWithout(): void {
    labStore.update(() => ({ storageFullRun: null }));
    advance();
  }

  async function leave(runId: string, how: 'pause' | 'stop'): Promise<void> {
    asked = how;
    // A server that is lost hears nothing; the run leaves when that is known.
    await server.call('interrupt', { runId, how }).catch(() => undefined);
    await driving;
  }

  return {
    restore(records, goOn = []) {
      labStore.update(() => ({ runs: runViewsOf(records) }));
      dispatch({
        kind: 'restore',
        runs: Object.fromEntries(records.map(({ spec, status }) => [spec.id, { status, parent: spec.parent }])),
      });
      for (const { spec } of goOn.flatMap((runId) => records.filter((record) => record.spec.id === runId))) {
        dispatch({ kind: 'queue', runId: spec.id, parent: spec.parent });
      }
    },
    begin() {
      serverReady = true;
      advance();
    },
    async queue(specs) {
      const records = labStore.getState().runs.map(({ record }) => record);
      const known = new Set(records.map(({ spec }) => spec.id));
      const at = laterThan(timestamp(), records.map(({ createdAt }) => createdAt)); // prettier-ignore
      const fresh = specs.filter(({ id }) => !known.has(id)).map((spec) => queuedRun(spec, at));
      for (const record of fresh) await writeRunRecord(store, record);
      labStore.update(({ runs }) => ({
        runs: fresh.reduce((views, record) => insertRunView(views, restingRunView(record)), runs),
      }));
      if (specs.some(({ id }) => id === labStore.getState().storageFullRun)) resumeAfterStorageFreed();
      for (const { id, parent } of specs) dispatch({ kind: 'queue', runId: id, parent });
      advance();
    },
    move(runId, direction) {
      dispatch({ kind: 'move', runId, direction });
    },
    async interrupt(runId, how) {
      recordOf(runId);
      if (plan.activeRunId === runId) {
        await leave(runId, how);
        return;
      }
      dispatch({ kind: how, runId });
      await writeRunRecord(store, recordOf(runId));
      if (how === 'stop' && labStore.getState().storageFullRun === runId) goOnWithout();
    },
    async remove(runId) {
      recordOf(runId);
      refuseNeeded(runId);
      if (plan.activeRunId === runId) await leave(runId, 'stop');
      dispatch({ kind: 'remove', runId });
      labStore.update(({ runs }) => ({ runs: runs.filter(({ record }) => record.spec.id !== runId) }));
      await server.call('removeRun', runId);
      if (labStore.getState().storageFullRun === runId) goOnWithout();
    },
    storageFreed: resumeAfterStorageFreed,
  };
}

/** A server that answers `train` with an open record has broken the protocol; the run is then failed rather than lost. */
function endStatus({ status }: RunRecord): EndStatus {
  return status === 'queued' || status === 'running' ? 'failed' : status;
}
