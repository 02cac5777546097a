// Proves that a whole run on the engine matches the plain network, and that pausing it anywhere does not change a bit.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import type { EngineGpu } from '../../src/engine/network/computeOptions.ts';
import type { HostParameters } from '../../src/model/blocks/parameterLocation.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import type { RunRecord } from '../../src/schema/runRecord.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import type { EncodedTasks } from '../../src/training/batches.ts';
import { loadSnapshot, snapshotEpochs } from '../../src/training/checkpoint.ts';
import { timeless } from '../fixtures/timeless.ts';
import { tinyConfig, tinyRecord, tinyTasks } from '../fixtures/tinyRun.ts';
import { tinyTraining } from '../fixtures/tinyTraining.ts';
import { testGpu } from './support/runRecording.ts';

let tasks: EncodedTasks;
let gpu: EngineGpu;

beforeAll(async () => {
  await tf.setBackend('cpu');
  tasks = await tinyTasks();
  gpu = await testGpu();
});

async function lastWeights(store: Store, { spec }: RunRecord): Promise<HostParameters> {
  return loadSnapshot(store, spec.id, (await snapshotEpochs(store, spec.id)).at(-1) as number);
}

it('has the losses, norms and scores of the plain network', async () => {
  const [onGpu, plain] = [await tinyTraining(memory(), { tasks, home: gpu }), await tinyTraining(memory(), { tasks })];
  expect(onGpu.status).toBe('finished');
  expect(onGpu.steps.length).toBe(plain.steps.length);
  for (const [at, { loss, gradientNorm, learningRate }] of plain.steps.entries()) {
    const ours = onGpu.steps[at];
    expect(ours?.learningRate).toBe(learningRate);
    expect(Math.abs((ours?.loss ?? NaN) / loss - 1)).toBeLessThan(1e-3);
    expect(Math.abs((ours?.gradientNorm ?? NaN) / gradientNorm - 1)).toBeLessThan(1e-2);
  }
  expect(onGpu.snapshots).toEqual(plain.snapshots);
  expect(onGpu.epochs.map(({ devel }) => devel)).toEqual(plain.epochs.map(({ devel }) => devel));
});

it('trains adapters as the plain network does, and resumes to the same bits', async () => {
  const config: TrainingConfig = {
    ...tinyConfig,
    adapters: { projections: 'all-linear', rank: 2, alpha: 4, dropout: 0.2 },
  };
  const adapted = { tasks: await tinyTasks(config), record: tinyRecord(config) };
  const whole = memory();
  const [record, plain] = [await tinyTraining(whole, { ...adapted, home: gpu }), await tinyTraining(memory(), adapted)];
  for (const [at, { loss }] of plain.steps.entries()) expect(Math.abs((record.steps[at]?.loss ?? NaN) / loss - 1)).toBeLessThan(1e-3); // prettier-ignore
  const store = memory();
  const abort = new AbortController();
  const onEvent = (_: unknown, index: number): void => void (index === 6 && abort.abort('pause'));
  expect((await tinyTraining(store, { ...adapted, home: gpu, abort, onEvent })).status).toBe('paused');
  const resumed = await tinyTraining(store, { ...adapted, home: gpu });
  expect(timeless(resumed)).toEqual(timeless(record));
  expect(await lastWeights(store, resumed)).toEqual(await lastWeights(whole, record));
});

it('goes on from a pause to the same bits', async () => {
  const whole = memory();
  const record = await tinyTraining(whole, { tasks, home: gpu });
  const expected = await lastWeights(whole, record);
  for (const pausedAt of [1, 3, 6, 9]) {
    const store = memory();
    const abort = new AbortController();
    const onEvent = (_: unknown, index: number): void => void (index === pausedAt && abort.abort('pause'));
    const left = await tinyTraining(store, { tasks, home: gpu, abort, onEvent });
    expect(left.status).toBe('paused');
    const resumed = await tinyTraining(store, { tasks, home: gpu });
    expect(timeless(resumed)).toEqual(timeless(record));
    const weights = await lastWeights(store, resumed);
    for (const [name, { values }] of expected) {
      expect([...new Uint32Array(weights.get(name)?.values.buffer as ArrayBuffer)]).toEqual([
        ...new Uint32Array(values.buffer),
      ]);
    }
  }
});
