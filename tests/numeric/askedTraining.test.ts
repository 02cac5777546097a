// Proves that a tagger asked for a type marks that type in text of either corpus, the same on the plain network and the engine, and with one type is the plain tagger's bits.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import type { CorpusSentences, Sentence } from '../../src/data/corpus/corpus.ts';
import { processorCompute, type EngineHome } from '../../src/engine/network/computeOptions.ts';
import { compileProcessorModule } from '../../src/engine/processor/processorModule.ts';
import { chainOf } from '../../src/model/chainPaths.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import { queuedRun } from '../../src/schema/runRecord.ts';
import { memory } from '../../src/storage/store.ts';
import { loadSnapshot } from '../../src/training/checkpoint.ts';
import { checkpointsInto } from '../../src/training/checkpointWriter.ts';
import { encodeTasks, type TaskText } from '../../src/training/encodeTasks.ts';
import { tagUnlabelled } from '../../src/training/tagSentences.ts';
import { train } from '../../src/training/train.ts';
import { openPredictor } from '../../src/training/trainers.ts';
import { drain } from '../../src/util/clock.ts';
import { oneTypeCorpus } from '../fixtures/oneTypeCorpora.ts';
import { spec } from '../fixtures/records.ts';
import { tinyConfig, tinyEncoder, tinyEncoderConfig, tinyTokenizer } from '../fixtures/tinyRun.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const config: TrainingConfig = {
  ...tinyConfig,
  labelMode: 'first',
  maxPieces: 32,
  epochs: 12,
  dropout: { encoder: 0, attention: 0, head: 0 },
  snapshots: 1,
};
const sentences = { Disease: oneTypeCorpus('Disease', [30, 10], 1, 1), Gene: oneTypeCorpus('Gene', [12, 10], 2, 1) };
const model = { config: tinyEncoderConfig, tokenizer: tinyTokenizer };
const { signal } = new AbortController();

async function trained(texts: readonly TaskText[], home: EngineHome | null, own = config) {
  const one = spec({ config: own, method: 'AIO' });
  const run = { ...one, tasks: texts.map(() => one.tasks[0] ?? never()) };
  const tasks = await drain(encodeTasks(texts, model, run, signal));
  const store = memory();
  const weights = () => Promise.resolve(tinyEncoder());
  const record = queuedRun(run, '2024-01-01T00:00:00.000Z');
  const health = { failure: null };
  const [pretrained, checkpoints] = [tinyEncoder(), checkpointsInto(store)];
  const finished = await drain(
    train({ record, tasks, pretrained, weights, store, checkpoints, health, home, signal, until: Infinity }),
  );
  return { record: finished, tasks, weights: await loadSnapshot(store, run.id, own.epochs) };
}

function never(): never {
  throw new Error('a spec has a task');
}

const textOf = (type: 'Disease' | 'Gene', own: CorpusSentences = sentences[type]): TaskText => {
  return { sentences: own, type, typeName: null, annotated: null, asks: true };
};

const processor = async (): Promise<EngineHome> => ({
  module: await compileProcessorModule({ relaxed: false, shared: false }),
  pool: null,
  compute: processorCompute({ activations: 'kept' }),
});
const short = { ...config, epochs: 2 };

it('marks the type that text asks for, in text of either corpus', async () => {
  const home = await processor();
  const { record, tasks, weights } = await trained([textOf('Disease'), textOf('Gene')], home);
  const scores = record.snapshots[0]?.test.map((test) => test?.lenient);
  expect(scores?.map((test) => Object.keys(test?.perType ?? {}))).toEqual([['Disease'], ['Gene']]);
  expect(scores?.map((test) => test?.overall.f1)).toEqual([100, 100]);
  const predictor = openPredictor(home, weights, {
    shape: tasks.shape,
    config,
    factors: new Map<string, never>(),
    seed: 0,
  });
  const tagger = {
    predictor,
    tagSet: tasks.tagSet,
    chain: chainOf(weights, tasks.shape.head),
    tokenizer: tinyTokenizer,
    config,
  };
  const texts = [...sentences.Disease.test, ...sentences.Gene.test];
  const marked = async (asks: readonly string[]) => {
    const tagged = await drain(tagUnlabelled(texts, { ...tagger, asks }, config, signal));
    return tagged.map(({ mentions }) => mentions.map(({ type, start }) => `${type} ${start}`));
  };
  const expected = (asks: readonly string[]) =>
    texts.map(({ tokens }) =>
      [`Disease ${tokens.indexOf('brann')}`, `Gene ${tokens.length - 1}`].filter((one) =>
        asks.includes(one.split(' ')[0] ?? ''),
      ),
    );
  const agreement = async (asks: readonly string[]): Promise<number> => {
    const [found, wanted] = [await marked(asks), expected(asks)];
    return found.filter((one, index) => String(one) === String(wanted[index])).length / texts.length;
  };
  // The words that ask decide: the same text, asked otherwise, has other mentions.
  expect(await agreement(['Disease'])).toBeGreaterThan(0.9);
  expect(await agreement(['Gene'])).toBeGreaterThan(0.9);
  expect(await agreement(['Disease', 'Gene'])).toBeGreaterThan(0.9);
  predictor.dispose();
});

it('the plain network computes the same losses and gradients', async () => {
  const texts = [textOf('Disease'), textOf('Gene')];
  const [plain, engine] = await Promise.all([trained(texts, null, short), trained(texts, await processor(), short)]);
  expect(plain.record.steps.length).toBeGreaterThan(10);
  for (const [index, { loss, gradientNorm }] of plain.record.steps.entries()) {
    const found = engine.record.steps[index];
    expect(Math.abs((found?.loss ?? NaN) - loss)).toBeLessThan(1e-3 * loss);
    expect(Math.abs((found?.gradientNorm ?? NaN) - gradientNorm)).toBeLessThan(1e-3 * gradientNorm);
  }
});

it('where all corpora annotate the one type it trains the bits of the plain CRF on text with the words written into it', async () => {
  const written = (all: readonly Sentence[]): Sentence[] =>
    all.map(({ tokens, mentions }) => ({
      tokens: ['<Disease>', ...tokens, '</Disease>'],
      mentions: mentions.map(({ type, start, end }) => ({ type, start: start + 1, end: end + 1 })),
    }));
  const { train: own, devel, test } = sentences.Disease;
  const words = { train: written(own), devel: written(devel), test: written(test) };
  const home = await processor();
  const asked = await trained([textOf('Disease')], home, short);
  const plain = await trained([{ ...textOf('Disease', words), asks: false }], home, short);
  expect(asked.record.tags).toEqual(plain.record.tags);
  expect(asked.weights.size).toBe(plain.weights.size);
  for (const [name, { values }] of asked.weights) expect(values, name).toEqual(plain.weights.get(name)?.values);
});
