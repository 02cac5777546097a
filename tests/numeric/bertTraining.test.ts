// Proves that a BERT trains with every method through the server, shares the right slices under MTL-LS, and resumes bit for bit.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Sentence } from '../../src/data/corpus/corpus.ts';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { expandPlan } from '../../src/lab/plans/expandPlan.ts';
import { presets } from '../../src/lab/plans/presets.ts';
import type { HostParameters } from '../../src/model/blocks/parameterLocation.ts';
import type { BertConfig } from '../../src/model/families/bert.ts';
import { newEncoder } from '../../src/model/parameters.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import type { RunRecord, RunSpec } from '../../src/schema/runRecord.ts';
import { memory } from '../../src/storage/store.ts';
import type { EncodedTasks } from '../../src/training/batches.ts';
import { loadSnapshot } from '../../src/training/checkpoint.ts';
import { encodeTasks } from '../../src/training/encodeTasks.ts';
import { importModel } from '../../src/training/importModel.ts';
import { loadModel } from '../../src/training/loadTagger.ts';
import { startWeights } from '../../src/training/startWeights.ts';
import { drain } from '../../src/util/clock.ts';
import { Rng } from '../../src/util/random.ts';
import type { TrainingEvent } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { bertFolder } from '../fixtures/bertFolders.ts';
import { categoryPlan } from '../fixtures/records.ts';
import { tinyConfig, tinyRecord, tinyTasks } from '../fixtures/tinyRun.ts';
import { tinyInputs, tinyServer } from '../fixtures/tinyServer.ts';
import { bitsOf, outcome, tinyTraining } from '../fixtures/tinyTraining.ts';

describe('through the server', () => {
  const store = memory();
  const client = tinyServer(store);
  const config: TrainingConfig = {
    ...tinyConfig,
    labelMode: 'x',
    maxPieces: 40,
    epochs: 1,
    snapshots: 1,
    dropout: { encoder: 0.1, attention: 0.1, head: 0.1 },
  };
  const records = new Map<string, RunRecord>();
  let specs: readonly RunSpec[];
  let pretrained: HostParameters;

  beforeAll(async () => {
    await client.call('start', 'wasm');
    const { model, corpora } = await tinyInputs(store, client);
    pretrained = (await loadModel(store, model, false)).encoder;
    specs = expandPlan(categoryPlan({ config, frozen: true }), { corpora, models: [model] });
    for (const spec of specs) records.set(spec.id, await client.call('train', spec));
  }, 120_000);

  it('finishes STL, MTL-XC and MTL-LS at each slicing', () => {
    expect(specs.map(({ method }) => method)).toEqual([
      ...['STL', 'STL', 'MTL-XC'],
      ...['MTL-LS', 'MTL-LS', 'MTL-LS', 'MTL-LS', 'MTL-LS', 'MTL-LS'],
    ]);
    for (const { failure, status } of records.values()) expect([failure, status]).toEqual([null, 'finished']);
  });

  it.each([0, 1, 2])(
    'MTL-LS at k = %i of 2 starts with the slice bit for bit, and what is frozen stays',
    async (layers) => {
      const spec = specs.find(({ slicing }) => slicing?.layers === layers) as RunSpec;
      const isShared = (name: string): boolean =>
        name.startsWith('embedding') || Number(/^layer\.(\d+)/.exec(name)?.[1]) < layers;
      const [from, own] = [bitsOf(await loadSnapshot(store, spec.parent ?? '', config.epochs)), bitsOf(pretrained)];
      const start = bitsOf(await startWeights(spec, pretrained, store));
      const end = bitsOf(await loadSnapshot(store, spec.id, config.epochs));
      expect(Object.keys(start)).toEqual(Object.keys(own));
      for (const [name, bits] of Object.entries(start)) {
        expect(bits === (isShared(name) ? from : own)[name], name).toBe(true);
        expect(bits === end[name], name).toBe(isShared(name));
      }
      // MTL-XC changed all of it, or equality would prove nothing.
      for (const name of Object.keys(own)) expect(from[name] === own[name], name).toBe(false);
    },
  );
});

