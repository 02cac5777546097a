// Proves that training learns: it memorises sample sentences in every label mode and head, and learns a sample corpus through the server.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fingerprintOfSplit, type CorpusSentences, type Mention } from '../../src/data/corpus/corpus.ts';
import { mentionsToTags } from '../../src/data/corpus/tagScheme.ts';
import { annotateSentences, documentsOfSentences } from '../../src/data/documents/documentSentences.ts';
import { assembleCorpora, type AssembledCorpus } from '../../src/data/import/assembleCorpora.ts';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { runSpec } from '../../src/lab/plans/expandPlan.ts';
import { presets } from '../../src/lab/plans/presets.ts';
import { packCounts } from '../../src/metrics/scores/packedCounts.ts';
import { conlleval } from '../../src/metrics/scores/scoreSplit.ts';
import { sentenceCounts } from '../../src/metrics/scores/spanScore.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import type { CorpusRecord } from '../../src/schema/corpusRecord.ts';
import type { ModelRecord } from '../../src/schema/modelRecord.ts';
import { queuedRun, type RunSpec } from '../../src/schema/runRecord.ts';
import { storePredictions, unstorePredictions } from '../../src/schema/storedPredictions.ts';
import { saveCorpus } from '../../src/storage/corpusRecords.ts';
import { readPredictions } from '../../src/storage/predictionRecords.ts';
import { readRunRecord } from '../../src/storage/runRecords.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import { checkpointsInto } from '../../src/training/checkpointWriter.ts';
import { encodeTasks } from '../../src/training/encodeTasks.ts';
import { importModel } from '../../src/training/importModel.ts';
import { loadModel, type LoadedModel } from '../../src/training/loadTagger.ts';
import { train } from '../../src/training/train.ts';
import { drain } from '../../src/util/clock.ts';
import type { NamedBytes, RunEvent } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { tinyServer } from '../fixtures/tinyServer.ts';

const sample = 'sample-chemical-a';
const builtInModel = 'xlnet-bio-tiny';
const publicFolder = path.join(import.meta.dirname, '../../public');

async function filesOf(folder: string, names: readonly string[]): Promise<NamedBytes[]> {
  const read = async (name: string): Promise<NamedBytes> => {
    return { name, bytes: new Uint8Array(await readFile(path.join(publicFolder, folder, name))) };
  };
  return Promise.all(names.map(read));
}

