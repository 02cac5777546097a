// Proves that checkpoints written by another thread are those written here, that their memory moves there, and what happens where no thread starts.
import { describe, expect, it } from 'vitest';
import { memory, type Store } from '../../../src/storage/store.ts';
import { loadCheckpoint, loadSnapshot, type Checkpoint } from '../../../src/training/checkpoint.ts';
import {
  checkpointsElsewhere,
  checkpointsInto,
  CheckpointWriter,
  type CheckpointCalls,
} from '../../../src/training/checkpointWriter.ts';
import { LabError } from '../../../src/util/labError.ts';
import { connect, portWire, serve } from '../../../src/wire/port.ts';
import { faultyStore } from '../../fixtures/faultyStore.ts';
import { tinyRecord } from '../../fixtures/tinyRun.ts';

const record = tinyRecord();
const { id } = record.spec;

function checkpoint(epoch: number): Checkpoint {
  const pending = { steps: 0, loss: 0, gradientNorm: 0 };
  const weight = { shape: [2], values: Float32Array.of(epoch, -0) };
  // One buffer holds two moments, as a device may give them; a third tensor is part of a larger buffer.
  const moments = Float32Array.of(1, 2, 3, 4);
  const larger = Float32Array.of(5, 6, 7);
  return {
    position: { epoch, stepInEpoch: 0, step: 10 * epoch, pending, epochLoss: 0, elapsedMs: 1 },
    tensors: new Map([
      ['layer.0.x', weight],
      ['adam.first/layer.0.x', { shape: [4], values: moments }],
      ['adam.second/layer.0.x', { shape: [2], values: larger.subarray(1) }],
    ]),
  };
}

/** A thread that writes into a store, as its Worker does. */
function threadOn(store: Store) {
  const { port1, port2 } = new MessageChannel();
  serve<CheckpointCalls, never>(portWire(port2), { ready: () => true, write: checkpointsInto(store).write });
  return connect<CheckpointCalls, never>(portWire(port1));
}

async function contents(store: Store): Promise<unknown> {
  const keys = [...(await store.keys(''))].sort();
  return Promise.all(keys.map(async (key) => [key, await store.read(key)]));
}

describe('a checkpoint written by another thread', () => {
  it('leaves the records that writing here leaves, and its memory has moved', async () => {
    const [here, there, trainings] = [memory(), memory(), memory()];
    const target = checkpointsElsewhere(() => threadOn(there), trainings);
    expect(target.waitShare).toBe(0);
    for (const epoch of [1, 2, 3]) {
      const expected = await checkpointsInto(here).write({ record, checkpoint: checkpoint(epoch) });
      const moved = checkpoint(epoch);
      expect(await target.write({ record, checkpoint: moved })).toEqual(expected);
      expect(moved.tensors.get('layer.0.x')?.values.length).toBe(0);
      expect(moved.tensors.get('adam.second/layer.0.x')?.values).toEqual(Float32Array.of(6, 7));
    }
    expect(await contents(there)).toEqual(await contents(here));
    expect(await trainings.keys('')).toEqual([]);
    expect((await loadCheckpoint(there, id))?.tensors).toEqual(checkpoint(3).tensors);
    expect((await loadSnapshot(there, id, 3)).get('layer.0.x')).toEqual(checkpoint(3).tensors.get('layer.0.x'));
  });

  it('fails with the error of the thread’s storage, and the next one is written', async () => {
    let isFull = true;
    const store = faultyStore(memory(), () => {
      if (isFull) throw new LabError('storage/full', 'no room', { expected: '24 MB free' });
    });
    const writer = new CheckpointWriter(checkpointsElsewhere(() => threadOn(store), memory()));
    writer.begin(record, checkpoint(1));
    await expect(writer.collect({ waitMs: Infinity })).rejects.toMatchObject({ code: 'storage/full' });
    isFull = false;
    writer.begin(record, checkpoint(1));
    expect(await writer.collect({ waitMs: Infinity })).toEqual({ step: 10, sizeBytes: 4 * 8 });
  });

  it('is written here, within turns of the steps, where the thread does not start', async () => {
    const store = memory();
    const open = () => {
      const { port1, port2 } = new MessageChannel();
      port2.close();
      return connect<CheckpointCalls, never>(portWire(port1));
    };
    const target = checkpointsElsewhere(open, store);
    await target.write({ record, checkpoint: checkpoint(1) });
    expect(target.waitShare).toBeGreaterThan(0);
    expect((await loadCheckpoint(store, id))?.tensors).toEqual(checkpoint(1).tensors);
  });
});
