// Proves that products are tuned once per adapter: found, stored before use, kept for later runs, and left unchanged when a run is stopped.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import type { EngineGpu } from '../../src/engine/network/computeOptions.ts';
import { presets } from '../../src/lab/plans/presets.ts';
import { defaultMachineSettings } from '../../src/schema/machineSettings.ts';
import { memory } from '../../src/storage/store.ts';
import type { EncodedTasks } from '../../src/training/batches.ts';
import { drain } from '../../src/util/clock.ts';
import type { TrainingEvent } from '../../src/wire/trainingProtocol.ts';
import { gpuUnderSettings, tuneForRun } from '../../workers/trainingMachine.ts';
import { tinyTasks } from '../fixtures/tinyRun.ts';
import { testGpu } from './support/runRecording.ts';

const settings = defaultMachineSettings;
const { config } = presets.quick;
let tasks: EncodedTasks;
let hardware: EngineGpu;

beforeAll(async () => {
  await tf.setBackend('cpu');
  const all = await tinyTasks();
  tasks = { ...all, train: { ...all.train, sequences: all.train.sequences.slice(0, 1) } };
  // Pretends to be hardware, since only hardware is tuned.
  hardware = { ...(await testGpu()), adapter: 'taken for hardware', software: false };
});

async function tune(gpu: EngineGpu, store = memory(), signal = new AbortController().signal) {
  const events: TrainingEvent[] = [];
  const tuning = tuneForRun(gpu, store, settings, tasks, config, signal);
  const tuned = await drain(tuning, (event) => void events.push(event));
  return { events, gpu: tuned };
}

it('tunes what is new, stores it, and finds it again', async () => {
  const store = memory();
  const first = await tune(hardware, store);
  const total = first.events.length - 1;
  // Position keys, their weights' gradients, gradients of a layer's input: the other products of a small encoder are not recorded as such.
  expect(total).toBe(3);
  expect(first.events.at(-1)).toEqual({ kind: 'phase', phase: 'tuning', done: total, of: total });
  expect(await store.keys('machine/')).toHaveLength(1);
  const again = await tune(hardware, store);
  expect(again.events).toEqual([]);
  const stored = await gpuUnderSettings(hardware, store, settings);
  const product = { kind: 'nn', rows: 64, columns: 32, inner: 32, into: 'write' } as const;
  for (const { compute: ways } of [again.gpu, stored]) {
    expect(ways.tuning.variantFor(product)).toEqual(first.gpu.compute.tuning.variantFor(product));
  }
});

it('stores nothing of a run that was stopped meanwhile', async () => {
  const store = memory();
  const stop = new AbortController();
  stop.abort('pause');
  await expect(tune(hardware, store, stop.signal)).rejects.toBe('pause');
  expect(await store.keys('')).toEqual([]);
});

it('tunes nothing on a software adapter', async () => {
  const gpu = await testGpu();
  expect(await tune(gpu)).toEqual({ events: [], gpu });
});
