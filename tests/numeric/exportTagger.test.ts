// Proves that a trained tagger is exported with transformers' names and shapes, and tags and scores the same after import.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { scoreSplit } from '../../src/metrics/scores/scoreSplit.ts';
import type { SplitScores } from '../../src/metrics/scores/spanScore.ts';
import { newEncoder } from '../../src/model/parameters.ts';
import { openSafetensors, readSafetensors, writeSafetensors } from '../../src/model/weights/safetensors.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import { encodeTasks } from '../../src/training/encodeTasks.ts';
import { tagSplit, type TaggedSplit } from '../../src/training/evaluate.ts';
import { importModel } from '../../src/training/importModel.ts';
import { loadModel, loadTagger } from '../../src/training/loadTagger.ts';
import { slicedEncoder } from '../../src/training/startWeights.ts';
import { openPredictor } from '../../src/training/trainers.ts';
import { drain } from '../../src/util/clock.ts';
import { LabError } from '../../src/util/labError.ts';
import type { TaggerRef } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { bertFolder } from '../fixtures/bertFolders.ts';
import { encoderFolder, laterFamilies } from '../fixtures/encoderFolders.ts';
import { modelFolder, type ModelFolderFile } from '../fixtures/modelFolders.ts';
import { tinySentences } from '../fixtures/tinyRun.ts';
import { exportedFiles, lastSnapshot, trainedTagger, type TrainedTagger } from '../fixtures/trainedTagger.ts';

beforeAll(() => startBackend('wasm', nodePlatform));

const signal = new AbortController().signal;

/** Predictions and scores of a stored tagger on the test sentences. */
async function tagged(store: Store, ref: TaggerRef): Promise<TaggedSplit & { readonly scores: SplitScores }> {
  const tagger = await loadTagger(store, ref);
  const { config } = tagger.head;
  const model = { config: tagger.shape.encoder, tokenizer: tagger.tokenizer };
  const texts = [{ sentences: tinySentences, type: 'Disease', typeName: null, annotated: null }];
  const { test } = await drain(encodeTasks(texts, model, { config, seed: 7 }, signal));
  const [split] = test;
  if (split === undefined) throw new Error('the tiny task has a test split');
  const predictor = openPredictor(null, tagger.weights, { shape: tagger.shape, config, factors: new Map(), seed: 0 });
  const found = await drain(tagSplit(split, tagger.tagSet, predictor, config, signal));
  predictor.dispose();
  return { ...found, scores: scoreSplit(found.gold, found.predicted, config.tagScheme) };
}

/** The folder imported into an empty store. */
async function takenIn(files: readonly ModelFolderFile[]) {
  const store = memory();
  const record = await importModel(store, 'back again', false, files);
  return { store, record, ref: { kind: 'model', modelId: record.id } as const };
}

const without = (files: readonly ModelFolderFile[], name: string) => files.filter((file) => file.name !== name);

const forms: readonly (readonly [string, Partial<TrainingConfig>])[] = [
  ['label mode x, start and end states', { labelMode: 'x', crfStartEnd: true }],
  ['label mode first, no start and end states', { labelMode: 'first', crfStartEnd: false, lowerCase: true }],
  ['label mode all, whole sentences', { labelMode: 'all', encoding: 'sentence', crfStartEnd: true }],
  ['softmax', { labelMode: 'first', head: 'softmax' }],
  [
    "the released code's form",
    { labelMode: 'x', layout: 'packed', specials: 'sep-sep-cls', specialsInLoss: true, crfStartEnd: false },
  ],
  ['BERT', { labelMode: 'x', specials: 'cls-sep', specialsInLoss: true, crfStartEnd: true }],
  [
    'adapters, merged',
    { labelMode: 'first', adapters: { projections: 'all-linear', rank: 2, alpha: 64, dropout: 0.1 } },
  ],
  ...laterFamilies.map((family): [string, Partial<TrainingConfig>] => [
    family,
    { labelMode: 'first', specials: 'cls-sep', encoding: family === 'roberta' ? 'token' : 'sentence' },
  ]),
];

const pretrained = (name: string) => {
  if (laterFamilies.includes(name)) return encoderFolder(name);
  return name === 'BERT' ? bertFolder('safetensors') : modelFolder('f16');
};

