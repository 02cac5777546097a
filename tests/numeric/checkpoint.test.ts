// Proves that a run keeps its last intact checkpoint through damage, non-finite losses and a full store.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import type { HostParameters } from '../../src/model/blocks/parameterLocation.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import { findRunRecord, readRunRecord } from '../../src/storage/runRecords.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import type { EncodedTasks } from '../../src/training/batches.ts';
import { loadCheckpoint, saveCheckpoint } from '../../src/training/checkpoint.ts';
import { LabError } from '../../src/util/labError.ts';
import type { TrainingEvent } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { faultyStore } from '../fixtures/faultyStore.ts';
import { tinyConfig, tinyEncoder, tinyRecord, tinyTasks } from '../fixtures/tinyRun.ts';
import {
  outcome,
  pausingAfterOneStep,
  stopClock,
  tinyTraining,
  uninterrupted,
  type LetTimePass,
  type Uninterrupted,
} from '../fixtures/tinyTraining.ts';

const runId = tinyRecord().spec.id;

let tasks: EncodedTasks;
let undamaged: Uninterrupted;
let letTimePass: LetTimePass;

beforeAll(async () => {
  await startBackend('wasm', nodePlatform);
  tasks = await tinyTasks();
  undamaged = await uninterrupted(tasks);
});
beforeEach(() => {
  letTimePass = stopClock();
});
afterEach(() => vi.restoreAllMocks());

async function errorOf(promise: Promise<unknown>): Promise<LabError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof LabError) return error;
  throw new Error('expected a LabError', { cause: error });
}

describe('a damaged checkpoint', () => {
  /** A store with a run's two checkpoints, as left when it is killed before making room for a third. */
  async function withTwoCheckpoints(): Promise<{ store: Store; newer: string; older: string }> {
    const store = memory();
    const dying = faultyStore(store, ({ kind, keys: [key = ''] }) => {
      if (kind === 'remove' && key.includes('/resume/') && key.includes('000000005-')) throw new Error('killed');
    });
    await expect(tinyTraining(dying, { tasks, onEvent: letTimePass })).rejects.toThrow('killed');
    const manifests = (await store.keys(`run/${runId}/resume/`)).filter((key) => key.endsWith('/manifest'));
    const [older = '', newer = '', ...more] = manifests.map((key) => key.slice(0, -'manifest'.length));
    expect(more).toEqual([]);
    expect((await loadCheckpoint(store, runId))?.position.step).toBe(7);
    return { store, newer, older };
  }

  const tensor = 'tensor/adam.second/layer.0.attention.key';
  const damages: Record<string, (store: Store, folder: string) => Promise<void>> = {
    'one byte of a tensor altered': async (store, folder) => {
      const bytes = (await store.read(`${folder}${tensor}`)) ?? new Uint8Array();
      bytes[17] = (bytes[17] ?? 0) ^ 1;
      await store.write(`${folder}${tensor}`, bytes);
    },
    'a tensor cut short': async (store, folder) => {
      const bytes = (await store.read(`${folder}${tensor}`)) ?? new Uint8Array();
      await store.write(`${folder}${tensor}`, bytes.subarray(0, bytes.length - 4));
    },
    'a tensor missing': (store, folder) => store.remove([`${folder}${tensor}`]),
    'its manifest missing': (store, folder) => store.remove([`${folder}manifest`]),
    'its manifest cut short': async (store, folder) => {
      const bytes = (await store.read(`${folder}manifest`)) ?? new Uint8Array();
      await store.write(`${folder}manifest`, bytes.subarray(0, bytes.length / 2));
    },
    'the manifest of another run': async (store, folder) => {
      const text = new TextDecoder().decode(await store.read(`${folder}manifest`));
      const other = text.replace(`"runId":"${runId}"`, '"runId":"0123456789abcdef"');
      expect(other).not.toBe(text);
      await store.write(`${folder}manifest`, new TextEncoder().encode(other));
    },
  };

  it.each(Object.entries(damages))('with %s is passed over for the one before', async (_, damage) => {
    const { store, newer } = await withTwoCheckpoints();
    await damage(store, newer);
    expect((await loadCheckpoint(store, runId))?.position.step).toBe(5);
    await tinyTraining(store, { tasks });
    expect(await outcome(store, runId)).toEqual(undamaged.outcome);
  });

  it('and a damaged record of the run are skipped for the previous ones, whichever it is', async () => {
    const flip = async (store: Store, key: string): Promise<void> => {
      const bytes = (await store.read(key)) ?? new Uint8Array();
      bytes[40] = (bytes[40] ?? 0) ^ 1;
      await store.write(key, bytes);
    };
    for (const damagesCheckpoint of [false, true]) {
      const { store, newer } = await withTwoCheckpoints();
      await flip(store, `run/${runId}/record`);
      if (damagesCheckpoint) await flip(store, `${newer}manifest`);
      const found = await findRunRecord(store, runId);
      expect(found?.damage).toMatchObject({ code: 'storage/corrupt' });
      await tinyTraining(store, { tasks });
      expect(await outcome(store, runId)).toEqual(undamaged.outcome);
    }
  });

  it('is not needed after the end: the previous record says too that the run has finished', async () => {
    const store = memory();
    const record = await tinyTraining(store, { tasks });
    await store.write(`run/${runId}/record`, Uint8Array.of(0x7b));
    expect((await findRunRecord(store, runId))?.record).toMatchObject({ ...record, updatedAt: expect.anything() as string, elapsedMs: expect.anything() as number }); // prettier-ignore
  });

  it('is skipped for a fresh start when there is no other', async () => {
    const { store, newer, older } = await withTwoCheckpoints();
    await damages['a tensor missing']?.(store, newer);
    await damages['one byte of a tensor altered']?.(store, older);
    expect(await loadCheckpoint(store, runId)).toBeNull();
    await tinyTraining(store, { tasks });
    expect(await outcome(store, runId)).toEqual(undamaged.outcome);
  });

  it('invalidates test scores of the lost weights', async () => {
    const store = memory();
    const abort = new AbortController();
    const lastEpoch = undamaged.events.findLastIndex(({ kind }) => kind === 'epoch');
    // The first batch of the second snapshot, when the first one has its scores.
    const onEvent = (event: TrainingEvent, index: number): void => {
      letTimePass(event);
      if (index === lastEpoch + 3) abort.abort('pause');
    };
    await tinyTraining(store, { tasks, abort, onEvent });
    const left = await readRunRecord(store, runId);
    expect(left?.snapshots.map(({ epoch }) => epoch)).toEqual([2]);
    const started = async (): Promise<unknown> => {
      const opened = new AbortController();
      let snapshots: unknown = null;
      await tinyTraining(store, {
        tasks,
        abort: opened,
        onEvent(event) {
          if (event.kind === 'started') snapshots = event.record.snapshots;
          opened.abort('pause');
        },
      });
      return snapshots;
    };
    expect(await started()).toEqual(left?.snapshots);
    await store.remove(await store.keys(`run/${runId}/resume/`));
    expect(await started()).toEqual([]);
    await tinyTraining(store, { tasks });
    expect(await outcome(store, runId)).toEqual(undamaged.outcome);
  });

  it('left by a torn write is removed when the next one is written', async () => {
    const { store, newer } = await withTwoCheckpoints();
    await damages['its manifest missing']?.(store, newer);
    const checkpoint = await loadCheckpoint(store, runId);
    if (checkpoint === null) throw new Error('no checkpoint');
    let amidWrite: readonly string[] = [];
    const looking = faultyStore(store, async ({ keys: [key = ''] }) => {
      if (key.endsWith('/manifest')) amidWrite = await store.keys(`run/${runId}/resume/`);
    });
    await saveCheckpoint(looking, runId, { ...checkpoint, position: { ...checkpoint.position, step: 9 } });
    expect(amidWrite.filter((key) => key.startsWith(newer))).toEqual([]);
    const left = (await store.keys(`run/${runId}/resume/`)).filter((key) => key.endsWith('/manifest'));
    expect(left.map((key) => key.split('/')[3])).toEqual(['000000005-000000001', '000000009-000000001']);
  });
});

