// Proves that a run on the processor's engine matches the plain network and transformers, resumes bit for bit, and leaves old runs theirs.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { compareEngine } from '../../scripts/parity/compareEngine.ts';
import type { EngineProcessor } from '../../src/engine/network/computeOptions.ts';
import { startBackend, type StartedBackend } from '../../src/engine/start/startBackend.ts';
import { expandPlan } from '../../src/lab/plans/expandPlan.ts';
import { newEncoder, newHead } from '../../src/model/parameters.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import { defaultMachineSettings } from '../../src/schema/machineSettings.ts';
import type { RunRecord, RunSpec } from '../../src/schema/runRecord.ts';
import { writeMachineSettings } from '../../src/storage/machineRecords.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import type { EncodedTasks } from '../../src/training/batches.ts';
import { estimateStep } from '../../src/training/measureStep.ts';
import { openTrainer } from '../../src/training/trainers.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { threadChoice } from '../../workers/trainingMachine.ts';
import { drawnBatch } from '../fixtures/drawnBatch.ts';
import { categoryPlan } from '../fixtures/records.ts';
import { tinyConfig, tinyEncoderConfig, tinyTasks } from '../fixtures/tinyRun.ts';
import { tinyInputs, tinyServer } from '../fixtures/tinyServer.ts';
import { outcome, tinyTraining } from '../fixtures/tinyTraining.ts';

let started: StartedBackend;
let home: EngineProcessor;

beforeAll(async () => {
  started = await startBackend('wasm', nodePlatform);
  if (started.processor === null) throw new Error('no engine on the processor');
  home = started.processor;
});

it('the start-up test compares its loss and gradients with the plain network', () => {
  const own = started.selfTest.filter(({ name }) => name.startsWith('engine on the processor'));
  expect(own.map(({ passed }) => passed)).toEqual([true, true, true, true, true]);
  for (const { maxError } of own) expect(maxError).toBeGreaterThan(0);
});

it.each(['xlnet-gelu', 'xlnet-relu-clamp', 'bert-gelu'])(
  'agrees with transformers in every quantity: %s',
  async (name) => {
    const folder = path.join(import.meta.dirname, '../fixtures/reference', name);
    const bytesOf = async (file: string) => new Uint8Array(await readFile(path.join(folder, file)));
    const rows = await compareEngine(
      {
        configJson: await readFile(path.join(folder, 'config.json'), 'utf8'),
        weights: await bytesOf('model.safetensors'),
        caseJson: await readFile(path.join(folder, 'case.json'), 'utf8'),
        caseTensors: await bytesOf('case.safetensors'),
      },
      home,
    );
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.filter(({ passed }) => !passed)).toEqual([]);
  },
);

it('keeps its memory and tfjs tensors flat over steps of several lengths, and gives all of it back', async () => {
  const shape = { encoder: tinyEncoderConfig, head: { tagCount: 5, kind: 'crf', startEnd: true } } as const;
  const host = new Map([...newEncoder(shape.encoder, 1), ...newHead(shape.encoder, shape.head, 1)]);
  const trainer = openTrainer(
    home,
    host,
    { shape, config: tinyConfig, factors: new Map(), seed: 1 },
    () => true,
    false,
  );
  const batches = [drawnBatch(shape, 2, 32), drawnBatch(shape, 3, 16), drawnBatch(shape, 1, 48)];
  const seen: unknown[] = [];
  for (let step = 1; step <= 30; step++) {
    const batch = batches[step % 3] as (typeof batches)[number];
    await trainer.update([batch], step, 1e-3);
    await trainer.predict(batch);
    if (step === 6 || step === 30) seen.push({ ...trainer.memory(), tensors: tf.memory().numTensors });
  }
  expect(seen[1]).toEqual(seen[0]);
  expect(trainer.memory().tensorBytes).toBeGreaterThan(4 * [...host.values()].reduce((sum, { values }) => sum + values.byteLength, 0)); // prettier-ignore
  expect(trainer.memory().gpuBytes).toBeNull();
  trainer.dispose();
  expect(trainer.memory().tensorBytes).toBe(0);
});

it('estimates the memory that steps then take, of the engine with its threads', async () => {
  const encoder = { ...tinyEncoderConfig, layers: 4, hiddenSize: 128, heads: 4, headSize: 32, innerSize: 512, vocabularySize: 8000 }; // prettier-ignore
  const shape = { encoder, head: { tagCount: 5, kind: 'crf', startEnd: true } } as const;
  const config: TrainingConfig = { ...tinyConfig, microBatchSize: 8 };
  const host = new Map([...newEncoder(encoder, 1), ...newHead(encoder, shape.head, 1)]);
  const trainer = openTrainer(home, host, { shape, config, factors: new Map(), seed: 1 }, () => true, false);
  await trainer.update([drawnBatch(shape, 8, 128)], 1, 1e-3);
  const taken = trainer.memory().tensorBytes;
  trainer.dispose();
  const estimate = estimateStep(encoder, config, 128, home);
  if ('plainNetwork' in estimate) throw new Error(estimate.plainNetwork);
  expect(estimate).toMatchObject({ onProcessor: true, fits: true });
  // What the kernels pack is in none of the launches: a few megabytes a thread.
  expect(taken).toBeGreaterThan(estimate.bytes);
  expect(taken - estimate.bytes).toBeLessThan(2e6 + 1e6 * (home.pool?.limit ?? 1));
});

