// Proves that lost snapshots and damaged models are noticed and named, that a lost snapshot makes a run start over, and that swaps are no snapshots.
import { describe, expect, it } from 'vitest';
import type { HostParameters } from '../../../src/model/blocks/parameterLocation.ts';
import type { Position, RunRecord, SnapshotScores } from '../../../src/schema/runRecord.ts';
import { writeRunRecord } from '../../../src/storage/runRecords.ts';
import { memory, type Store } from '../../../src/storage/store.ts';
import { loadSnapshot, resetDamagedRun, saveCheckpoint, saveSnapshot } from '../../../src/training/checkpoint.ts';
import { importModel } from '../../../src/training/importModel.ts';
import { loadModel } from '../../../src/training/loadTagger.ts';
import { startWeights } from '../../../src/training/startWeights.ts';
import { modelFolder } from '../../fixtures/modelFolders.ts';
import { spec } from '../../fixtures/records.ts';
import { tinyRecord } from '../../fixtures/tinyRun.ts';

const tensors = (value: number): HostParameters =>
  new Map([['layer.0.x', { shape: [1], values: Float32Array.of(value) }]]);
const noScores = (epoch: number): SnapshotScores => ({ epoch, devel: [null], test: [null] });
const record: RunRecord = {
  ...tinyRecord(),
  status: 'finished',
  epochs: [1, 2, 3].map((epoch) => ({ epoch, step: epoch, loss: 1, devel: [null], elapsedMs: 1 })),
  snapshots: [2, 3].map(noScores),
  selectedEpoch: 3,
};
const { id } = record.spec;
const last = `run/${id}/snapshot/000000003/`;

/** A store with the record of a finished run and its two snapshots. */
async function finished(): Promise<Store> {
  const store = memory();
  await writeRunRecord(store, record);
  for (const epoch of [2, 3]) await saveSnapshot(store, id, epoch, tensors(epoch), 2);
  return store;
}

const damages: [string, (store: Store) => Promise<void>][] = [
  ['a damaged tensor', (store) => store.write(`${last}tensor/layer.0.x`, new Uint8Array(4))],
  ['a short tensor', (store) => store.write(`${last}tensor/layer.0.x`, new Uint8Array(3))],
  ['no tensor', (store) => store.remove([`${last}tensor/layer.0.x`])],
  ['a damaged manifest', (store) => store.write(`${last}manifest`, new Uint8Array(7))],
  ['no manifest', (store) => store.remove([`${last}manifest`])],
  ['nothing at all', async (store) => store.remove(await store.keys(last))],
  ['the manifest of another epoch', async (store) => {
    const other = await store.read(`run/${id}/snapshot/000000002/manifest`);
    // As an earlier version wrote it: without its key.
    const text = new TextDecoder().decode(other).replace(/ run\/\S*$/, '');
    await store.write(`${last}manifest`, new TextEncoder().encode(text));
  }],
]; // prettier-ignore

describe('a finished run whose last snapshot is lost', () => {
  it.each(damages)('is found, and its children say which run to train again: %s', async (_what, damage) => {
    const store = await finished();
    const child = spec({ round: 1, parent: id });
    expect(await resetDamagedRun(store, record)).toEqual([]);
    expect(await startWeights(child, new Map(), store)).toEqual(tensors(3));
    await damage(store);
    expect(await resetDamagedRun(store, record)).toEqual([3]);
    await expect(loadSnapshot(store, id, 3)).rejects.toMatchObject({ code: 'checkpoint/missing' });
    await expect(startWeights(child, new Map(), store)).rejects.toMatchObject({
      code: 'run/parent-damaged',
      message: expect.stringContaining('train that run again') as unknown,
      expected: last,
    });
  });
});

describe('a run that is not finished', () => {
  const position = (epoch: number): Position => {
    return { epoch, stepInEpoch: 0, step: epoch, pending: { steps: 0, loss: 0, gradientNorm: 0 }, epochLoss: 0, elapsedMs: 1 }; // prettier-ignore
  };

  it('restores a snapshot from the resume point of its epoch, and starts over only without one', async () => {
    const store = await finished();
    const begun: RunRecord = { ...record, status: 'failed', snapshots: [], selectedEpoch: null };
    await saveCheckpoint(store, id, { position: position(3), tensors: tensors(3) });
    await store.remove([`${last}manifest`]);
    expect(await resetDamagedRun(store, begun)).toEqual([]);
    expect(await loadSnapshot(store, id, 3)).toEqual(tensors(3));
    await store.remove([`run/${id}/snapshot/000000002/manifest`]);
    expect(await resetDamagedRun(store, begun)).toEqual([2]);
    expect(await store.keys(`run/${id}/resume/`)).toEqual([]);
  });
});

describe('a stored model', () => {
  it.each(['flipped', 'cut', 'gone', 'swapped'])(
    'with a file that is %s is refused, and importing it again mends it',
    async (how) => {
      const store = memory();
      const stored = await importModel(store, 'tiny', false, modelFolder('f16'));
      const key = `model/${stored.id}/file/model.safetensors`;
      const bytes = (await store.read(key)) as Uint8Array<ArrayBuffer>;
      if (how === 'flipped') bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
      if (how === 'swapped')
        await store.write(key, (await store.read(`model/${stored.id}/file/config.json`)) as Uint8Array);
      else if (how === 'gone') await store.remove([key]);
      else await store.write(key, how === 'cut' ? bytes.subarray(0, 99) : bytes);
      await expect(loadModel(store, stored, false)).rejects.toMatchObject({
        code: 'model/damaged',
        message: expect.stringContaining('tiny') as unknown,
      });
      await importModel(store, 'tiny', false, modelFolder('f16'));
      expect((await loadModel(store, stored, false)).encoder.size).toBeGreaterThan(0);
    },
  );

  it('with a damaged record is imported again', async () => {
    const store = memory();
    const stored = await importModel(store, 'tiny', false, modelFolder('f16'));
    await store.write(`model/${stored.id}/record`, new Uint8Array(2));
    expect(await importModel(store, 'tiny', false, modelFolder('f16'))).toMatchObject({ id: stored.id });
  });
});
