// Carries the schedule out: sends one run at a time to the training server, shows its progress and stores its record.
import type { RateSearch } from '../../schema/methods.ts';
import { neededRuns } from '../../schema/runLineage.ts';
import { microBatchSizeOf, queuedRun, type RunRecord, type RunSpec } from '../../schema/runRecord.ts';
import { readQueueRecord, writeQueueRecord } from '../../storage/machineRecords.ts';
import { readRunRecord, writeRunRecord } from '../../storage/runRecords.ts';
import type { Store } from '../../storage/store.ts';
import { laterThan, notBefore } from '../../util/clock.ts';
import { LabError, type LabErrorData } from '../../util/labError.ts';
import type { RunEvent } from '../../wire/trainingProtocol.ts';
import type { KnownStandings, raceOrders } from '../racing/liveRaces.ts';
import { assertComparable, isAtRung, NO_ORDERS, raceKey, type RaceOrders } from '../racing/raceOrders.ts';
import { withoutItem, type LabStore } from '../state/labStore.ts';
import {
  advanceRunView,
  boardingRunView,
  insertRunView,
  restingRunView,
  runTitle,
  runViewsOf,
  setRunStatus,
} from '../state/runViews.ts';
import {
  emptySchedule,
  isUnusable,
  recordAfterFailure,
  schedule,
  type Schedule,
  type ScheduleAction,
} from './scheduler.ts';
import type { Backend, SupervisedServer } from './supervisedServer.ts';

export interface RunnerParts {
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

/** Trains what is queued, one run after another. Every status of a run is decided by the scheduler. */
export class Runner {
  private readonly parts: RunnerParts;
  private plan = emptySchedule;
  private serverReady = false;
  private driving: Promise<void> = Promise.resolve();
  /** What the races decided at their last change. */
  private races: { readonly key: string; readonly orders: RaceOrders } = { key: '', orders: NO_ORDERS };
  /** How a person wants the active run to leave, for when its server cannot receive the request. */
  private requested: 'pause' | 'stop' | null = null;

  private readonly standings: KnownStandings = new Map();
  /** Decides races; loaded with the first run that is in one. */
  private decide: typeof raceOrders | null = null;
  private isLoadingRaces = false;

  constructor(parts: RunnerParts) {
    this.parts = parts;
    const { server, labStore } = parts;
    server.onLost(() => {
      // A run on the device reports the loss itself and continues by itself; a backend that is being started is tried again by its starter.
      const { owner, backend } = labStore.getState();
      if (this.plan.activeRunId === null && owner === 'here' && backend.status !== 'starting') void this.bringBack();
    });
    server.onEvent((event: RunEvent) => {
      labStore.updateRun(event.runId, (view) => advanceRunView(view, event));
      if (event.kind === 'checkpoint') parts.stored();
    });
  }

  /** Shows stored runs in place of all others; those that were open are paused, and `resumed` queued in this order. */
  restore(records: readonly RunRecord[], resumed: readonly string[] = []): void {
    this.parts.labStore.update(() => ({ runs: runViewsOf(records) }));
    this.dispatch({
      kind: 'restore',
      runs: Object.fromEntries(records.map(({ spec, status }) => [spec.id, { status, needs: neededRuns(spec) }])),
    });
    for (const { spec } of resumed.flatMap((runId) => records.filter((record) => record.spec.id === runId))) {
      this.dispatch({ kind: 'queue', runId: spec.id, needs: neededRuns(spec) });
    }
  }

  /** Lets the server train from now on. */
  begin(): void {
    this.serverReady = true;
    this.advance();
  }