const modelFiles = (): Promise<NamedBytes[]> => {
  return filesOf(`models/${builtInModel}`, [
    'config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
};

async function sampleCorpus(): Promise<AssembledCorpus> {
  const files = await filesOf(`corpora/${sample}`, ['train.tsv', 'devel.tsv', 'test.tsv']);
  const [corpus] = assembleCorpora(files.map(({ name, bytes }) => ({ path: `${sample}/${name}`, bytes }))).corpora;
  if (corpus === undefined) throw new Error(`no corpus in ${sample}`);
  return corpus;
}

function specFor(corpus: AssembledCorpus, model: ModelRecord, config: TrainingConfig): RunSpec {
  return runSpec({
    method: 'STL',
    tasks: [
      {
        corpus: { id: corpus.fingerprint.slice(0, 16), name: corpus.name, fingerprint: corpus.fingerprint },
        type: corpus.types[0] ?? null,
      },
    ],
    category: null,
    slicing: null,
    round: 0,
    parent: null,
    model: { id: model.id, name: model.name, fingerprint: model.fingerprint },
    seed: 1,
    config,
  });
}

describe('eight sentences of a sample', () => {
  let corpus: AssembledCorpus;
  let model: LoadedModel;
  let modelRecord: ModelRecord;

  beforeAll(async () => {
    await startBackend('wasm', nodePlatform);
    corpus = await sampleCorpus();
    const store = memory();
    modelRecord = await importModel(store, builtInModel, true, await modelFiles());
    model = await loadModel(store, modelRecord, false);
  });

  const settings: readonly (readonly [string, Partial<TrainingConfig>])[] = [
    ['label mode x', { labelMode: 'x' }],
    ['label mode first', { labelMode: 'first' }],
    ['label mode all', { labelMode: 'all' }],
    ['the softmax head', { head: 'softmax' }],
    [
      "the released code's form",
      {
        layout: 'packed',
        maxPieces: 64,
        specials: 'sep-sep-cls',
        specialsInLoss: true,
        crfStartEnd: false,
        adam: presets.released.config.adam,
        layerDecay: presets.released.config.layerDecay,
      },
    ],
  ];

  it.each(settings)('are known by heart with %s', async (_, changes) => {
    const config: TrainingConfig = {
      ...presets.sample.config,
      epochs: 20,
      batchSize: 4,
      microBatchSize: 4,
      learningRate: 2e-3,
      dropout: { encoder: 0, attention: 0, head: 0 },
      snapshots: 1,
      ...changes,
    };
    const eight = corpus.sentences.train
      .filter(({ mentions, tokens }) => mentions.length > 0 && tokens.length < 20)
      .slice(0, 8);
    const f1 = await develF1UntilPerfect(
      { train: eight, devel: eight, test: [] },
      specFor(corpus, modelRecord, config),
      model,
    );
    expect(f1[0]).toBeLessThan(100);
    expect(f1.at(-1), `devel F1 by epoch: ${f1.map(Math.round).join(', ')}`).toBe(100);
  });
});

/** Strict devel F1 of each epoch, up to the first that is 100 or to the end of the run. */
async function develF1UntilPerfect(sentences: CorpusSentences, spec: RunSpec, model: LoadedModel): Promise<number[]> {
  const { signal } = new AbortController();
  const texts = [{ sentences, type: spec.tasks[0]?.type ?? null, typeName: null, annotated: null }];
  const tasks = await drain(encodeTasks(texts, model, spec, signal));
  const record = queuedRun(spec, '2024-01-01T00:00:00.000Z');
  const store = memory();
  const inputs = {
    record,
    tasks,
    pretrained: model.encoder,
    weights: () => Promise.resolve(model.encoder),
    store,
    checkpoints: checkpointsInto(store),
    health: { failure: null },
    home: null,
    signal,
    until: Infinity,
  };
  const f1: number[] = [];
  for await (const event of train(inputs)) {
    if (event.kind === 'epoch') f1.push(event.point.devel[0]?.strict.overall.f1 ?? NaN);
    if (f1.at(-1) === 100) break;
  }
  return f1;
}

it('three of the five epochs of the Sample preset learn a sample through the server, to a devel F1 above 95', async () => {
  const read: string[] = [];
  const backing = memory();
  const store: Store = {
    ...backing,
    read(key) {
      read.push(key);
      return backing.read(key);
    },
  };
  const client = tinyServer(store);
  const events: RunEvent[] = [];
  client.onEvent((event) => events.push(event));

  const report = await client.call('start', 'wasm');
  expect(report.selfTest.filter(({ passed }) => !passed)).toEqual([]);
  const model = await client.call('importModel', { name: builtInModel, builtIn: true, files: await modelFiles() });
  const { name, sentences, ...description } = await sampleCorpus();
  const id = description.fingerprint.slice(0, 16);
  const record: CorpusRecord = {
    version: 1,
    id,
    name,
    ...description,
    builtIn: true,
    addedAt: '2024-01-01T00:00:00.000Z',
  };
  await saveCorpus(store, record, sentences);

  const config = { ...presets.sample.config, epochs: 3 };
  const spec = specFor({ name, sentences, ...description }, model, config);
  const run = await client.call('train', spec);
  const trainingEvents = events.splice(0);
  const asked = { runId: spec.id, epoch: run.selectedEpoch ?? 0, split: 'test', task: 0 } as const;
  const rows = (await client.call('predict', asked)) ?? [];
  const predicting = events.splice(0);
  const missing = client.call('predict', { ...asked, epoch: 99 });
  await expect(missing).rejects.toMatchObject({ code: 'checkpoint/missing' });
  const keptByRun = await readPredictions(store, asked);
  expect(await client.call('keepPredictions', asked)).toBe(true);
  const keptSurely = await readPredictions(store, asked);
  expect(events.splice(0).at(-1)).toEqual(predicting.at(-1));
  const missingToKeep = client.call('keepPredictions', { ...asked, epoch: 99 });
  await expect(missingToKeep).rejects.toMatchObject({ code: 'checkpoint/missing' });
  const cancelledKeeping = client.call('keepPredictions', { ...asked, split: 'devel' });
  await client.call('interrupt', { runId: spec.id, how: 'stop' });
  expect(await cancelledKeeping).toBeNull();
  expect(await readPredictions(store, { ...asked, split: 'devel' })).toBeUndefined();
  const cancelled = client.call('predict', asked);
  await client.call('interrupt', { runId: spec.id, how: 'stop' });
  expect(await cancelled).toBeNull();

  const [text] = documentsOfSentences(sentences.test, 'text');
  if (text === undefined) throw new Error('no test sentences');
  const request = {
    id: 'tagging',
    tagger: { kind: 'snapshot', runId: spec.id, epoch: asked.epoch },
    documents: [text, { ...text, id: 'empty', text: '', sentences: [] }, { ...text, id: 'again' }],
  } as const;
  const [found, none, again] = (await client.call('tag', request)) ?? [];
  const taggingEvents = events.splice(0);
  read.length = 0;
  const [repeated] = (await client.call('tag', request)) ?? [];
  const readWhenWarm = read.filter((key) => key.includes('/snapshot/') || key.startsWith('model/'));
  const cancelledTagging = client.call('tag', request);
  await client.call('interrupt', { runId: 'tagging', how: 'stop' });
  expect(await cancelledTagging).toBeNull();
  const noTagger = client.call('tag', { ...request, tagger: { kind: 'model', modelId: model.id } });
  await expect(noTagger).rejects.toMatchObject({ code: 'model/head' });
  client.close();

  // The run stores predictions without probabilities, `keepPredictions` with them; the scored mentions are the stored ones.
  const { annotated, ...withoutAnnotated } = keptSurely ?? storePredictions([]);
  expect(keptByRun).toEqual({ ...withoutAnnotated, confidences: null });
  // Each annotated mention has a probability, and one that is predicted just so has the same as the prediction.
  const marked = sentences.test.flatMap(({ mentions }, index) => mentions.map((mention) => ({ ...mention, index })));
  expect(annotated).toHaveLength(marked.length);
  marked.forEach(({ index, start, end, type }, at) => {
    const same = rows[index]?.mentions.find((one) => one.start === start && one.end === end && one.type === type);
    if (same !== undefined) expect(annotated?.[at]).toBe(same.confidence);
  });
  expect(unstorePredictions(keptSurely ?? storePredictions([]))).toEqual(rows.map(({ mentions }) => mentions));

  // The same mentions with the same spans and confidences as the snapshot's predictions.
  const expected = annotateSentences(text, rows.map(({ mentions }) => mentions)).mentions; // prettier-ignore
  const spansOf = (mentions: typeof expected = []) => mentions.map(({ type, start, end }) => ({ type, start, end }));
  expect(expected.length).toBeGreaterThan(10);
  expect(spansOf(found)).toEqual(spansOf(expected));
  expect(spansOf(again)).toEqual(spansOf(expected));
  expect(none).toEqual([]);
  expect(repeated).toEqual(found);
  found?.forEach(({ confidence }, index) => {
    expect(confidence).toBeGreaterThan(0);
    expect(confidence).toBeLessThanOrEqual(1);
    expect(confidence).toBeCloseTo(expected[index]?.confidence ?? NaN, 3);
  });
  const totals = { phase: 'tagging', done: 2 * sentences.test.length, of: 2 * sentences.test.length };
  expect(taggingEvents.at(-1)).toEqual({ kind: 'predicting', runId: 'tagging', ...totals });
  expect(readWhenWarm).toEqual([]);

  expect(run.failure).toBeNull();
  expect(run.status).toBe('finished');
  expect(await readRunRecord(store, spec.id)).toEqual(run);
  const f1 = run.epochs.map(({ devel }) => devel[0]?.lenient.overall.f1 ?? 0);
  expect(Math.max(...f1)).toBeGreaterThan(95);
  expect(run.selectedEpoch).toBe(f1.lastIndexOf(Math.max(...f1)) + 1);
  const chosen = run.snapshots.find(({ epoch }) => epoch === run.selectedEpoch);
  expect(chosen?.test[0]?.lenient.overall.f1).toBeGreaterThan(90);
  expect(chosen?.test[0]?.sentences).toBe(sentences.test.length);
  expect(run.environments).toEqual([report.environment]);
  const gold = rows.map((row) => row.gold);
  const predicted = rows.map((row) => row.predicted);
  expect(conlleval(gold, predicted).entities).toEqual(chosen?.test[0]?.lenient);
  const ofRun = unstorePredictions(keptByRun ?? storePredictions([]));
  const tagsOf = (all: readonly (readonly Mention[])[]): string[][] =>
    all.map((mentions, index) => mentionsToTags(mentions, sentences.test[index]?.tokens.length ?? 0, 'IOB2'));
  const rescored = conlleval(tagsOf(sentences.test.map(({ mentions }) => mentions)), tagsOf(ofRun));
  expect(rescored.entities.overall).toEqual(chosen?.test[0]?.lenient.overall);
  // The record counts each sentence as the stored predictions do, for the selected snapshot alone, and says which sentences they are.
  const counted = sentenceCounts(
    sentences.test.map(({ mentions }) => mentions),
    ofRun,
  );
  expect(chosen?.testCounts).toEqual([packCounts(counted, fingerprintOfSplit(sentences.test))]);
  expect(run.snapshots.filter(({ testCounts }) => testCounts !== undefined)).toEqual([chosen]);
  expect(predicting.at(-1)).toEqual({ kind: 'predicting', runId: spec.id, phase: 'predicting', done: sentences.test.length, of: sentences.test.length }); // prettier-ignore
  expect(new Set(trainingEvents.map(({ kind }) => kind))).toEqual(new Set(['phase', 'started', 'step', 'epoch', 'checkpoint', 'ended'])); // prettier-ignore
  expect(trainingEvents.every(({ runId }) => runId === spec.id)).toBe(true);
  expect(trainingEvents.at(-1)).toMatchObject({ kind: 'ended', record: run });
}, 300_000); // takes 20 s on two cores
