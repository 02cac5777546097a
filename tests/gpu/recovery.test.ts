// Proves that a run whose device is lost, fills up or refuses work at any step resumes by itself to the same bits, or stops loudly: on real WebGPU.
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { openDevice, underlyingFailure } from '../../src/engine/gpu/device.ts';
import type { Platform } from '../../src/engine/start/startBackend.ts';
import type { Lab } from '../../src/lab/state/labState.ts';
import type { PlanFile } from '../../src/schema/resultFile.ts';
import type { RunRecord } from '../../src/schema/runRecord.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import { Rng } from '../../src/util/random.ts';
import { browserPlatform } from '../../workers/browserPlatform.ts';
import { notices, settled, view } from '../fixtures/labBench.ts';
import { isLong } from '../fixtures/longForm.ts';
import { endOf, openTinyLab, tinyPlan } from '../fixtures/tinyLab.ts';

const LOSSES = isLong ? 20 : 1;
/** Number of state changes the lab reports in a whole run; devices are lost within these. */
const CHANGES = 30;

const addresses = import.meta.glob<string>(
  ['../fixtures/models/config.json', '../fixtures/models/f16/*', '../fixtures/models/tokenizer/tokenizer.json'],
  { query: '?url', import: 'default', eager: true },
);
let model: { readonly name: string; readonly bytes: Uint8Array }[];
let close = (): void => undefined;

beforeAll(async () => {
  await tf.setBackend('cpu');
  model = await Promise.all(
    Object.entries(addresses).map(async ([file, address]) => ({
      name: file.split('/').at(-1) ?? '',
      bytes: new Uint8Array(await (await fetch(address)).arrayBuffer()),
    })),
  );
});
afterEach(() => close());

/** The browser's WebGPU, with access to its devices. */
function watchedGpu(): { readonly platform: Platform; readonly devices: GPUDevice[] } {
  const devices: GPUDevice[] = [];
  const requestAdapter: GPU['requestAdapter'] = async (options) => {
    const adapter = await navigator.gpu.requestAdapter(options);
    if (adapter === null) return null;
    const requestDevice: GPUAdapter['requestDevice'] = async (descriptor) => {
      const device = await adapter.requestDevice(descriptor);
      devices.push(device);
      return device;
    };
    return new Proxy(adapter, {
      get: (target, name) =>
        name === 'requestDevice' ? requestDevice : (Reflect.get(target, name, target) as unknown),
    });
  };
  const gpu = { requestAdapter } as GPU;
  return { platform: { ...browserPlatform, gpu: () => Promise.resolve(gpu) }, devices };
}

function tell(device: GPUDevice, error: GPUError): void {
  device.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error }));
}

interface WatchedLab {
  readonly lab: Lab;
  readonly store: Store;
  readonly devices: readonly GPUDevice[];
}

/** A lab on the browser's WebGPU. */
async function openWatchedLab(): Promise<WatchedLab> {
  const store = memory();
  const { platform, devices } = watchedGpu();
  const opened = await openTinyLab({ store, platform, backend: 'webgpu', model });
  close = opened.close;
  return { lab: opened.lab, store, devices };
}

/**
 * Trains the plan's first run again from the start to its end; calls `strike` with the number of each change that the lab reports
 * during training, from 0.
 */
async function trained(
  { lab, devices }: WatchedLab,
  plan: PlanFile,
  strike: (device: GPUDevice, change: number) => void = () => undefined,
): Promise<RunRecord> {
  for (const { record } of lab.getState().runs) await lab.removeRun(record.spec.id);
  let changes = 0;
  let seen: unknown = null;
  const unsubscribe = lab.subscribe(() => {
    const { runs, activeRunId } = lab.getState();
    const active = runs.find(({ record }) => record.spec.id === activeRunId);
    const device = devices.at(-1);
    if (active === undefined || active === seen || device === undefined) return;
    seen = active;
    strike(device, changes++);
  });
  const [runId = ''] = await lab.startPlan(plan);
  await settled(lab, 600_000);
  unsubscribe();
  return view(lab, runId).record;
}

const failuresOf = ({ interruptions = [] }: RunRecord): readonly string[] =>
  interruptions.map(({ failure }) => failure.code);