describe('an exported and imported tagger', () => {
  it.each(forms)('tags and scores as before: %s', async (name, changes) => {
    const trained = await trainedTagger(pretrained(name), changes);
    const scored = trained.record.snapshots[0]?.test[0];
    const before = await tagged(trained.store, lastSnapshot(trained));
    expect(before.scores).toEqual(scored);
    expect(new Set(before.predicted.flat()).size).toBeGreaterThan(1);
    const { store, record, ref } = await takenIn(
      await exportedFiles(trained.store, { tagger: lastSnapshot(trained), precision: 'F32' }),
    );
    const after = await tagged(store, ref);
    expect(after).toEqual(before);
    expect(record.tagger?.provenance.test[0]?.lenient.overall.f1).toBe(scored?.lenient.overall.f1);
    // It can be exported again as the same folder, except for the name of its model.
    const again = await exportedFiles(store, { tagger: ref, precision: 'F32' });
    expect(again.map(({ name }) => name).sort()).toEqual(
      [...record.files.map(({ name }) => name), 'README.md', 'tag.py'].sort(),
    );
    expect(again.at(-1)?.bytes).toEqual(await store.read(`model/${record.id}/file/model.safetensors`));
  });

  it('keeps its slice: the rate and weights of MTL-LS are the same bit for bit', async () => {
    const { record, store } = await sliced();
    const folder = await exportedFiles(store, { tagger: lastSnapshot({ record, store }), precision: 'F32' });
    const back = await takenIn(folder);
    expect(back.record.tagger?.provenance).toMatchObject({ method: 'MTL-LS', slicingRate: 0.5, runId: record.spec.id });
    const here = await loadTagger(store, lastSnapshot({ record, store }));
    const there = await loadTagger(back.store, back.ref);
    expect(there.weights).toEqual(here.weights);
    expect(await tagged(back.store, back.ref)).toEqual(await tagged(store, lastSnapshot({ record, store })));
  });

  it('in F16 has each number rounded to the nearest half, and opens', async () => {
    const trained = await trainedTagger(modelFolder('f16'));
    const tagger = lastSnapshot(trained);
    const whole = readSafetensors(await weightsIn(exportedFiles(trained.store, { tagger, precision: 'F32' })));
    const files = await exportedFiles(trained.store, { tagger, precision: 'F16' });
    const halves = readSafetensors(await weightsIn(Promise.resolve(files)));
    expect([...halves.keys()]).toEqual([...whole.keys()]);
    for (const [name, { dtype, values }] of halves) {
      expect(dtype).toBe('F16');
      values.forEach((value, index) => {
        const exact = whole.get(name)?.values[index] ?? NaN;
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.max(Math.abs(exact) * 2 ** -11, 2 ** -25));
      });
    }
    const { store, ref } = await takenIn(files);
    expect((await tagged(store, ref)).predicted).toHaveLength(tinySentences.test.length);
  });
});

