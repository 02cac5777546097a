// Proves that a run paused or killed anywhere ends bit for bit like an uninterrupted one, and what it leaves behind.
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import type { RunRecord } from '../../src/schema/runRecord.ts';
import { readRunRecord } from '../../src/storage/runRecords.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import type { EncodedTasks } from '../../src/training/batches.ts';
import { loadCheckpoint, snapshotEpochs } from '../../src/training/checkpoint.ts';
import { LabError } from '../../src/util/labError.ts';
import { Rng } from '../../src/util/random.ts';
import type { TrainingEvent } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { faultyStore, type StoreChange } from '../fixtures/faultyStore.ts';
import { timeless } from '../fixtures/timeless.ts';
import { tinyConfig, tinyRecord, tinyTasks } from '../fixtures/tinyRun.ts';
import {
  bitsOf,
  outcome,
  pausingAfterOneStep,
  stopClock,
  tinyTraining,
  uninterrupted,
  type LetTimePass,
  type Uninterrupted,
} from '../fixtures/tinyTraining.ts';

// prettier-ignore

const runId = tinyRecord().spec.id;
const stepsPerEpoch = 4;
const totalSteps = stepsPerEpoch * tinyConfig.epochs;

let tasks: EncodedTasks;
let whole: Uninterrupted;
let letTimePass: LetTimePass;

beforeAll(async () => {
  await startBackend('wasm', nodePlatform);
  tasks = await tinyTasks();
  whole = await uninterrupted(tasks);
});
beforeEach(() => {
  letTimePass = stopClock();
});
afterEach(() => vi.restoreAllMocks());