describe('a damaged snapshot', () => {
  /** A store after the last epoch, before scoring, with one byte of one of its two snapshots altered. */
  async function withDamagedSnapshot(epoch: 2 | 3): Promise<Store> {
    const store = memory();
    const abort = new AbortController();
    const lastEpoch = undamaged.events.findLastIndex(({ kind }) => kind === 'epoch');
    const onEvent = (event: TrainingEvent, index: number): void => {
      letTimePass(event);
      if (index === lastEpoch) abort.abort('pause');
    };
    await tinyTraining(store, { tasks, abort, onEvent });
    const key = `run/${runId}/snapshot/00000000${epoch}/tensor/layer.0.attention.key`;
    const bytes = (await store.read(key)) ?? new Uint8Array();
    bytes[9] = (bytes[9] ?? 0) ^ 4;
    await store.write(key, bytes);
    return store;
  }

  it.each([2, 3] as const)('is written anew from the resume point at the end of its epoch %d', async (epoch) => {
    const store = await withDamagedSnapshot(epoch);
    await tinyTraining(store, { tasks });
    expect(await outcome(store, runId)).toEqual(undamaged.outcome);
  });

  it('fails the run and is named, when no resume point has its weights', async () => {
    const store = await withDamagedSnapshot(2);
    const [older = ''] = (await store.keys(`run/${runId}/resume/`)).filter((key) => key.endsWith('/manifest'));
    await store.remove([older]);
    const error = await errorOf(tinyTraining(store, { tasks }));
    expect(error).toMatchObject({ code: 'checkpoint/missing', message: expect.stringContaining('after epoch 2') as string }); // prettier-ignore
  });
});

