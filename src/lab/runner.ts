// Carries the schedule out: one run at a time goes to the training server, and what comes of it goes on the board and into the store.
import { LabError, type LabErrorData } from '../util/labError.ts';
import type { RunRecord, RunSpec } from '../schema/runRecord.ts';
import { readRunRecord, writeRunRecord } from '../storage/runRecords.ts';
import type { Store } from '../storage/store.ts';
import type { RunEvent, ServerClient } from '../../workers/protocol.ts';
import type { Board } from './board.ts';
import { queuedRun } from '../schema/queuedRun.ts';
import { laterThan, notBefore } from '../util/notBefore.ts';
import type { QueueMemory } from './queueMemory.ts';
import { runTitle } from './runTitle.ts';
import {
  advanceRunView,
  boardingRunView,
  insertRunView,
  restingRunView,
  runViewsOf,
  setRunStatus,
} from './runViews.ts';
import { emptySchedule, schedule, type EndStatus, type ScheduleAction } from './scheduler.ts';

export interface Runner {
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
}

export interface RunnerParts {
  readonly client: ServerClient;
  readonly board: Board;
  readonly store: Store;
  readonly memory: QueueMemory;
  /** ISO date and time. */
  readonly timestamp: () => string;
  /** Called when stored bytes changed: after checkpoints and ends. */
  readonly stored: () => void;
}

export function createRunner({ client, board, store, memory, timestamp, stored }: RunnerParts): Runner {
  let plan = emptySchedule;
  let serverReady = false;
  let driving: Promise<void> = Promise.resolve();

  client.onEvent((event: RunEvent) => {
    board.updateRun(event.runId, (view) => advanceRunView(view, event));
    if (event.kind === 'checkpoint') stored();
  });

  function dispatch(action: ScheduleAction): void {
    plan = schedule(plan, action);
    memory.keep(plan);
    const at = timestamp();
    board.update(({ runs }) => ({
      queue: plan.queue,
      activeRunId: plan.activeRunId,
      runs: runs.map((view) => setRunStatus(view, plan.statuses[view.record.spec.id] ?? view.record.status, at)),
    }));
  }

  function recordOf(runId: string): RunRecord {
    const view = board.getState().runs.find(({ record }) => record.spec.id === runId);
    if (view === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: runId });
    return view.record;
  }

  function titleOf(spec: RunSpec): string {
    return runTitle(spec, board.getState().models.find(({ id }) => id === spec.model.id)?.layers ?? null);
  }

  function refuseNeeded(runId: string): void {
    const dependants = board.getState().runs.filter(({ record }) => record.spec.parent === runId);
    if (dependants.length === 0) return;
    throw new LabError('run/needed', 'Other runs start from this one: remove them first.', {
      expected: 'no run that starts from it',
      got: `${dependants.length}`,
    });
  }

  function advance(): void {
    if (!serverReady || plan.activeRunId !== null) return;
    dispatch({ kind: 'start' });
    if (plan.activeRunId !== null) driving = drive(plan.activeRunId);
  }

  async function drive(runId: string): Promise<void> {
    board.updateRun(runId, boardingRunView);
    let record: RunRecord;
    try {
      record = await client.call('train', recordOf(runId).spec);
    } catch (error) {
      record = await failed(runId, LabError.toData(error));
    }
    board.updateRun(runId, () => restingRunView(record));
    dispatch({ kind: 'end', runId, status: endStatus(record) });
    if (record.failure !== null) {
      board.notify('error', `${titleOf(record.spec)} failed: ${LabError.describe(record.failure)}`);
    }
    stored();
    advance();
  }

  /** The record of a run that the server could not even answer for: as it was stored last, which is where it can go on. */
  async function failed(runId: string, failure: LabErrorData): Promise<RunRecord> {
    if (failure.code === 'worker/lost') {
      serverReady = false;
      board.update(() => ({ backend: { status: 'failed', error: failure } }));
    }
    const shown = recordOf(runId);
    try {
      const last = (await readRunRecord(store, runId)) ?? shown;
      const record: RunRecord = {
        ...last,
        status: 'failed',
        failure,
        updatedAt: notBefore(timestamp(), last.updatedAt),
      };
      await writeRunRecord(store, record);
      return record;
    } catch (error) {
      board.notifyError('The failed run could not be stored', error);
      return { ...shown, status: 'failed', failure, updatedAt: notBefore(timestamp(), shown.updatedAt) };
    }
  }

  return {
    restore(records, goOn = []) {
      board.update(() => ({ runs: runViewsOf(records) }));
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
      const records = board.getState().runs.map(({ record }) => record);
      const known = new Set(records.map(({ spec }) => spec.id));
      const at = laterThan(timestamp(), records.map(({ createdAt }) => createdAt)); // prettier-ignore
      const fresh = specs.filter(({ id }) => !known.has(id)).map((spec) => queuedRun(spec, at));
      for (const record of fresh) await writeRunRecord(store, record);
      board.update(({ runs }) => ({
        runs: fresh.reduce((views, record) => insertRunView(views, restingRunView(record)), runs),
      }));
      for (const { id, parent } of specs) dispatch({ kind: 'queue', runId: id, parent });
      advance();
    },
    move(runId, direction) {
      dispatch({ kind: 'move', runId, direction });
    },
    async interrupt(runId, how) {
      recordOf(runId);
      if (plan.activeRunId === runId) {
        await client.call('interrupt', { runId, how });
        await driving;
        return;
      }
      dispatch({ kind: how, runId });
      await writeRunRecord(store, recordOf(runId));
    },
    async remove(runId) {
      recordOf(runId);
      refuseNeeded(runId);
      if (plan.activeRunId === runId) {
        await client.call('interrupt', { runId, how: 'stop' });
        await driving;
      }
      dispatch({ kind: 'remove', runId });
      board.update(({ runs }) => ({ runs: runs.filter(({ record }) => record.spec.id !== runId) }));
      await client.call('removeRun', runId);
      stored();
    },
  };
}

/** A server that answers `train` with an open record has broken the protocol; the run is then failed rather than lost. */
function endStatus({ status }: RunRecord): EndStatus {
  return status === 'queued' || status === 'running' ? 'failed' : status;
}
