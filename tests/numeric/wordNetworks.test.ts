// Proves that networks of words compute what PyTorch's LSTM and convolutions compute, train through the server from given vectors, resume bit for bit, and come back from an export.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { wordTokenizer } from '../../src/data/pieces/pieceModels.ts';
import { BASELINES, type BaselineName } from '../../src/data/words/baselines.ts';
import { engineMisfit } from '../../src/engine/network/computeOptions.ts';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { expandPlan } from '../../src/lab/plans/expandPlan.ts';
import { presetFor, presets } from '../../src/lab/plans/presets.ts';
import type { Batch } from '../../src/model/blocks/encoderFamily.ts';
import { uploadParameters } from '../../src/model/blocks/layerBlocks.ts';
import type { HostParameters } from '../../src/model/blocks/parameterLocation.ts';
import { encoderConfig, encoderShapes, type EncoderConfig } from '../../src/model/families/encoderConfig.ts';
import { drawnWeights } from '../../src/model/families/words/wordNetwork.ts';
import { encoderStates } from '../../src/model/tagger.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import type { RunRecord, RunSpec } from '../../src/schema/runRecord.ts';
import { saveCorpus } from '../../src/storage/corpusRecords.ts';
import { memory } from '../../src/storage/store.ts';
import { batchCharacters } from '../../src/training/batches.ts';
import { loadSnapshot } from '../../src/training/checkpoint.ts';
import { encodeTasks } from '../../src/training/encodeTasks.ts';
import { importModel } from '../../src/training/importModel.ts';
import { loadModel } from '../../src/training/loadTagger.ts';
import { measureStep } from '../../src/training/measureStep.ts';
import { initialEncoder } from '../../src/training/startWeights.ts';
import { makeBaseline } from '../../src/training/words/makeBaseline.ts';
import { drain, neverAborted } from '../../src/util/clock.ts';
import type { TrainingEvent } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { categoryPlan, corpusRecord } from '../fixtures/records.ts';
import { tinyConfig, tinyRecord, tinySentences } from '../fixtures/tinyRun.ts';
import { tinyServer } from '../fixtures/tinyServer.ts';
import { bitsOf, outcome, tinyTraining } from '../fixtures/tinyTraining.ts';
import { exportedFiles } from '../fixtures/trainedTagger.ts';
import { fileInChunks, textVectors } from '../fixtures/vectorFiles.ts';

interface Reference {
  readonly sentences: readonly (readonly number[])[];
  readonly spelled: Readonly<Record<string, readonly number[]>>;
  readonly cases: readonly {
    readonly name: string;
    readonly config: unknown;
    readonly parameters: Readonly<
      Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>
    >;
    readonly states: readonly (readonly number[])[];
    readonly weights: readonly number[];
    readonly gradients: Readonly<Record<string, readonly number[]>>;
  }[];
}

const file = path.join(import.meta.dirname, '../fixtures/reference/words.json');
const reference = JSON.parse(readFileSync(file, 'utf8')) as Reference;

/** The sentences of the reference, padded to `pieces`; padding has an id that no sentence has. */
function batchOf(pieces: number, paddingId = 5): Batch {
  const { sentences, spelled } = reference;
  const size = sentences.length;
  const pieceIds = new Int32Array(size * pieces).fill(paddingId);
  sentences.forEach((ids, row) => pieceIds.set(ids, row * pieces));
  return {
    size,
    pieces,
    positions: 1,
    pieceIds,
    segmentIds: new Int32Array(size * pieces),
    pieceCounts: Int32Array.from(sentences, ({ length }) => length),
    characters: batchCharacters(
      sentences.map((ids) => ids.map((id) => Int32Array.from(spelled[id] ?? []))),
      pieces,
    ),
    crfPositions: new Int32Array(size),
    tags: new Int32Array(size),
    crfCounts: new Int32Array(size).fill(1),
  };
}

/** Rows of the real words of a matrix [B*T, d]. */
function realRows(state: tf.Tensor2D, { pieces, pieceCounts }: Batch): tf.Tensor2D {
  const rows = [...pieceCounts].flatMap((count, b) => Array.from({ length: count }, (_, at) => b * pieces + at));
  return tf.gather(state, tf.tensor1d(rows, 'int32'));
}

