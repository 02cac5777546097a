// Proves that a tagger predicts elsewhere what it predicts on its task, under the type that is wanted there, and that text asks for it.
import { beforeAll, expect, it } from 'vitest';
import { lenientMentions } from '../../src/data/corpus/tagSequences.ts';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { encodeTasks } from '../../src/training/encodeTasks.ts';
import { tagSplit } from '../../src/training/evaluate.ts';
import { loadTagger } from '../../src/training/loadTagger.ts';
import { predictElsewhere } from '../../src/training/predictSnapshot.ts';
import { openPredictor } from '../../src/training/trainers.ts';
import { drain } from '../../src/util/clock.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { modelFolder } from '../fixtures/modelFolders.ts';
import { spec } from '../fixtures/records.ts';
import { tinySentences } from '../fixtures/tinyRun.ts';
import { lastSnapshot, trainedTagger } from '../fixtures/trainedTagger.ts';

beforeAll(() => startBackend('wasm', nodePlatform));

const { signal } = new AbortController();
const { test } = tinySentences;

it('a tagger of one type marks it under any name', async () => {
  const trained = await trainedTagger(modelFolder('f16'), { labelMode: 'x' });
  const loaded = await loadTagger(trained.store, lastSnapshot(trained));
  const model = { config: loaded.shape.encoder, tokenizer: loaded.tokenizer };
  const texts = [{ sentences: tinySentences, type: 'Disease', typeName: null, annotated: null }];
  const { config } = loaded.head;
  const tasks = await drain(encodeTasks(texts, model, { config, seed: 7 }, signal));
  const [split] = tasks.test;
  if (split === undefined) throw new Error('the tiny task has a test split');
  const predictor = openPredictor(null, loaded.weights, {
    shape: loaded.shape,
    config,
    factors: new Map<string, never>(),
    seed: 0,
  });
  const own = await drain(tagSplit(split, loaded.tagSet, predictor, config, signal));
  predictor.dispose();
  const expected = own.predicted.map((tags) => lenientMentions(tags).map(({ start, end }) => [start, end]));
  expect(expected.flat().length).toBeGreaterThan(0);
  for (const type of ['Disease', 'Tumour', null]) {
    const renamed = test.map(({ tokens, mentions }) => ({
      tokens,
      mentions: mentions.map((mention) => ({ ...mention, type: type ?? 'Disease' })),
    }));
    const found = await drain(predictElsewhere(loaded, renamed, type, null, signal));
    expect(found.map(({ mentions }) => mentions.map(({ start, end }) => [start, end]))).toEqual(expected);
    expect(new Set(found.flatMap(({ mentions }) => mentions.map((mention) => mention.type)))).toEqual(
      new Set([type ?? 'Disease']),
    );
  }
});

it('a tagger of several types marks the one of this name, asked for it, and refuses others', async () => {
  const [task] = spec().tasks;
  if (task === undefined) throw new Error('a spec has a task');
  const trained = await trainedTagger(
    modelFolder('f16'),
    { labelMode: 'first', maxPieces: 48 },
    { method: 'AIO', tasks: [task, { ...task, type: 'Gene' }] },
  );
  const loaded = await loadTagger(trained.store, lastSnapshot(trained));
  expect(loaded.head.asked).toBe(true);
  const genes = await drain(predictElsewhere(loaded, test, 'Gene', null, signal));
  expect(new Set(genes.flatMap(({ mentions }) => mentions.map(({ type }) => type)))).toEqual(new Set(['Gene']));
  const refused = { code: 'predict/type', expected: 'Disease or Gene', got: 'Cell' };
  await expect(drain(predictElsewhere(loaded, test, 'Cell', null, signal))).rejects.toMatchObject(refused);
  await expect(drain(predictElsewhere(loaded, test, null, null, signal))).rejects.toMatchObject({
    code: 'predict/type',
  });
  await expect(drain(predictElsewhere(loaded, [], 'Gene', null, signal))).rejects.toMatchObject({ code: 'task/empty' });
});