it('what a device says is told apart: lost, out of memory, a fault of the driver, work that is refused', async () => {
  const strikes: Record<string, (device: GPUDevice) => void> = {
    'gpu/lost': (device) => device.destroy(),
    // Beyond any limit: a real validation error with no one waiting for it.
    'gpu/error': (device) => device.createBuffer({ size: 2 ** 50, usage: GPUBufferUsage.STORAGE }),
    'gpu/memory': (device) => tell(device, new GPUOutOfMemoryError('a buffer of many bytes')),
    'gpu/internal': (device) => tell(device, new GPUInternalError('the driver gave up')),
  };
  for (const [code, strike] of Object.entries(strikes)) {
    const adapter = await navigator.gpu.requestAdapter();
    if (adapter === null) throw new Error('no adapter');
    const { health, gpu } = await openDevice(adapter, 'test');
    strike(gpu.device);
    gpu.device.queue.submit([]);
    await expect.poll(() => health.failure?.code, { timeout: 60_000 }).toBe(code);
    // The first failure counts, whatever follows from it.
    gpu.device.destroy();
    await gpu.device.lost;
    expect(await underlyingFailure(new DOMException('unmapped', 'AbortError'), health)).toMatchObject({ code });
  }
  await tf.setBackend('cpu');
});

it('a device destroyed at a random moment costs no bit', { timeout: 3_600_000 }, async () => {
  const watched = await openWatchedLab();
  const whole = await trained(watched, tinyPlan());
  expect(whole.status).toBe('finished');
  expect(failuresOf(whole)).toEqual([]);
  const end = await endOf(watched.store, whole);
  const rng = Rng.seeded(6);
  let losses = 0;
  while (losses < LOSSES) {
    // In the long version each run loses two.
    const strikes = new Set([6 + rng.integer(CHANGES - 6), ...(isLong ? [CHANGES + rng.integer(CHANGES)] : [])]);
    const record = await trained(watched, tinyPlan(), (device, change) => {
      if (strikes.has(change)) device.destroy();
    });
    expect(record.status).toBe('finished');
    expect(new Set(failuresOf(record))).toEqual(new Set(['gpu/lost']));
    expect(await endOf(watched.store, record)).toEqual(end);
    losses += failuresOf(record).length;
  }
  console.log(`soaked: devices destroyed while a run trains | ${losses} | 0`);
});

it.skipIf(!isLong)(
  'memory that runs out halves the micro-batch, and trains on the same batches',
  { timeout: 600_000 },
  async () => {
    const noDropout = { dropout: { encoder: 0, attention: 0, head: 0 } };
    const watched = await openWatchedLab();
    const whole = await trained(watched, tinyPlan(noDropout));
    let isStruck = false;
    const record = await trained(watched, tinyPlan(noDropout), (device, change) => {
      if (change < 12 || isStruck) return;
      isStruck = true;
      tell(device, new GPUOutOfMemoryError('a buffer of many bytes'));
    });
    expect(record.status).toBe('finished');
    expect(record.interruptions).toMatchObject([{ failure: { code: 'gpu/memory' }, microBatchSize: 2 }]);
    expect(notices(watched.lab)).toContainEqual(expect.stringContaining('micro-batches of 2'));
    expect(record.steps.length).toBe(whole.steps.length);
    for (const [at, { loss, learningRate }] of whole.steps.entries()) {
      expect(record.steps[at]?.learningRate).toBe(learningRate);
      expect(Math.abs((record.steps[at]?.loss ?? NaN) / loss - 1)).toBeLessThan(1e-3);
    }
  },
);

it.skipIf(!isLong)(
  'work that WebGPU refuses stops the run with its words, and the next run has a new device',
  { timeout: 600_000 },
  async () => {
    let isStruck = false;
    const watched = await openWatchedLab();
    const record = await trained(watched, tinyPlan({}, [1, 2]), (device, change) => {
      if (change < 12 || isStruck) return;
      isStruck = true;
      // Beyond any limit: a real validation error with no one waiting for it.
      device.createBuffer({ size: 2 ** 50, usage: GPUBufferUsage.STORAGE });
    });
    expect(record).toMatchObject({ status: 'failed', failure: { code: 'gpu/error' } });
    expect(record.failure?.message).toContain('The GPU refused work');
    expect(failuresOf(record)).toEqual([]);
    const other = watched.lab.getState().runs.find((run) => run.record.spec.seed === 2);
    expect(other?.record.status).toBe('finished');
  },
);