describe('a loss that is not finite', () => {
  it('fails the run at its step and keeps the previous checkpoint', async () => {
    const config: TrainingConfig = { ...tinyConfig, batchSize: 13, learningRate: 1e30 };
    const store = memory();
    const seen: string[] = [];
    const training = tinyTraining(store, {
      tasks,
      record: tinyRecord(config),
      onEvent: ({ kind }) => void seen.push(kind),
    });
    const error = await errorOf(training);
    expect(error.code).toBe('training/notFinite');
    expect(error.message).toContain('step 2');
    expect(error.got).toContain('NaN');
    expect(seen).toContain('checkpoint');
    expect((await loadCheckpoint(store, tinyRecord(config).spec.id))?.position.step).toBe(1);
  });

  it('fails at the first step when the weights are not finite', async () => {
    const encoder = poisoned(tinyEncoder());
    const error = await errorOf(tinyTraining(memory(), { tasks, encoder }));
    expect(error.code).toBe('training/notFinite');
    expect(error.message).toContain('step 1');
  });

  it('is not written to a checkpoint on pausing either', async () => {
    const config: TrainingConfig = { ...tinyConfig, epochs: 300 }; // so that step 5 adds no history point
    const record = tinyRecord(config);
    const { id } = record.spec;
    const store = memory();
    const first = new AbortController();
    await tinyTraining(store, {
      tasks,
      record,
      abort: first,
      onEvent: ({ kind }) => void (kind === 'epoch' && first.abort('pause')),
    });
    const whole = await loadCheckpoint(store, id);
    if (whole === null) throw new Error('no checkpoint');
    await saveCheckpoint(store, id, { ...whole, tensors: poisoned(whole.tensors) });
    const abort = new AbortController();
    const error = await errorOf(tinyTraining(store, { tasks, record, abort, health: pausingAfterOneStep(abort) }));
    expect(error.code).toBe('training/notFinite');
    expect((await loadCheckpoint(store, id))?.position.step).toBe(4);
  });
});

/** Sets one weight to NaN. */
function poisoned(tensors: HostParameters): HostParameters {
  const name = 'layer.0.feedForward.inner.bias';
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`no ${name}`);
  return new Map([
    ...tensors,
    [name, { ...tensor, values: tensor.values.map((value, index) => (index === 0 ? NaN : value)) }],
  ]);
}

it('a full store fails the run, keeps the previous checkpoint, and lets it resume once there is space', async () => {
  const afterFirst = undamaged.changes.findIndex(
    ({ kind, keys: [key = ''] }) => kind === 'remove' && key.includes('/resume/'),
  );
  const writes = undamaged.changes.filter(({ kind, index }) => kind === 'write' && index > afterFirst);
  const parts = [
    '/resume/000000007-000000001/tensor/layer.0',
    '/resume/000000008-000000002/manifest',
    '/snapshot/000000002/tensor/crf',
    '/snapshot/000000003/manifest',
    '/record',
  ];
  for (const part of parts) {
    const change = writes.find(({ keys: [key = ''] }) => key.includes(part));
    if (change === undefined) throw new Error(`no write of ${part}`);
    const store = memory();
    const full = new LabError('storage/full', 'Storage is full.', { expected: 'free space' });
    const filling = faultyStore(store, ({ kind, index }) => {
      if (kind === 'write' && index >= change.index) throw full;
    });
    await expect(tinyTraining(filling, { tasks, onEvent: letTimePass })).rejects.toMatchObject({
      code: 'storage/full',
      message: expect.stringContaining(full.message) as string,
    });
    const before = undamaged.events.filter((event) => event.kind === 'checkpoint').map(({ step }) => step);
    const kept = await loadCheckpoint(store, runId);
    expect(before, part).toContain(kept?.position.step);
    await tinyTraining(store, { tasks });
    expect(await outcome(store, runId), part).toEqual(undamaged.outcome);
  }
});

it('steps of the next epoch do not wait for storage, and a pause does', async () => {
  const store = memory();
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const slow: Store = {
    ...store,
    async write(key, bytes) {
      if (key.includes('/snapshot/')) await opened;
      await store.write(key, bytes);
    },
  };
  const abort = new AbortController();
  const stored: boolean[] = [];
  let ended = false;
  await tinyTraining(slow, {
    tasks,
    abort,
    onEvent(event) {
      if (event.kind === 'epoch') ended = true;
      if (event.kind === 'checkpoint') stored.push(ended);
      if (event.kind !== 'step' || !ended) return;
      // A step after the epoch's end, while its snapshot is still being written.
      expect(stored).toEqual([]);
      abort.abort('pause');
      setTimeout(open);
    },
  });
  expect(stored).toEqual([true, true]);
  expect((await loadCheckpoint(store, runId))?.position.step).toBe(5);
  await tinyTraining(store, { tasks });
  expect(await outcome(store, runId)).toEqual(undamaged.outcome);
});