const NO_DROPOUT = { encoder: 0, attention: 0, head: 0 };

function largestDifference(found: ArrayLike<number>, expected: readonly number[]): number {
  if (found.length !== expected.length) return Infinity;
  return expected.reduce((worst, value, index) => Math.max(worst, Math.abs(value - (found[index] ?? NaN))), 0);
}

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(() => startBackend(backend, nodePlatform));

  it.each(reference.cases)(
    '$name: states and every gradient are those of PyTorch, however long the padding',
    async (one) => {
      const config = encoderConfig(one.config);
      const names = [...encoderShapes(config)];
      expect(Object.fromEntries(names)).toEqual(Object.fromEntries(Object.entries(one.parameters).map(([name, { shape }]) => [name, shape]))); // prettier-ignore
      const host = new Map(Object.entries(one.parameters).map(([name, { shape, values }]) => [name, { shape, values: Float32Array.from(values) }])); // prettier-ignore
      const parameters = uploadParameters(host);
      for (const batch of [batchOf(5), batchOf(16), batchOf(16, 10)]) {
        const states = tf.tidy(() =>
          encoderStates(batch, parameters, config, NO_DROPOUT, null).map((state) => realRows(state, batch)),
        );
        for (const [index, state] of states.entries()) {
          expect(largestDifference(await state.data(), one.states[index] ?? []), `state ${index}`).toBeLessThan(1e-5);
        }
        const loss = (...tensors: tf.Tensor[]): tf.Scalar => {
          const named = new Map(names.map(([name], index) => [name, tensors[index] as tf.Tensor]));
          const last = encoderStates(batch, named, config, NO_DROPOUT, null).at(-1) as tf.Tensor2D;
          const rows = realRows(last, batch);
          return tf.sum(tf.mul(rows, tf.tensor(one.weights, rows.shape)));
        };
        const gradients = tf.tidy(() => tf.grads(loss)(names.map(([name]) => parameters.get(name) as tf.Tensor)));
        for (const [index, [name]] of names.entries()) {
          const found = await (gradients[index] as tf.Tensor).data();
          expect(largestDifference(found, one.gradients[name] ?? []), name).toBeLessThan(2e-5);
        }
      }
    },
  );
});

/** Vectors for some of the tiny corpus' words. */
const vectors = textVectors([['the', [0.1, 0.2, 0.3]], ['brann', [-0.4, 0.5, 0.6]], ['ague', [0.7, -0.8, 0.9]]], 'word2vec'); // prettier-ignore

const baseline = (form: BaselineName, withVectors: boolean) =>
  drain(
    makeBaseline(
      {
        form,
        corpora: [{ name: 'moss', sentences: tinySentences }],
        vectors: withVectors ? fileInChunks('small.vec', vectors, [40, 41]) : null,
        firstWords: 0,
      },
      neverAborted,
    ),
  );