  /**
   * Queues new runs, and known ones that are neither waiting, running nor finished. With a search, MTL-LS is searched so, and what the search dropped
   * stays dropped. Throws LabError `plan/search-counts`.
   */
  async queue(specs: readonly RunSpec[], search?: RateSearch): Promise<void> {
    const { labStore, store, timestamp } = this.parts;
    const records = labStore.getState().runs.map(({ record }) => record);
    if (search !== undefined) assertComparable(records, specs, search);
    const known = new Set(records.map(({ spec }) => spec.id));
    const at = laterThan(timestamp(), records.map(({ createdAt }) => createdAt)); // prettier-ignore
    const fresh = specs.filter(({ id }) => !known.has(id)).map((spec) => withSearch(queuedRun(spec, at), search));
    for (const record of fresh) await writeRunRecord(store, record);
    if (search !== undefined) await this.joinSearch(specs, search);
    labStore.update(({ runs, unreadable }) => ({
      runs: fresh.reduce((views, record) => insertRunView(views, restingRunView(record)), runs),
      unreadable: fresh.reduce((items, { spec }) => withoutItem(items, 'run', spec.id), unreadable),
    }));
    if (specs.some(({ id }) => id === this.plan.storageFullRun)) this.dispatch({ kind: 'storageFreed' });
    for (const own of specs) {
      const { id } = own;
      const isOut =
        search !== undefined && records.some(({ spec, dropped }) => spec.id === id && dropped !== undefined);
      if (!isOut) this.dispatch({ kind: 'queue', runId: id, needs: neededRuns(own) });
    }
    this.advance();
  }

  /** Lets runs that are known already take part in a search. */
  private async joinSearch(specs: readonly RunSpec[], search: RateSearch): Promise<void> {
    const wanted = new Set(specs.map(({ id }) => id));
    for (const { record } of this.parts.labStore.getState().runs) {
      const joined = wanted.has(record.spec.id) ? withSearch(record, search) : record;
      if (joined === record) continue;
      await writeRunRecord(this.parts.store, joined);
      this.parts.labStore.updateRun(record.spec.id, (view) => ({ ...view, record: joined }));
    }
  }

  /**
   * Verifies the snapshots of a run. A finished run that lost some is queued, to be trained from its start; answers with the epochs of those that
   * are lost. Throws LabError `run/busy` while a run is on the device.
   */
  async retrainDamaged(runId: string): Promise<readonly number[]> {
    const { spec } = this.recordOf(runId);
    const lost = await this.parts.server.call('resetDamagedRun', runId);
    if (lost.length === 0) return lost;
    const epochs = `${lost.length === 1 ? 'epoch' : 'epochs'} ${lost.join(', ')}`;
    this.parts.labStore.notify(
      'warning',
      `${this.titleOf(spec)} is trained again, because its snapshots of ${epochs} are lost.`,
    );
    this.dispatch({ kind: 'retrain', runId });
    await this.save(this.recordOf(runId));
    this.advance();
    return lost;
  }

  /** Moves a run one position in the queue; does nothing for a run that does not wait. */
  move(runId: string, direction: 'up' | 'down'): void {
    this.dispatch({ kind: 'move', runId, direction });
  }

  /** Resolves when the run has left the device, or the queue. */
  async interrupt(runId: string, how: 'pause' | 'stop'): Promise<void> {
    this.recordOf(runId);
    if (this.plan.activeRunId === runId) return this.takeOff(runId, how);
    this.dispatch({ kind: how, runId });
    await writeRunRecord(this.parts.store, this.recordOf(runId));
    this.advance();
  }

  /** Throws LabError `run/needed` while other runs start from it. */
  async remove(runId: string): Promise<void> {
    this.recordOf(runId);
    this.refuseNeeded(runId);
    if (this.plan.activeRunId === runId) await this.takeOff(runId, 'stop');
    this.dispatch({ kind: 'remove', runId });
    this.parts.labStore.update(({ runs }) => ({ runs: runs.filter(({ record }) => record.spec.id !== runId) }));
    await this.parts.server.call('removeRun', runId);
    this.advance();
  }

  /** Tries a run again that was paused because storage was full, before those that wait. */
  storageFreed(): void {
    this.dispatch({ kind: 'storageFreed' });
    this.advance();
  }

  private dispatch(action: ScheduleAction): void {
    const before = this.plan;
    this.plan = schedule(before, action);
    if (this.plan === before) return;
    const { statuses, queue, activeRunId, storageFullRun, atRungs } = this.plan;
    this.parts.memory.keep(this.plan);
    const at = this.parts.timestamp();
    this.parts.labStore.update(({ runs }) => ({
      queue,
      activeRunId,
      storageFullRun,
      rungWaits: Object.fromEntries([...this.races.orders.waits].filter(([runId]) => atRungs.includes(runId))),
      runs: runs.map((view) => setRunStatus(view, statuses[view.record.spec.id] ?? view.record.status, at)),
    }));
  }