describe('a whole run', () => {
  let tasks: EncodedTasks;
  beforeAll(async () => {
    tasks = await tinyTasks();
  });

  it('has the losses, norms and scores of the plain network', async () => {
    const [ours, plain] = [await tinyTraining(memory(), { tasks, home }), await tinyTraining(memory(), { tasks })];
    expect(ours.status).toBe('finished');
    expect(ours.steps.length).toBe(plain.steps.length);
    for (const [at, { loss, gradientNorm, learningRate }] of plain.steps.entries()) {
      const own = ours.steps[at];
      expect(own?.learningRate).toBe(learningRate);
      expect(Math.abs((own?.loss ?? NaN) / loss - 1)).toBeLessThan(1e-3);
      expect(Math.abs((own?.gradientNorm ?? NaN) / gradientNorm - 1)).toBeLessThan(1e-2);
    }
    // Bits that differ show that it was not the plain network again.
    expect(ours.steps.map(({ loss }) => loss)).not.toEqual(plain.steps.map(({ loss }) => loss));
    expect(ours.snapshots).toEqual(plain.snapshots);
    expect(ours.epochs.map(({ devel }) => devel)).toEqual(plain.epochs.map(({ devel }) => devel));
  });

  it('goes on from a pause to the same bits', async () => {
    const whole = memory();
    const { spec } = await tinyTraining(whole, { tasks, home });
    for (const pausedAt of [1, 3, 6, 9]) {
      const store = memory();
      const abort = new AbortController();
      const onEvent = (_: unknown, index: number): void => void (index === pausedAt && abort.abort('pause'));
      expect((await tinyTraining(store, { tasks, home, abort, onEvent })).status).toBe('paused');
      await tinyTraining(store, { tasks, home });
      expect(await outcome(store, spec.id)).toEqual(await outcome(whole, spec.id));
    }
  });
});

