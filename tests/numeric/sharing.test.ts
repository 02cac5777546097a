// Proves sharing through the training server: MTL-LS starts from the slice bit for bit, frozen layers stay, MTL-XC and rounds work as specified.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CorpusSentences } from '../../src/data/corpus/corpus.ts';
import { assembleCorpora } from '../../src/data/import/assembleCorpora.ts';
import { runSpec } from '../../src/lab/plans/expandPlan.ts';
import { presets } from '../../src/lab/plans/presets.ts';
import type { HostParameters } from '../../src/model/blocks/parameterLocation.ts';
import type { ModelRecord } from '../../src/schema/modelRecord.ts';
import type { RunRecord, RunSpec, TaskRef } from '../../src/schema/runRecord.ts';
import { storePredictions } from '../../src/schema/storedPredictions.ts';
import { saveCorpus } from '../../src/storage/corpusRecords.ts';
import { readPredictions } from '../../src/storage/predictionRecords.ts';
import { memory } from '../../src/storage/store.ts';
import { loadSnapshot } from '../../src/training/checkpoint.ts';
import { loadModel } from '../../src/training/loadTagger.ts';
import { startWeights } from '../../src/training/startWeights.ts';
import { tinyServer } from '../fixtures/tinyServer.ts';

const root = path.join(import.meta.dirname, '../..');
const store = memory();
const client = tinyServer(store);

const config = {
  ...presets.quick.config,
  epochs: 1,
  batchSize: 8,
  microBatchSize: 4,
  dropout: { encoder: 0.1, attention: 0.1, head: 0.1 },
};
const read = async (file: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await readFile(path.join(root, file)));

/** The first sentences of a sample corpus: enough to train a few steps on. */
async function storeSample(name: string): Promise<TaskRef> {
  const files = await Promise.all(
    ['train', 'devel', 'test'].map(async (split) => ({
      path: `${name}/${split}.tsv`,
      bytes: await read(`public/corpora/${name}/${split}.tsv`),
    })),
  );
  const [corpus] = assembleCorpora(files).corpora;
  if (corpus === undefined) throw new Error(`${name} was not read`);
  const { train, devel, test } = corpus.sentences;
  const sentences: CorpusSentences = { train: train.slice(0, 24), devel: devel.slice(0, 8), test: test.slice(0, 8) };
  const { types, sources, counts, fingerprint } = corpus;
  const id = fingerprint.slice(0, 16);
  const addedAt = new Date().toISOString();
  await saveCorpus(
    store,
    { version: 1, id, name, fingerprint, types, sources, counts, issues: [], issueCount: 0, builtIn: true, addedAt },
    sentences,
  );
  return { corpus: { id, name, fingerprint }, type: types[0] ?? null };
}