  /** Starts the next run that may start, where the server is ready. */
  private advance(): void {
    if (!this.serverReady || this.plan.activeRunId !== null) return;
    if (!this.followRaces()) return;
    this.dispatch({ kind: 'start' });
    if (this.plan.activeRunId !== null) this.driving = this.drive(this.plan.activeRunId);
  }

  /** Decides the races as far as their runs have come: what waits, and what is dropped. False until the code that decides is loaded, which advances then. */
  private followRaces(): boolean {
    const { labStore } = this.parts;
    const { runs, models } = labStore.getState();
    const records = runs.map(({ record }) => record);
    const key = raceKey(records);
    if (key === this.races.key) return true;
    if (this.decide === null) {
      void this.loadRaces();
      return false;
    }
    const orders = this.ordersOf(this.decide, records, (id) => models.find((model) => model.id === id)?.layers);
    this.races = { key, orders };
    for (const [runId, dropped] of orders.drops) {
      labStore.updateRun(runId, (view) => ({ ...view, record: { ...view.record, dropped } }));
    }
    this.dispatch({ kind: 'race', atRungs: [...orders.waits.keys()], dropped: [...orders.drops.keys()] });
    for (const runId of orders.drops.keys()) void this.save(this.recordOf(runId));
    return true;
  }

  private async loadRaces(): Promise<void> {
    if (this.isLoadingRaces) return;
    this.isLoadingRaces = true;
    const loaded = import('../racing/liveRaces.ts').then(({ raceOrders: decide }) => decide);
    this.decide = await loaded.catch((error: unknown) => () => this.withoutOrders(error));
    this.advance();
  }

  private ordersOf(decide: typeof raceOrders, ...[records, layersOf]: Parameters<typeof raceOrders>): RaceOrders {
    try {
      return decide(records, layersOf, this.standings);
    } catch (error) {
      return this.withoutOrders(error);
    }
  }

  /** Without orders every run is trained to its end, which loses nothing but time. */
  private withoutOrders(error: unknown): RaceOrders {
    this.parts.labStore.notifyError('Slicing rates could not be compared: all of them are trained to their end', error);
    return NO_ORDERS;
  }

  /** Trains the active run to its end, bringing the server back as often as it pays, and starts the next one. */
  private async drive(runId: string): Promise<void> {
    const { labStore, stored } = this.parts;
    this.requested = null;
    let record = await this.train(runId);
    while (record.status === 'failed' && record.failure !== null && isUnusable(record.failure)) {
      const next = await this.recover(record, record.failure);
      record = next.status === 'queued' ? await this.train(runId) : next;
      if (next.status === 'failed') break;
    }
    labStore.updateRun(runId, () => restingRunView(record));
    const isStorageFull = record.status === 'paused' && record.failure !== null;
    const atRung = this.requested === null && isAtRung(record, this.races.orders.allowances.get(runId));
    this.dispatch({ kind: 'end', runId, status: record.status, isStorageFull, isAtRung: atRung });
    if (record.failure !== null) {
      const outcome = record.status === 'paused' ? 'is paused' : 'failed';
      labStore.notify('error', `${this.titleOf(record.spec)} ${outcome}: ${LabError.describe(record.failure)}`);
    }
    stored();
    this.advance();
  }

  /** The record of a run as the server leaves it, or as it was stored last where the server cannot even answer. */
  private async train(runId: string): Promise<RunRecord> {
    const { labStore, server, store, timestamp } = this.parts;
    labStore.updateRun(runId, boardingRunView);
    try {
      const { spec } = this.recordOf(runId);
      const allowance = this.races.orders.allowances.get(runId);
      if (allowance === undefined || allowance.scoresTest) return await server.call('train', spec);
      return await server.call('trainTo', { spec, epoch: allowance.epoch });
    } catch (error) {
      const failure = LabError.toData(error);
      const record = (await readRunRecord(store, runId).catch(() => undefined)) ?? this.recordOf(runId);
      return this.save({ ...record, status: 'failed', failure, updatedAt: notBefore(timestamp(), record.updatedAt) });
    }
  }