describe('an uninterrupted run', () => {
  it('takes every step, evaluates, and writes checkpoints within epochs too', () => {
    const { events } = whole;
    const steps = events.flatMap((event) => (event.kind === 'step' ? [event.point.step] : []));
    expect(steps).toEqual(Array.from({ length: totalSteps }, (_, index) => index + 1));
    const checkpoints = events.flatMap((event) => (event.kind === 'checkpoint' ? [event.step] : []));
    expect(checkpoints).toEqual([4, 5, 7, 8, 12]);
    const lastEpoch = events.findLastIndex(({ kind }) => kind === 'epoch');
    const evaluating = events.flatMap((event, index) =>
      event.kind === 'phase' && event.phase === 'evaluating' ? [index] : [],
    );
    expect(evaluating.filter((index) => index < lastEpoch).length).toBeGreaterThanOrEqual(2 * tinyConfig.epochs);
    expect(evaluating.filter((index) => index > lastEpoch).length).toBeGreaterThanOrEqual(2 * tinyConfig.snapshots);
  });

  it('leaves a finished record, the last snapshots with test scores, and no resume point', async () => {
    const store = memory();
    const record = await tinyTraining(store, { tasks });
    expect(await readRunRecord(store, runId)).toEqual(record);
    expect(record).toMatchObject({ status: 'finished', step: totalSteps, totalSteps });
    expect(record.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(record.snapshots.map(({ epoch }) => epoch)).toEqual([2, 3]);
    for (const { epoch, devel, test } of record.snapshots) {
      expect(devel).toEqual(record.epochs.find((point) => point.epoch === epoch)?.devel);
      expect(test.map((scores) => scores?.sentences)).toEqual(tasks.test.map(({ sentences }) => sentences.length));
    }
    expect(record.snapshots.map(({ epoch }) => epoch)).toContain(record.selectedEpoch);
    expect(await snapshotEpochs(store, runId)).toEqual([2, 3]);
    expect(await store.keys(`run/${runId}/resume/`)).toEqual([]);
    expect(await store.keys(`run/${runId}/predictions/`)).toHaveLength(2);
  });

  it('completes its scores when there is no space for predictions', async () => {
    const store = memory();
    const full = faultyStore(store, ({ keys: [key = ''] }) => {
      if (key.includes('/predictions/')) throw new LabError('storage/full', 'Storage is full.');
    });
    await tinyTraining(full, { tasks });
    expect(await outcome(store, runId)).toEqual(whole.outcome);
    expect(await store.keys(`run/${runId}/predictions/`)).toEqual([]);
  });

  it('differs with another seed, so that equality below is meaningful', async () => {
    const store = memory();
    const record = tinyRecord();
    await tinyTraining(store, { tasks, record: { ...record, spec: { ...record.spec, seed: 8 } } });
    expect((await outcome(store, runId)).weights).not.toEqual(whole.outcome.weights);
  });

  it('leaves nothing on the device, finished or paused', async () => {
    const { numTensors, numBytes } = tf.memory();
    await tinyTraining(memory(), { tasks });
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    const abort = new AbortController();
    await tinyTraining(memory(), {
      tasks,
      abort,
      onEvent: ({ kind }) => void (kind === 'epoch' && abort.abort('pause')),
    });
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  });
});

describe('a paused run', () => {
  it('resumes from exactly there, at whichever event it was paused', async () => {
    for (const pausedAt of whole.events.keys()) {
      const store = memory();
      const abort = new AbortController();
      const steps: number[] = [];
      const note = (event: TrainingEvent): void => {
        if (event.kind === 'step') steps.push(event.point.step);
        letTimePass(event);
      };
      const onEvent = (event: TrainingEvent, index: number): void => {
        note(event);
        if (index === pausedAt) abort.abort('pause');
      };
      const left = await tinyTraining(store, { tasks, abort, onEvent });
      expect(await readRunRecord(store, runId)).toEqual(left);
      if (left.status === 'paused') expect(left.step, `paused at event ${pausedAt}`).toBe(steps.at(-1) ?? 0);
      else expect(pausedAt, 'too late to pause').toBe(whole.events.length - 1);
      if (left.status === 'paused') await tinyTraining(store, { tasks, onEvent: note });
      expect(await outcome(store, runId), `paused at event ${pausedAt}`).toEqual(whole.outcome);
      // A pause costs no step: none is repeated.
      expect(steps).toEqual(Array.from({ length: totalSteps }, (_, index) => index + 1));
    }
  });

  it('that was paused at rungs by its search has the bits of one that never paused, and reads no test before its end', async () => {
    const rungs = [1, 2, tinyConfig.epochs];
    const store = memory();
    const record = {
      ...tinyRecord(),
      search: { policy: 'race' as const, rungs, finalists: 2, choose: 'rung' as const },
    };
    for (const until of rungs) {
      const left = await tinyTraining(store, { tasks, record, until });
      expect(left).toMatchObject({ status: 'paused', step: until * stepsPerEpoch, snapshots: [], selectedEpoch: null });
      expect(left.epochs.map(({ develCounts }) => develCounts?.length)).toEqual(
        rungs.slice(0, until).map(() => tasks.devel.length),
      );
      // Once there, a run has nothing to do.
      expect(timeless(await tinyTraining(store, { tasks, until }))).toEqual(timeless(left));
      expect(await store.keys(`run/${runId}/predictions/`)).toEqual([]);
    }
    await tinyTraining(store, { tasks });
    const { record: ended, ...others } = await outcome(store, runId);
    const { search, epochs, ...members } = ended as RunRecord;
    expect(search?.rungs).toEqual(rungs);
    const plain = epochs.map(({ develCounts: _counts, ...point }) => point);
    expect({ ...others, record: { ...members, epochs: plain } }).toEqual(whole.outcome);
  });

  it('may be paused and stopped repeatedly', async () => {
    const store = memory();
    const rng = Rng.seeded(3);
    const seen: string[] = [];
    for (let status = ''; status !== 'finished';) {
      const abort = new AbortController();
      const interruptAt = 1 + rng.integer(9);
      const how = rng.uniform() < 0.5 ? 'pause' : 'stop';
      const onEvent = (_: TrainingEvent, index: number): void => void (index === interruptAt && abort.abort(how));
      ({ status } = await tinyTraining(store, { tasks, abort, onEvent }));
      seen.push(status);
    }
    expect(seen).toContain('paused');
    expect(seen).toContain('stopped');
    expect(await outcome(store, runId)).toEqual(whole.outcome);
  });

  it('keeps the sums of steps that are not yet in the history', async () => {
    // More than 1000 steps in total, so that only every second step adds a history point.
    const config: TrainingConfig = { ...tinyConfig, epochs: 300 };
    const record = tinyRecord(config);
    const { id } = record.spec;
    const trainOneEpoch = (store: Store): Promise<unknown> => {
      const abort = new AbortController();
      const onEvent = ({ kind }: TrainingEvent): void => void (kind === 'epoch' && abort.abort('pause'));
      return tinyTraining(store, { tasks, record, abort, onEvent });
    };
    const [straight, interrupted] = [memory(), memory()];
    await trainOneEpoch(straight);

    const abort = new AbortController();
    await tinyTraining(interrupted, { tasks, record, abort, health: pausingAfterOneStep(abort) });
    const between = await loadCheckpoint(interrupted, id);
    expect(between?.position).toMatchObject({ step: 1, pending: { steps: 1 } });
    expect(between?.position.pending.loss).toBeGreaterThan(0);
    await trainOneEpoch(interrupted);

    expect((await readRunRecord(straight, id))?.steps.map(({ step }) => step)).toEqual([2, 4]);
    expect(await outcome(interrupted, id)).toEqual(await outcome(straight, id));
    const [left, right] = [await loadCheckpoint(interrupted, id), await loadCheckpoint(straight, id)];
    expect(timeless(left?.position)).toEqual(timeless(right?.position));
    expect(bitsOf(left?.tensors ?? new Map())).toEqual(bitsOf(right?.tensors ?? new Map()));
  });
});

describe('a killed run', () => {
  class Killed extends Error {}

  /** Trains on a store that is killed before change number `index`, or halfway through a removal. Returns what was left. */
  async function killedBefore(index: number): Promise<Store> {
    const left = memory();
    let dead = false;
    const dying = faultyStore(left, async (change) => {
      if (change.index === index && change.kind === 'remove') {
        await left.remove(change.keys.slice(0, Math.ceil(change.keys.length / 2)));
      }
      dead ||= change.index === index;
      if (dead) throw new Killed();
    });
    await expect(tinyTraining(dying, { tasks, onEvent: letTimePass })).rejects.toBeInstanceOf(Killed);
    return left;
  }

  it('ends the same wherever it was killed: around each manifest, record and removal, and amid tensors', async () => {
    const rng = Rng.seeded(11);
    const isTensor = ({ keys: [key = ''] }: StoreChange): boolean => key.includes('/tensor/');
    const around = whole.changes.filter((change) => !(change.kind === 'write' && isTensor(change)));
    expect(around.length).toBeGreaterThan(4 * tinyConfig.epochs);
    const amid = rng
      .shuffled(whole.changes.filter((change) => change.kind === 'write' && isTensor(change)))
      .slice(0, 6);
    for (const { index, kind, keys } of [...around, ...amid]) {
      const where = `died before change ${index}: ${kind} ${keys[0]}`;
      const store = await killedBefore(index);
      const stored = await readRunRecord(store, runId);
      // A run whose record says finished is not started again.
      if (stored?.status !== 'finished') await tinyTraining(store, { tasks });
      expect(await outcome(store, runId), where).toEqual(whole.outcome);
      expect(await store.keys(`run/${runId}/predictions/`), where).toHaveLength(2);
      expect(await snapshotEpochs(store, runId), where).toEqual([2, 3]);
    }
  });

  it('ends the same when killed several times', async () => {
    const rng = Rng.seeded(12);
    const store = memory();
    let deaths = 0;
    for (let finished = false; !finished;) {
      const lifetime = 60 + rng.integer(120);
      const dying = faultyStore(store, ({ index }) => {
        if (index >= lifetime) throw new Killed();
      });
      try {
        await tinyTraining(dying, { tasks, onEvent: letTimePass });
        finished = true;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        deaths++;
      }
    }
    expect(deaths).toBeGreaterThan(2);
    expect(await outcome(store, runId)).toEqual(whole.outcome);
  });
});