/** Bit for bit; Vitest's own comparison of a million numbers takes seconds. */
function equalBits(left: Float32Array, right: Float32Array | undefined): boolean {
  const bytes = (values: Float32Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return right !== undefined && bytes(left).equals(bytes(right));
}

let model: ModelRecord;
let pretrained: HostParameters;
let mtlXc: RunRecord;
let tasks: TaskRef[];

function spec(changes: Partial<Omit<RunSpec, 'id'>>): RunSpec {
  const { id, name, fingerprint } = model;
  return runSpec({
    method: 'STL',
    tasks: tasks.slice(0, 1),
    category: null,
    slicing: null,
    round: 0,
    parent: null,
    model: { id, name, fingerprint },
    seed: 1,
    config,
    ...changes,
  });
}

beforeAll(async () => {
  await client.call('start', 'wasm');
  const names = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
  const files = await Promise.all(
    names.map(async (name) => ({ name, bytes: await read(`public/models/xlnet-bio-tiny/${name}`) })),
  );
  model = await client.call('importModel', { name: 'xlnet-bio-tiny', builtIn: true, files });
  pretrained = (await loadModel(store, model, false)).encoder;
  tasks = [await storeSample('sample-disease-a'), await storeSample('sample-disease-b')];
  mtlXc = await client.call(
    'train',
    spec({ method: 'MTL-XC', tasks, category: { name: 'disease', typeName: 'Entity' } }),
  );
});

it('MTL-XC trains every task under one type name and scores each by itself', () => {
  expect(mtlXc.failure).toBeNull();
  expect(mtlXc.status).toBe('finished');
  expect(mtlXc.tags).toEqual(['O', 'B-Entity', 'I-Entity', 'E-Entity', 'S-Entity']);
  expect(mtlXc.totalSteps).toBe((2 * 24) / 8);
  expect(mtlXc.epochs.map(({ devel }) => devel.map((scores) => scores?.sentences))).toEqual([[8, 8]]);
  expect(mtlXc.snapshots[0]?.test.map((scores) => scores?.sentences)).toEqual([8, 8]);
  expect(mtlXc.counts).toHaveLength(2);
});

it('MTL-XC stores its predictions under the type name of each corpus', async () => {
  for (const [task, { type }] of tasks.entries()) {
    const request = { runId: mtlXc.spec.id, epoch: 1, split: 'test', task } as const;
    const byRun = await readPredictions(store, request);
    expect(byRun?.sentences).toBe(8);
    expect(await client.call('keepPredictions', request)).toBe(true);
    // The run stores the best tags alone, without probabilities.
    const { annotated, ...again } = (await readPredictions(store, request)) ?? storePredictions([]);
    expect(annotated?.length).toBeGreaterThan(0);
    expect(byRun).toEqual({ ...again, confidences: again.mentions.length === 0 ? [] : null });
    expect([[], [type]]).toContainEqual(byRun?.types);
    expect(byRun?.mentions.length).toBe(4 * (mtlXc.snapshots[0]?.test[task]?.lenient.overall.predicted ?? NaN));
  }
});

describe.each(['released', 'perLayer'] as const)('MTL-LS with biases %s', (biases) => {
  it.each([0, 1, 2, 3, 4])(
    'at k = %i of 4 starts with the slice bit for bit, and frozen parts end as they began',
    async (layers) => {
      const slicing = { layers, biases, frozen: true };
      const own = spec({
        method: 'MTL-LS',
        category: { name: 'disease', typeName: 'Entity' },
        slicing,
        parent: mtlXc.spec.id,
      });
      const shared = await loadSnapshot(store, mtlXc.spec.id, 1);
      const start = await startWeights(own, pretrained, store);
      const stacked = /attention\.(contentBias|positionBias|segmentBias|segmentEmbedding)$/;
      const isBelow = (name: string): boolean =>
        name === 'embedding' || Number(/^layer\.(\d+)/.exec(name)?.[1]) < layers;
      for (const [name, { values }] of start) {
        const from = isBelow(name) || (biases === 'released' && stacked.test(name)) ? shared : pretrained;
        expect(equalBits(values, from.get(name)?.values), name).toBe(true);
      }
      expect([...start.keys()].filter((name) => /^(head|crf)\./.test(name))).toEqual([]);

      const record = await client.call('train', own);
      expect(record.status).toBe('finished');
      expect(record.tags).toContain('B-Disease');
      const end = await loadSnapshot(store, own.id, 1);
      for (const [name, { values }] of end) {
        if (/^(head|crf)\./.test(name)) continue;
        const before = start.get(name)?.values;
        expect(equalBits(values, before), name).toBe(isBelow(name));
      }
    },
  );
});

it('a later round starts from the final weights of the first training, head included, in another order', async () => {
  const first = await client.call('train', spec({}));
  const own = spec({ round: 1, parent: first.spec.id });
  const start = await startWeights(own, pretrained, store);
  for (const [name, { values }] of await loadSnapshot(store, first.spec.id, 1)) {
    expect(equalBits(values, start.get(name)?.values), name).toBe(true);
  }
  const second = await client.call('train', own);
  expect(second.status).toBe('finished');
  expect(second.steps.map(({ loss }) => loss)).not.toEqual(first.steps.map(({ loss }) => loss));
  expect(second.steps[0]?.loss).toBeLessThan(first.steps[0]?.loss ?? 0);
});

it('measures an update without leaving anything behind, and not while a run is on the device', async () => {
  const request = { modelId: model.id, config, pieces: 20 };
  await client.call('measureStep', request);
  const { numTensors, numBytes } = tf.memory();
  const { stepMs, peakBytes } = await client.call('measureStep', request);
  expect(stepMs).toBeGreaterThan(0);
  // Weights, gradients and two moments of 1.9 million parameters, plus activations.
  expect(peakBytes).toBeGreaterThan(4 * 4 * model.parameterCount);
  expect(peakBytes).toBeLessThan(20 * 4 * model.parameterCount);
  expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  const training = client.call('train', spec({ seed: 2 }));
  await expect(client.call('measureStep', request)).rejects.toMatchObject({ code: 'run/busy' });
  expect((await training).status).toBe('finished');
});

it('a run whose parent left no snapshot fails and says so', async () => {
  const record = await client.call('train', spec({ round: 2, parent: 'no-such-run' }));
  expect(record.status).toBe('failed');
  expect(record.failure).toMatchObject({ code: 'run/parent', expected: 'a snapshot of run no-such-run' });
});

it('fixed steps end a run within an epoch, with a snapshot there', async () => {
  const record = await client.call('train', spec({ config: { ...config, epochs: 1, steps: 5 } })); // 3 steps per epoch
  expect(record.step).toBe(5);
  expect(record.epochs.map(({ epoch, step }) => [epoch, step])).toEqual([
    [1, 3],
    [2, 5],
  ]);
  expect(record.snapshots.map(({ epoch }) => epoch)).toEqual([1, 2]);
});