it('learns which words are mentions, in text that it did not train on', async () => {
  await startBackend('wasm', nodePlatform);
  const store = memory();
  const model = await loadModel(store, await importModel(store, 'tiny', false, bertFolder('bin')), false);
  const text = (count: number, seed: number): readonly Sentence[] => {
    const rng = Rng.seeded(seed);
    const word = (words: readonly string[]): string => words[rng.integer(words.length)] as string;
    return Array.from({ length: count }, () => {
      const tokens = Array.from({ length: 4 }, () => word(['the', 'of', 'moss', 'leaf', 'a', '-']));
      const start = rng.integer(5);
      tokens.splice(start, 0, word(['gene', 'protein', 'Gene']));
      return { tokens, mentions: [{ type: 'Gene', start, end: start + 1 }] };
    });
  };
  const config: TrainingConfig = {
    ...presets.sample.config,
    specials: 'cls-sep',
    maxPieces: 40,
    epochs: 10,
    batchSize: 4,
    microBatchSize: 4,
    learningRate: 0.05,
  };
  const texts = [
    {
      sentences: { train: text(24, 1), devel: text(8, 2), test: text(8, 3) },
      type: 'Gene',
      typeName: null,
      annotated: null,
    },
  ];
  const tasks = await drain(encodeTasks(texts, model, { config, seed: 7 }, new AbortController().signal));
  const { epochs } = await tinyTraining(store, {
    tasks,
    encoder: model.encoder,
    record: tinyRecord(config),
  });
  const f1 = epochs.map(({ devel }) => devel[0]?.strict.overall.f1 ?? NaN);
  expect(f1.at(-1), `devel F1 by epoch: ${f1.map(Math.round).join(', ')}`).toBeGreaterThan(90);
  expect(f1[0]).toBeLessThan(50);
});

describe('a run that is paused', () => {
  /** Fewer positions than pieces in the shortest length bucket, so that padding extends beyond the last position. */
  const encoderConfig: BertConfig = {
    family: 'bert',
    layers: 1,
    hiddenSize: 8,
    heads: 2,
    headSize: 4,
    innerSize: 12,
    vocabularySize: 40,
    activation: 'gelu_new',
    layerNormEpsilon: 1e-12,
    initializerRange: 0.3,
    positions: 12,
    segments: 2,
  };
  const config: TrainingConfig = { ...tinyConfig, maxPieces: 12, specials: 'cls-sep', specialsInLoss: true };
  const encoder = newEncoder(encoderConfig, 5);
  const record = tinyRecord(config);
  let tasks: EncodedTasks;

  beforeAll(async () => {
    await startBackend('wasm', nodePlatform);
    tasks = await tinyTasks(config, encoderConfig);
  });

  it('resumes from exactly there', async () => {
    const whole = memory();
    const events: TrainingEvent[] = [];
    await tinyTraining(whole, { tasks, encoder, record, onEvent: (event) => void events.push(event) });
    const steps = [...events.keys()].filter((index) => events[index]?.kind === 'step');
    expect(steps.length).toBeGreaterThan(8);
    for (const pausedAt of steps.filter((_, index) => index % 5 === 1)) {
      const store = memory();
      const abort = new AbortController();
      const onEvent = (_: TrainingEvent, index: number): void => void (index === pausedAt && abort.abort('pause'));
      expect((await tinyTraining(store, { tasks, encoder, record, abort, onEvent })).status).toBe('paused');
      await tinyTraining(store, { tasks, encoder, record });
      expect(await outcome(store, record.spec.id)).toEqual(await outcome(whole, record.spec.id));
    }
  });

  it('rejects sequences with more pieces than the model has positions', async () => {
    const long = await tinyTasks({ ...config, maxPieces: 16 }, encoderConfig);
    await expect(tinyTraining(memory(), { tasks: long, encoder, record })).rejects.toThrow('of 12 positions');
  });
});
