// Proves which records checkpoints and snapshots use: the newest by number stay, older ones are removed, other runs are untouched.
import { describe, expect, it } from 'vitest';
import type { HostParameters } from '../../../src/model/blocks/parameterLocation.ts';
import type { Position } from '../../../src/schema/runRecord.ts';
import { memory, type Store } from '../../../src/storage/store.ts';
import {
  loadCheckpoint,
  loadSnapshot,
  removeCheckpoint,
  saveCheckpoint,
  saveSnapshot,
  snapshotEpochs,
  takeCheckpoint,
} from '../../../src/training/checkpoint.ts';
import { LabError } from '../../../src/util/labError.ts';
import { faultyStore } from '../../fixtures/faultyStore.ts';

function position(step: number, epoch = 0): Position {
  const pending = { steps: 1, loss: 0.1 + 0.2, gradientNorm: 1 / 3 };
  return { epoch, stepInEpoch: 3, step, pending, epochLoss: Math.PI, elapsedMs: 12.5 };
}

const tensors = (value: number): HostParameters =>
  new Map([
    ['layer.0.x', { shape: [2, 2], values: Float32Array.of(value, -0, NaN, 2 ** -149) }],
    ['adam.first/layer.0.x', { shape: [], values: Float32Array.of(1) }],
  ]);

describe('a checkpoint', () => {
  it('is read back bit for bit, and returns its size', async () => {
    const store = memory();
    expect(await saveCheckpoint(store, 'r1', { position: position(7), tensors: tensors(1) })).toBe(5 * 4);
    const found = await loadCheckpoint(store, 'r1');
    expect(found).toEqual({ position: position(7), tensors: tensors(1) });
    expect(Object.is(found?.tensors.get('layer.0.x')?.values[1], -0)).toBe(true);
  });

  it('writes only the viewed part of a larger buffer', async () => {
    const store = memory();
    const values = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    await saveCheckpoint(store, 'r1', { position: position(1), tensors: new Map([['x', { shape: [2], values }]]) });
    expect((await loadCheckpoint(store, 'r1'))?.tensors.get('x')?.values).toEqual(Float32Array.of(2, 3));
  });

  it('is found as the newest: by steps, then by epochs', async () => {
    // Nothing can be removed, so that all of them coexist, written out of order.
    const store = memory();
    const keeping: Store = { ...store, remove: () => Promise.resolve() };
    const written = [position(9), position(1000, 2), position(10), position(1000, 3), position(99)];
    for (const [index, point] of written.entries()) {
      await saveCheckpoint(keeping, 'r1', { position: point, tensors: tensors(index) });
    }
    for (const expected of [position(1000, 3), position(1000, 2), position(99), position(10), position(9)]) {
      expect((await loadCheckpoint(store, 'r1'))?.position).toEqual(expected);
      const newest = (await store.keys('run/r1/resume/')).filter((key) => key.endsWith('/manifest')).at(-1) as string;
      await store.remove([newest]);
    }
    expect(await loadCheckpoint(store, 'r1')).toBeNull();
  });

  it('keeps only the previous one, and frees space before writing', async () => {
    const store = memory();
    let largest = 0;
    const watched = faultyStore(store, async () => {
      const manifests = (await store.keys('run/r1/resume/')).filter((key) => key.endsWith('/manifest'));
      largest = Math.max(largest, manifests.length);
    });
    for (const step of [1, 2, 3, 4]) {
      await saveCheckpoint(watched, 'r1', { position: position(step), tensors: tensors(step) });
    }
    expect(largest).toBe(2);
    const [older, newer, ...more] = new Set((await store.keys('run/r1/resume/')).map((key) => key.split('/')[3]));
    expect([older, newer, more]).toEqual(['000000003-000000000', '000000004-000000000', []]);
  });

  it('is not taken beyond the progress in the record, and later ones are removed', async () => {
    const store = memory();
    for (const point of [position(4, 1), position(8, 2)]) {
      await saveCheckpoint(store, 'r1', { position: point, tensors: tensors(1) });
    }
    const epoch = { epoch: 1, step: 4, loss: 1, devel: [], elapsedMs: 0 };
    expect((await takeCheckpoint(store, 'r1', { step: 8, epochs: [epoch] }))?.position).toEqual(position(4, 1));
    expect((await loadCheckpoint(store, 'r1'))?.position).toEqual(position(4, 1));
    expect(await takeCheckpoint(store, 'r1', { step: 3, epochs: [epoch] })).toBeNull();
    expect(await store.keys('run/r1/resume/')).toEqual([]);
  });

  it('says how much space it needs when storage is full, and leaves no torn one', async () => {
    const store = memory();
    await saveCheckpoint(store, 'r1', { position: position(1), tensors: tensors(1) });
    let writes = 0;
    const full = faultyStore(store, ({ kind }) => {
      if (kind === 'write' && ++writes > 1) throw new LabError('storage/full', 'The disk is full.');
    });
    const small: Store = { ...full, usage: () => Promise.resolve({ usedBytes: 990, quotaBytes: 1000 }) };
    await expect(saveCheckpoint(small, 'r1', { position: position(2), tensors: tensors(2) })).rejects.toMatchObject({
      code: 'storage/full',
      message: 'There is not enough storage for the next resume point of this run. The disk is full.',
      expected: '1 MB free',
      got: '1 MB',
    });
    expect((await store.keys('run/r1/resume/')).filter((key) => key.includes('000000002'))).toEqual([]);
    expect((await loadCheckpoint(store, 'r1'))?.position).toEqual(position(1));
  });

  it('is removed without snapshots, record and other runs', async () => {
    const store = memory();
    await store.write('run/r1/record', Uint8Array.of(1));
    await saveSnapshot(store, 'r1', 1, tensors(1), 5);
    for (const run of ['r1', 'r10']) await saveCheckpoint(store, run, { position: position(2), tensors: tensors(2) });
    await removeCheckpoint(store, 'r1');
    expect(await loadCheckpoint(store, 'r1')).toBeNull();
    expect(await loadCheckpoint(store, 'r10')).not.toBeNull();
    expect(await snapshotEpochs(store, 'r1')).toEqual([1]);
    expect(await store.read('run/r1/record')).toBeDefined();
  });
});

describe('snapshots', () => {
  it('are those of the last epochs, oldest first, sorted by number and not by name', async () => {
    const store = memory();
    for (let epoch = 1; epoch <= 11; epoch++) {
      await saveSnapshot(store, 'r1', epoch, tensors(epoch), 3);
      const expected = [epoch - 2, epoch - 1, epoch].filter((one) => one > 0);
      expect(await snapshotEpochs(store, 'r1')).toEqual(expected);
    }
    expect((await loadSnapshot(store, 'r1', 9)).get('layer.0.x')).toEqual(tensors(9).get('layer.0.x'));
    expect((await store.keys('run/r1/snapshot/')).length).toBe(3 * 3);
  });

  it('are rejected with their epoch when damaged, missing or never written', async () => {
    const store = memory();
    await saveSnapshot(store, 'r1', 4, tensors(4), 3);
    const [record = ''] = (await store.keys('run/r1/snapshot/')).filter((key) => key.includes('/tensor/'));
    const bytes = (await store.read(record)) ?? new Uint8Array();
    bytes[0] = (bytes[0] ?? 0) ^ 0x80;
    await store.write(record, bytes);
    for (const epoch of [4, 5]) {
      const error: unknown = await loadSnapshot(store, 'r1', epoch).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(LabError);
      expect(error).toMatchObject({ code: 'checkpoint/missing', message: expect.stringContaining(`epoch ${epoch}`) });
    }
  });
});
