// Proves the network and its training in a real browser: parity on WebGPU and on threaded wasm, and constant memory over 40 steps.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareEngine } from '../../scripts/parity/compareEngine.ts';
import { compareWithReference } from '../../scripts/parity/compareWithReference.ts';
import type { ParityRow, ReferenceFiles } from '../../scripts/parity/referenceCase.ts';
import type { EngineGpu, EngineProcessor } from '../../src/engine/network/computeOptions.ts';
import { startBackend, type StartedBackend } from '../../src/engine/start/startBackend.ts';
import { presets } from '../../src/lab/plans/presets.ts';
import type { Batch } from '../../src/model/blocks/encoderFamily.ts';
import { newEncoder, newHead, type TaggerShape } from '../../src/model/parameters.ts';
import { openTrainer } from '../../src/training/trainers.ts';
import type { BackendName } from '../../src/wire/trainingProtocol.ts';
import { browserPlatform } from '../../workers/browserPlatform.ts';
import type { ThreadSteps } from './support/threadSteps.worker.ts';

const files = import.meta.glob<string>('../fixtures/reference/*/*.{json,safetensors}', {
  query: '?url',
  import: 'default',
  eager: true,
});

async function read(folder: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const address = files[`../fixtures/reference/${folder}/${name}`];
  if (address === undefined) throw new Error(`no fixture ${folder}/${name}`);
  return new Uint8Array(await (await fetch(address)).arrayBuffer());
}

const text = async (folder: string, name: string): Promise<string> =>
  new TextDecoder().decode(await read(folder, name));

async function start(backend: BackendName): Promise<StartedBackend> {
  const started = await startBackend(backend, browserPlatform);
  // Keep small tensors from running in JavaScript, which would leave shaders untested.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  expect(started.selfTest.filter(({ passed }) => !passed)).toEqual([]);
  if (backend === 'wasm') expect(started.threads).toBe(2);
  return started;
}

// tfjs' binary uses half of the logical processors: this ensures that there are threads to test on any machine.
Object.defineProperty(navigator, 'hardwareConcurrency', { value: 4 });

async function referenceFiles(folder: string): Promise<ReferenceFiles> {
  return {
    configJson: await text(folder, 'config.json'),
    weights: await read(folder, 'model.safetensors'),
    caseJson: await text(folder, 'case.json'),
    caseTensors: await read(folder, 'case.safetensors'),
  };
}

function expectAgreement(rows: readonly ParityRow[]): void {
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.filter(({ passed }) => !passed)).toEqual([]);
}

const folders = ['xlnet-gelu', 'xlnet-relu-clamp', 'bert-gelu'];

const shape: TaggerShape = {
  encoder: {
    family: 'xlnet',
    layers: 1,
    hiddenSize: 16,
    heads: 2,
    headSize: 8,
    innerSize: 24,
    vocabularySize: 50,
    activation: 'gelu',
    layerNormEpsilon: 1e-12,
    clampLength: null,
    initializerRange: 0.2,
  },
  head: { tagCount: 3, kind: 'crf', startEnd: true },
};

const batch: Batch = {
  size: 2,
  pieces: 8,
  positions: 4,
  pieceIds: Int32Array.from({ length: 16 }, (_, index) => (index * 7) % 50),
  segmentIds: new Int32Array(16),
  pieceCounts: Int32Array.from([8, 5]),
  crfPositions: Int32Array.from([0, 2, 4, 6, 0, 1, 3, 0]),
  tags: Int32Array.from([0, 1, 2, 0, 1, 2, 0, 0]),
  crfCounts: Int32Array.from([4, 3]),
};

describe('on webgpu', () => {
  let gpu: EngineGpu | null = null;
  beforeAll(async () => {
    gpu = (await start('webgpu')).gpu;
  });

  it.each(folders)('the engine agrees with transformers in every quantity: %s', async (folder) => {
    if (gpu === null) throw new Error('no engine');
    expectAgreement(await compareEngine(await referenceFiles(folder), gpu));
  });

  // Heads too wide for the engine are trained by the plain network; compiling its ops one by one takes half a minute.
  it('the plain network agrees with transformers in every quantity: xlnet-relu-clamp', async () => {
    expectAgreement(await compareWithReference(await referenceFiles('xlnet-relu-clamp')));
  });

  it('keeps live tensors and GPU bytes flat over 40 steps', async () => {
    const host = new Map([...newEncoder(shape.encoder, 1), ...newHead(shape.encoder, shape.head, 1)]);
    const config = { ...presets.quick.config, dropout: { encoder: 0.1, attention: 0.1, head: 0.1 } };
    const trainer = openTrainer(gpu, host, { shape, config, factors: new Map(), seed: 1 }, () => true, false);
    for await (const _ of trainer.prepare([batch])) void _;
    const losses: number[] = [];
    const seen = [];
    for (let step = 1; step <= 40; step++) {
      await trainer.update([batch], step, 5e-3);
      losses.push((await trainer.readPending())[0]);
      trainer.setPending(0, 0);
      if (step === 10 || step === 40) seen.push({ ...trainer.memory(), tensors: tf.memory().numTensors });
    }
    expect(seen[0]?.gpuBytes).toBeGreaterThan(0);
    expect(seen[1]).toEqual(seen[0]);
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
    trainer.dispose();
  });
});

describe('on wasm', () => {
  let processor: EngineProcessor | null = null;
  let twice: EngineProcessor | null = null;
  beforeAll(async () => {
    const started = await start('wasm');
    processor = started.processor;
    twice = await started.otherRounding();
  });

  it.each(folders)('the engine on the processor agrees with transformers in every quantity: %s', async (folder) => {
    if (processor === null) throw new Error('no engine');
    expectAgreement(await compareEngine(await referenceFiles(folder), processor));
  });

  it('and so does the engine whose multiply-adds round twice, with other bits', async () => {
    if (processor === null || twice === null) throw new Error('no engine');
    expect([processor.module.relaxed, twice.module.relaxed]).toEqual([true, false]);
    const [folder = ''] = folders;
    const [usual, other] = [await compareEngine(await referenceFiles(folder), processor), await compareEngine(await referenceFiles(folder), twice)]; // prettier-ignore
    expectAgreement(other);
    expect(other).not.toEqual(usual);
  });

  it('the engine in a Worker has the same bits on one thread and on all', async () => {
    const worker = new Worker(new URL('./support/threadSteps.worker.ts', import.meta.url), { type: 'module' });
    const report = await new Promise<ThreadSteps>((resolve, reject) => {
      worker.addEventListener('message', ({ data }: MessageEvent<ThreadSteps>) => resolve(data));
      worker.addEventListener('error', ({ message }) => reject(new Error(message)));
    });
    worker.terminate();
    expect(report.failure).toBeNull();
    expect(report.joined).toBe(2);
    expect(report.bits.length).toBeGreaterThan(1000);
    expect(report.onAll).toEqual(report.bits);
  });

  it.each(folders)('the plain network agrees with transformers in every quantity: %s', async (folder) => {
    expectAgreement(await compareWithReference(await referenceFiles(folder)));
  });
});