describe('through the server', () => {
  const store = memory();
  const client = tinyServer(store);
  const records = new Map<string, RunRecord>();
  let specs: readonly RunSpec[];
  let stored: { readonly config: EncoderConfig; readonly encoder: HostParameters };

  beforeAll(async () => {
    await client.call('start', 'wasm');
    const corpora = [corpusRecord('moss'), corpusRecord('fern')];
    for (const corpus of corpora) await saveCorpus(store, corpus, tinySentences);
    const made = await client.call('makeBaseline', {
      id: 'making',
      name: 'tiny',
      form: 'lample',
      corpora: corpora.map(({ id, name }) => ({ id, name })),
      vectors: { name: 'small.vec', sizeBytes: vectors.length, bytes: new Blob([vectors]) },
      firstWords: 0,
    });
    if (made === null) throw new Error('nothing was made');
    expect(made.origin.vectors).toMatchObject({ file: 'small.vec', dimensions: 3, words: 3 });
    const { config } = presets[presetFor(made.record, 'quick')];
    const short: TrainingConfig = {
      ...config,
      maxPieces: 16,
      epochs: 1,
      snapshots: 1,
      batchSize: 4,
      microBatchSize: 3,
    };
    const plan = categoryPlan({ config: short, seeds: [1, 2], slicingRates: [0, 0.5] });
    specs = expandPlan(plan, { corpora, models: [made.record] });
    for (const spec of specs) records.set(spec.id, await client.call('train', spec));
    stored = await loadModel(store, made.record, false);
  }, 120_000);

  it('finishes STL, MTL-XC and MTL-LS with two seeds', () => {
    expect(new Set(specs.map(({ method }) => method))).toEqual(new Set(['STL', 'MTL-XC', 'MTL-LS']));
    for (const { failure, status } of records.values()) expect([failure, status]).toEqual([null, 'finished']);
  });

  it('draws each seed’s weights but begins with the given vectors, and trains them', async () => {
    const [one, two] = [1, 2].map((seed) => bitsOf(initialEncoder(stored.config, stored.encoder, seed)));
    for (const name of encoderShapes(stored.config).keys()) {
      // Biases are not drawn.
      expect(one?.[name] === two?.[name], name).toBe(name === 'embedding' || name.endsWith('.bias'));
    }
    const spec = specs.find(({ method }) => method === 'STL') as RunSpec;
    const trained = bitsOf(await loadSnapshot(store, spec.id, 1));
    for (const name of encoderShapes(stored.config).keys()) expect(trained[name] === one?.[name], name).toBe(false);
  });

  it('stops reading an endless file when it is interrupted, and stores nothing', async () => {
    const before = await store.keys('model/');
    const chunk = new TextEncoder().encode('word 1 2 3\n'.repeat(100_000));
    const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.enqueue(chunk.slice()),
    });
    const stopListening = client.onEvent((event) => {
      if (event.runId === 'endless') void client.call('interrupt', { runId: 'endless', how: 'stop' });
    });
    const request = { id: 'endless', name: 'x', form: 'lample', corpora: [{ id: corpusRecord('moss').id, name: 'moss' }], firstWords: 0 } as const; // prettier-ignore
    const vectorsFile = { name: 'endless.txt', sizeBytes: 1e12, bytes: endless };
    expect(await client.call('makeBaseline', { ...request, vectors: vectorsFile }, [endless])).toBeNull();
    stopListening();
    expect(await store.keys('model/')).toEqual(before);
  });

  it('exports a folder that says that transformers cannot open it, and that tags the same here', async () => {
    const spec = specs[0] as RunSpec;
    const files = await exportedFiles(store, {
      tagger: { kind: 'snapshot', runId: spec.id, epoch: 1 },
      precision: 'F32',
    });
    const text = (name: string): string => new TextDecoder().decode(files.find((one) => one.name === name)?.bytes);
    expect(files.some(({ name }) => name === 'tag.py')).toBe(false);
    expect(text('README.md')).toContain('No class of transformers has this network');
    expect(text('README.md')).toMatch(/small\\?\.vec .*3 dimensions/);
    expect(JSON.parse(text('config.json'))).not.toHaveProperty('untrained');
    const again = memory();
    const record = await importModel(again, 'back', false, files);
    const tagger = await loadModel(again, record, false);
    expect(bitsOf(initialEncoder(tagger.config, tagger.encoder, 9))).toEqual(bitsOf(tagger.encoder));
    const snapshot = await loadSnapshot(store, spec.id, 1);
    for (const [name, { values }] of tagger.encoder)
      expect([...values]).toEqual([...(snapshot.get(name)?.values ?? [])]);
  });
});