describe('the folder', () => {
  let trained: TrainedTagger;
  let files: readonly ModelFolderFile[];
  beforeAll(async () => {
    trained = await trainedTagger(modelFolder('f16'), { crfStartEnd: true });
    files = await exportedFiles(trained.store, { tagger: lastSnapshot(trained), precision: 'F32' });
  });
  const textOf = (name: string): string => new TextDecoder().decode(files.find((file) => file.name === name)?.bytes);

  it.each(['xlnet', 'bert'])("has transformers' names and shapes, and the CRF beside them: %s", async (family) => {
    const known = JSON.parse(
      readFileSync(path.join(import.meta.dirname, '../fixtures/taggers/shapes.json'), 'utf8'),
    ) as Record<string, Record<string, number[]>>;
    const tagger =
      family === 'bert' ? await trainedTagger(bertFolder('safetensors'), { specials: 'cls-sep' }) : trained;
    const folder = exportedFiles(tagger.store, { tagger: lastSnapshot(tagger), precision: 'F32' });
    const written = openSafetensors(await weightsIn(folder));
    const shapes = Object.fromEntries([...written].map(([name, { shape }]) => [name, shape]));
    const K = tagger.record.tags.length;
    expect(shapes).toEqual({ ...known[family], 'crf.transitions': [K, K], 'crf.start': [K], 'crf.end': [K] });
  });

  it('has the config.json of the model, and the tags', () => {
    const stored = JSON.parse(new TextDecoder().decode(modelFolder('f16').find(({ name }) => name === 'config.json')?.bytes)); // prettier-ignore
    const { tags } = trained.record;
    expect(JSON.parse(textOf('config.json'))).toEqual({
      ...stored,
      architectures: ['XLNetForTokenClassification'],
      dropout: 0.1,
      id2label: Object.fromEntries(tags.map((tag, index) => [String(index), tag])),
      label2id: Object.fromEntries(tags.map((tag, index) => [tag, index])),
    });
  });

  it('without bioner_lab.json is an encoder like any other', async () => {
    const { store, record } = await takenIn(without(files, 'bioner_lab.json'));
    expect(record.tagger).toBeUndefined();
    await expect(loadTagger(store, { kind: 'model', modelId: record.id })).rejects.toMatchObject({
      code: 'model/head',
    });
    const model = await loadModel(store, record, false);
    const { weights } = await loadTagger(trained.store, lastSnapshot(trained));
    for (const [name, { values }] of model.encoder) expect(values).toEqual(weights.get(name)?.values);
    // As a tagger too, its encoder can start other runs.
    const tagger = await takenIn(files);
    expect([...(await loadModel(tagger.store, tagger.record, false)).encoder]).toEqual([...model.encoder]);
    expect(tagger.record.id).not.toBe(record.id);
  });

  it.each([
    ['no CRF in the weights', 'model/tagger', /crf\.transitions/, () => withTensors((name) => !name.startsWith('crf.'))],
    ['no classifier', 'model/tagger', /classifier\.weight/, () => withTensors((name) => !name.startsWith('classifier'))],
    ['tags of another type', 'data/types', /tags/, () => withHead((head) => ({ ...head, types: ['Chemical'] }))],
    ['one type more', 'model/tagger', /classifier\.weight/, () =>
      withHead((head) => ({ ...head, types: ['Disease', 'Moss'], tags: [...tagsWithMoss] }))],
    ['a configuration out of range', 'model/tagger-file', /bioner_lab\.json/, () =>
      withHead((head) => ({ ...head, config: { ...(head['config'] as object), maxPieces: 4 } }))],
    ['another version', 'model/tagger-file', /bioner_lab\.json/, () => withHead((head) => ({ ...head, version: 9 }))],
    ['no JSON', 'model/config', /bioner_lab\.json/, () => replaced('bioner_lab.json', new TextEncoder().encode('{'))],
  ] as const)('is refused with %s, and nothing is stored', async (_, code, message, change) => {
    const store = memory();
    const error = await importModel(store, 'odd', false, change()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LabError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(await store.keys('')).toEqual([]);
  }); // prettier-ignore

  const tagsWithMoss = ['O', 'B-Disease', 'I-Disease', 'E-Disease', 'S-Disease', 'B-Moss', 'I-Moss', 'E-Moss', 'S-Moss']; // prettier-ignore

  function replaced(name: string, bytes: Uint8Array<ArrayBuffer>): ModelFolderFile[] {
    return files.map((file) => (file.name === name ? { name, bytes } : file));
  }
  function withTensors(wanted: (name: string) => boolean): ModelFolderFile[] {
    const weights = files.find(({ name }) => name === 'model.safetensors');
    if (weights === undefined) throw new Error('the folder has weights');
    return replaced('model.safetensors', writeSafetensors(openSafetensors(weights.bytes, wanted)));
  }
  function withHead(change: (head: Record<string, unknown>) => unknown): ModelFolderFile[] {
    const head = JSON.parse(textOf('bioner_lab.json')) as Record<string, unknown>;
    return replaced('bioner_lab.json', new TextEncoder().encode(JSON.stringify(change(head))));
  }
});

async function sliced(): Promise<TrainedTagger> {
  const files = modelFolder('f16');
  const store = memory();
  const { config, encoder } = await loadModel(store, await importModel(store, 'tiny', false, files), false);
  const slicing = { layers: 1, biases: 'released', frozen: false } as const;
  const start = slicedEncoder(encoder, newEncoder(config, 3), slicing);
  return trainedTagger(
    files,
    {},
    { method: 'MTL-LS', slicing, category: { name: 'plant', typeName: 'Disease' } },
    start,
  );
}

async function weightsIn(files: Promise<readonly ModelFolderFile[]>): Promise<Uint8Array<ArrayBuffer>> {
  const weights = (await files).find(({ name }) => name === 'model.safetensors');
  if (weights === undefined) throw new Error('the folder has no weights');
  return weights.bytes;
}