describe('through the server', () => {
  afterEach(() => vi.restoreAllMocks());
  const config: TrainingConfig = { ...tinyConfig, labelMode: 'x', maxPieces: 40, epochs: 2, snapshots: 1 };

  /** A server on a store; `vectors` false: on a machine whose browser refuses the engine's module. */
  async function serverOn(store: Store, { vectors }: { readonly vectors: boolean }) {
    const client = tinyServer(store);
    const stock = WebAssembly.validate;
    vi.spyOn(WebAssembly, 'validate').mockImplementation((bytes) => {
      const isProbe = new TextDecoder().decode(bytes).includes('probe');
      return stock(bytes) && (vectors || !isProbe);
    });
    await client.call('start', 'wasm');
    vi.restoreAllMocks();
    return client;
  }

  async function prepared(): Promise<{ readonly store: Store; readonly spec: RunSpec }> {
    const store = memory();
    const client = await serverOn(store, { vectors: true });
    const { model, corpora } = await tinyInputs(store, client);
    const [spec] = expandPlan(categoryPlan({ config }), { corpora, models: [model] });
    return { store, spec: spec as RunSpec };
  }

  /** Trains on a server, pausing after the first step if asked to. */
  async function trained(store: Store, spec: RunSpec, vectors: boolean, pauses: boolean): Promise<RunRecord> {
    const client = await serverOn(store, { vectors });
    const stop = client.onEvent((event) => {
      if (pauses && event.kind === 'step') void client.call('interrupt', { runId: spec.id, how: 'pause' });
    });
    const record = await client.call('train', spec);
    stop();
    return record;
  }

  it('changes its threads while a run trains, from the settings as stored, to the same bits', async () => {
    const undisturbed = await prepared();
    await trained(undisturbed.store, undisturbed.spec, true, false);
    const { store, spec } = await prepared();
    const client = await serverOn(store, { vectors: true });
    const used: (number | undefined)[] = [];
    const changes: Promise<unknown>[] = [];
    client.onEvent((event) => {
      if (event.kind !== 'step') return;
      const threads = 1 + (event.point.step % 2);
      const change = writeMachineSettings(store, { ...defaultMachineSettings, threads })
        .then(() => client.call('settingsChanged', undefined))
        .then((report) => used.push(report?.threads?.used));
      changes.push(change);
    });
    expect((await client.call('train', spec)).status).toBe('finished');
    await Promise.all(changes);
    expect(new Set(used)).toEqual(new Set([1, Math.min(2, nodePlatform.engineThreads.most)]));
    const weights = (await outcome(store, spec.id)).weights;
    expect(weights).toEqual((await outcome(undisturbed.store, undisturbed.spec.id)).weights);
    await writeMachineSettings(store, { ...defaultMachineSettings, threads: 1 });
    // Remembered by the next server, too.
    const next = await serverOn(store, { vectors: true });
    const report = await next.call('start', 'wasm');
    expect(report.threads).toMatchObject({ used: 1, most: nodePlatform.engineThreads.most });
    expect(report.environment.threads).toBe(1);
  });

  it('predicts the time of a run before any step, from a pace that the next server finds stored', async () => {
    const { store, spec } = await prepared();
    const client = await serverOn(store, { vectors: true });
    const longer = { ...spec, config: { ...spec.config, epochs: 40 } };
    const [time, ofLonger] = (await client.call('predictTimes', [spec, longer])) ?? [];
    if (time == null || ofLonger == null) throw new Error('nothing was predicted');
    expect(Math.min(time.preparingMs, time.stepsMs, time.scoringMs)).toBeGreaterThan(0);
    expect(ofLonger.stepsMs / time.stepsMs).toBeCloseTo(20, 6);
    const stored = (await store.keys('machine/')).filter((key) => key.endsWith('/pace'));
    expect(stored).toHaveLength(1);
    // Nothing is left of what was written to measure storage.
    expect((await store.keys('run/')).filter((key) => key.includes('probe'))).toEqual([]);
    const next = await serverOn(store, { vectors: true });
    const again = await next.call('predictTimes', [spec]);
    expect(again?.[0]?.stepsMs).toBe(time.stepsMs);
    expect(await next.call('predictTimes', [{ ...spec, model: { ...spec.model, id: 'gone' } }])).toEqual([null]);
  });

  it('says why there can be one thread alone where memory cannot be shared', async () => {
    const platform = { ...nodePlatform, engineThreads: { usual: 1, most: 1 }, logicalProcessors: 8 };
    const backend = await startBackend('wasm', platform, 4);
    const choice = threadChoice(backend, platform);
    expect(choice).toMatchObject({ used: 1, usual: 1, most: 1 });
    expect(choice?.onlyOne).toContain('not cross-origin isolated');
    expect(threadChoice(started, nodePlatform)?.onlyOne).toBe(nodePlatform.engineThreads.most > 1 ? null : 'This machine has one logical processor.'); // prettier-ignore
  });

  it('fuses multiply-adds unless they are to round twice, and a run goes on with the rounding that it began with', async () => {
    const round = (store: Store, multiplyAdds: 'twice' | 'fused') =>
      writeMachineSettings(store, { ...defaultMachineSettings, multiplyAdds });
    const roundings = ({ environments }: RunRecord) => environments.map(({ multiplyAdds }) => multiplyAdds);
    const bits: unknown[] = [];
    for (const rounding of ['twice', 'fused'] as const) {
      const whole = await prepared();
      if (rounding === 'twice') await round(whole.store, rounding);
      const undisturbed = await trained(whole.store, whole.spec, true, false);
      expect(roundings(undisturbed)).toEqual([rounding]);
      const begun = await prepared();
      await round(begun.store, rounding);
      expect((await trained(begun.store, begun.spec, true, true)).status).toBe('paused');
      await round(begun.store, rounding === 'fused' ? 'twice' : 'fused');
      const resumed = await trained(begun.store, begun.spec, true, false);
      expect([resumed.status, ...roundings(resumed)]).toEqual(['finished', ...roundings(undisturbed)]);
      const { weights } = await outcome(whole.store, whole.spec.id);
      expect((await outcome(begun.store, begun.spec.id)).weights).toEqual(weights);
      bits.push(weights);
    }
    expect(bits[0]).not.toEqual(bits[1]);
  });

  it('records the engine, and goes on with a run that the plain network began on the plain network, to its bits', async () => {
    const plain = await prepared();
    const onPlain = await trained(plain.store, plain.spec, false, false);
    expect(onPlain.environments.map(({ backend, engine }) => [backend, engine])).toEqual([['wasm', undefined]]);

    const begun = await prepared();
    const paused = await trained(begun.store, begun.spec, false, true);
    expect([paused.status, paused.step > 0]).toEqual(['paused', true]);
    const resumed = await trained(begun.store, begun.spec, true, false);
    expect(resumed.status).toBe('finished');
    expect(resumed.environments).toEqual(onPlain.environments);
    expect((await outcome(begun.store, begun.spec.id)).weights).toEqual(
      (await outcome(plain.store, plain.spec.id)).weights,
    );

    const fresh = await prepared();
    const onEngine = await trained(fresh.store, fresh.spec, true, false);
    expect(onEngine.environments.map(({ backend, engine }) => [backend, engine])).toEqual([['wasm', 'processor']]);
    expect((await outcome(fresh.store, fresh.spec.id)).weights).not.toEqual(
      (await outcome(plain.store, plain.spec.id)).weights,
    );
  });
});