describe('every form', () => {
  beforeAll(() => startBackend('wasm', nodePlatform));

  it.each(BASELINES)('%s is made with and without vectors, and a step of it is measured', async (form) => {
    for (const withVectors of [true, false]) {
      const { files, origin } = await baseline(form, withVectors);
      const store = memory();
      const model = await loadModel(store, await importModel(store, form, false, files), false);
      expect(model.config).toMatchObject({ untrained: withVectors ? 'beside words' : 'all' });
      expect(origin.vectors?.coverage.all.tokens ?? null).toBe(withVectors ? countOfTokens : null);
      expect(engineMisfit(model.config)).toContain('trains on the plain network');
      if (!withVectors) continue;
      const config = {
        ...presets[presetFor({ family: model.config.family }, 'quick')].config,
        batchSize: 2,
        microBatchSize: 2,
      };
      const { stepMs, peakBytes } = await measureStep(model, config, 12, { failure: null }, null);
      expect(stepMs).toBeGreaterThan(0);
      expect(peakBytes).toBeGreaterThan(0);
    }
  });

  it('keeps vectors that are not trained, at length 1', async () => {
    const { files } = await baseline('crichton', true);
    const store = memory();
    const { config, encoder } = await loadModel(store, await importModel(store, 'fixed', false, files), false);
    const fixed = encoder.get('embedding.fixed');
    expect(fixed?.shape).toEqual([3, 3]);
    expect(Math.hypot(...(fixed?.values.subarray(0, 3) ?? []))).toBeCloseTo(1, 6);
    expect(encoder.get('embedding')?.shape).toEqual([2, 3]);
    expect([...(initialEncoder(config, encoder, 3).get('embedding.fixed')?.values ?? [])]).toEqual([
      ...(fixed?.values ?? []),
    ]);
  });
});

const countOfTokens = Object.values(tinySentences).flatMap((sentences) =>
  sentences.flatMap(({ tokens }) => tokens),
).length;

describe('a run', () => {
  const words = [' padding', ' unknown', 'the', 'no', 'of', 'ague', 'brann'];
  const characters = [...'thenofagubr'];
  const members = {
    model_type: 'bilstm',
    characters: { network: 'cnn', size: 3, widths: [3], filters: 4, activation: 'relu' },
    lstm_size: 3,
    lstm_layers: 2,
    dense_size: 5,
    word_size: 4,
    trained_words: 5,
    fixed_words: 2,
    character_count: characters.length + 2,
  };
  const config: TrainingConfig = { ...tinyConfig, specials: 'none' };
  const encoder = encoderConfig(members);
  const weights = drawnWeights([...encoderShapes(encoder)], 3);
  const record = tinyRecord(config);
  const tokenizer = wordTokenizer({ type: 'Words', words, characters, longest: 8 }, { lowerCase: false });
  const texts = [{ sentences: tinySentences, type: 'Disease', typeName: null, annotated: null }];

  it('that is paused resumes from exactly there, and vectors that are not trained stay', async () => {
    await startBackend('wasm', nodePlatform);
    const tasks = await drain(encodeTasks(texts, { config: encoder, tokenizer }, { config, seed: 7 }, neverAborted));
    const whole = memory();
    const events: TrainingEvent[] = [];
    await tinyTraining(whole, { tasks, encoder: weights, record, onEvent: (event) => void events.push(event) });
    const steps = [...events.keys()].filter((index) => events[index]?.kind === 'step');
    for (const pausedAt of steps.filter((_, index) => index % 5 === 1)) {
      const store = memory();
      const abort = new AbortController();
      const onEvent = (_: TrainingEvent, index: number): void => void (index === pausedAt && abort.abort('pause'));
      expect((await tinyTraining(store, { tasks, encoder: weights, record, abort, onEvent })).status).toBe('paused');
      await tinyTraining(store, { tasks, encoder: weights, record });
      expect(await outcome(store, record.spec.id)).toEqual(await outcome(whole, record.spec.id));
    }
    const end = bitsOf(await loadSnapshot(whole, record.spec.id, config.epochs));
    const start = bitsOf(weights);
    for (const name of weights.keys()) expect(end[name] === start[name], name).toBe(name === 'embedding.fixed');
  });

  it('learns which words are mentions, in text that it did not train on', async () => {
    const dropout = { encoder: 0, attention: 0, head: 0 };
    const learning: TrainingConfig = { ...presets.recurrent.config, dropout, maxPieces: 16, epochs: 40, batchSize: 5, microBatchSize: 5, learningRate: 0.05, snapshots: 1 }; // prettier-ignore
    const tasks = await drain(
      encodeTasks(texts, { config: encoder, tokenizer }, { config: learning, seed: 7 }, neverAborted),
    );
    const { epochs } = await tinyTraining(memory(), { tasks, encoder: weights, record: tinyRecord(learning) });
    expect(epochs.at(-1)?.devel[0]?.strict.overall.f1).toBeGreaterThan(80);
  });
});
