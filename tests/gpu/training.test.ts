// Proves the network and its training in a real browser: parity on WebGPU and on threaded wasm, and memory that stays flat over 40 steps.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareEngine } from '../../scripts/parity/compareEngine.ts';
import { compareWithReference } from '../../scripts/parity/compareWithReference.ts';
import type { EngineGpu } from '../../src/engine/device.ts';
import type { BackendName, StartedBackend } from '../../src/engine/startBackend.ts';
import { startBackend } from '../../src/engine/startBackend.ts';
import { memoryReport } from '../../src/engine/memoryReport.ts';
import type { Batch } from '../../src/model/batch.ts';
import { newEncoder, newHead } from '../../src/model/parameters.ts';
import type { TaggerShape } from '../../src/model/tagger.ts';
import { presets } from '../../src/lab/presets.ts';
import { trainStep } from '../../src/training/step.ts';
import { disposeState, freshState } from '../../src/training/trainerState.ts';
import { browserPlatform } from '../../workers/browserPlatform.ts';

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
  // Small tensors must not slip to JavaScript, or shaders would go untested.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  expect(started.selfTest.filter(({ passed }) => !passed)).toEqual([]);
  if (backend === 'wasm') expect(started.threads).toBe(2);
  return started;
}

// tfjs' binary takes half of the logical processors: this makes sure that there are threads to test, however small the machine.
Object.defineProperty(navigator, 'hardwareConcurrency', { value: 4 });

describe.each(['webgpu', 'wasm'] as const)('on %s', (backend) => {
  let gpu: EngineGpu | null = null;
  beforeAll(async () => {
    gpu = (await start(backend)).gpu;
  });

  it.each(['xlnet-gelu', 'xlnet-relu-clamp', 'bert-gelu'])(
    '%s agrees with transformers in every quantity',
    async (folder) => {
      const given = {
        configJson: await text(folder, 'config.json'),
        weights: await read(folder, 'model.safetensors'),
        caseJson: await text(folder, 'case.json'),
        caseTensors: await read(folder, 'case.safetensors'),
      };
      const rows = [...(await compareWithReference(given)), ...(gpu === null ? [] : await compareEngine(given, gpu))];
      expect(rows.length).toBeGreaterThan(gpu === null ? 40 : 80);
      expect(rows.filter(({ passed }) => !passed)).toEqual([]);
    },
  );
});

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

it('keeps live tensors and GPU bytes flat over 40 steps', async () => {
  await start('webgpu');
  const state = freshState(new Map([...newEncoder(shape.encoder, 1), ...newHead(shape.encoder, shape.head, 1)]));
  const config = { ...presets.quick.config, dropout: { encoder: 0.1, attention: 0.1, head: 0.1 } };
  const losses: number[] = [];
  const seen = [];
  for (let step = 1; step <= 40; step++) {
    const settings = { shape, config, factors: new Map(), seed: 1, step, learningRate: 5e-3 };
    const report = trainStep(state.parameters, state.moments, [batch], settings);
    losses.push((await report.data())[0] as number);
    report.dispose();
    if (step === 10 || step === 40) seen.push(memoryReport());
  }
  expect(seen[0]?.gpuBytes).toBeGreaterThan(0);
  expect(seen[1]).toEqual(seen[0]);
  expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
  disposeState(state);
});