  /** Brings the server back and stores what the scheduler makes of the failed run. */
  private async recover(record: RunRecord, failure: LabErrorData): Promise<RunRecord> {
    const isBack = await this.bringBack();
    const at = this.parts.timestamp();
    const next = recordAfterFailure(record, failure, { isBack, requested: this.requested, at });
    if (next === record) return record;
    if (next.status === 'queued') {
      const fewer =
        microBatchSizeOf(next) < microBatchSizeOf(record) ? `, with micro-batches of ${microBatchSizeOf(next)}` : '';
      this.parts.labStore.notify(
        'warning',
        `${this.titleOf(record.spec)} goes on from step ${record.step}${fewer}: ${LabError.describe(failure)}`,
      );
    }
    return this.save(next);
  }

  /** Replaces an unusable server by a new one. Answers with whether it has the device that the old one had. */
  private async bringBack(): Promise<boolean> {
    this.serverReady = false;
    const isBack = await this.parts.backend.restore();
    this.serverReady = this.parts.labStore.getState().backend.status === 'ready';
    if (!isBack) await this.pauseWaiting();
    this.advance();
    return isBack;
  }

  /** Pauses what waited for a device that is gone: another one may take a hundred times as long, so a person decides. */
  private async pauseWaiting(): Promise<void> {
    const waiting = this.plan.queue;
    for (const runId of waiting) {
      this.dispatch({ kind: 'pause', runId });
      await this.save(this.recordOf(runId));
    }
    if (waiting.length === 0) return;
    this.parts.labStore.notify('error', 'The device did not come back: runs that waited for it are paused.');
  }

  private async takeOff(runId: string, how: 'pause' | 'stop'): Promise<void> {
    this.requested = how;
    // A server that is lost receives nothing; the run leaves when that is known.
    await this.parts.server.call('interrupt', { runId, how }).catch(() => undefined);
    await this.driving;
  }

  /** Stores a record; one that cannot be stored is shown all the same. */
  private async save(record: RunRecord): Promise<RunRecord> {
    try {
      await writeRunRecord(this.parts.store, record);
    } catch (error) {
      this.parts.labStore.notifyError('What became of a run could not be stored', error);
    }
    return record;
  }

  private recordOf(runId: string): RunRecord {
    const view = this.parts.labStore.getState().runs.find(({ record }) => record.spec.id === runId);
    if (view === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: runId });
    return view.record;
  }

  private titleOf(spec: RunSpec): string {
    const model = this.parts.labStore.getState().models.find(({ id }) => id === spec.model.id);
    return runTitle(spec, model?.layers ?? null);
  }

  private refuseNeeded(runId: string): void {
    const dependants = this.parts.labStore
      .getState()
      .runs.filter(({ record }) => neededRuns(record.spec).includes(runId));
    if (dependants.length === 0) return;
    throw new LabError('run/needed', 'Other runs start from this one or read it: remove them first.', {
      expected: 'no run that needs it',
      got: `${dependants.length}`,
    });
  }
}

/** The record with the search that an MTL-LS run takes part in; a finished one keeps what it has. */
function withSearch(record: RunRecord, search: RateSearch | undefined): RunRecord {
  const isSearched = record.spec.method === 'MTL-LS' && record.spec.round === 0;
  if (search === undefined || !isSearched || JSON.stringify(record.search) === JSON.stringify(search)) return record;
  return { ...record, search };
}

/** Remembers which runs are under way, so that a tab that was taken away can resume them. */
export interface QueueMemory {
  /** What was under way when the lab was left: the run on the device, then those that waited, in order. */
  recall(): Promise<readonly string[]>;
  /** Stores what is under way where it differs from what is stored. */
  keep(plan: Schedule): void;
}

/** Writes one after another; a write that fails is left to the next change, which writes all of it again. */
export function createQueueMemory(store: Store): QueueMemory {
  let saved = '';
  let writing: Promise<unknown> = Promise.resolve();

  return {
    async recall() {
      // Without the record nothing goes on by itself, and a person resumes what is paused.
      const runIds = await readQueueRecord(store).catch(() => []);
      saved = runIds.join();
      return runIds;
    },
    keep({ activeRunId, queue }) {
      const runIds = [...(activeRunId === null ? [] : [activeRunId]), ...queue];
      if (runIds.join() === saved) return;
      saved = runIds.join();
      writing = writing.then(() => writeQueueRecord(store, runIds)).catch(() => undefined);
    },
  };
}
