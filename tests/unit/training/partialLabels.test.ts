// Proves which labels stay open in training on partial labels, that specials and mentions do not, and that only a task's own types are scored.
import { describe, expect, it } from 'vitest';
import type { CorpusSentences, Sentence } from '../../../src/data/corpus/corpus.ts';
import { keepTypes, makeTagSet, OPEN, openTagsOf } from '../../../src/data/corpus/tagScheme.ts';
import type { TrainingConfig } from '../../../src/schema/config.ts';
import { padBatch, type EncodedTasks } from '../../../src/training/batches.ts';
import { annotatedTypes, encodeTasks, type TaskText } from '../../../src/training/encodeTasks.ts';
import { evaluate } from '../../../src/training/evaluate.ts';
import type { Predictor } from '../../../src/training/trainers.ts';
import { drain } from '../../../src/util/clock.ts';
import { spec } from '../../fixtures/records.ts';
import { tinyConfig, tinyEncoderConfig, tinyTokenizer } from '../../fixtures/tinyRun.ts';

const sentence = (text: string, ...mentions: readonly (readonly [string, number, number])[]): Sentence => ({
  tokens: text.split(' '),
  mentions: mentions.map(([type, start, end]) => ({ type, start, end })),
});

/** Annotates both types, of which a task may know one. */
const both = sentence('ague and brann', ['Disease', 0, 1], ['Gene', 2, 3]);
const corpus = (own: Sentence): CorpusSentences => ({ train: [own], devel: [own], test: [own] });

const text = (type: string | null, annotated: readonly string[] | null): TaskText => ({
  sentences: corpus(both),
  type,
  typeName: null,
  annotated,
});

const encode = (texts: readonly TaskText[], change: Partial<TrainingConfig> = {}): Promise<EncodedTasks> =>
  drain(
    encodeTasks(
      texts,
      { config: tinyEncoderConfig, tokenizer: tinyTokenizer },
      { ...spec(), config: { ...tinyConfig, tagScheme: 'IOB2', labelMode: 'first', ...change } },
      new AbortController().signal,
    ),
    () => undefined,
  );

const tagSet = makeTagSet(['Disease', 'Gene'], 'IOB2', 'x');

describe('open tags', () => {
  it('are O and the tags of the types that a corpus does not annotate, never X', () => {
    expect(tagSet.tags).toEqual(['O', 'B-Disease', 'I-Disease', 'B-Gene', 'I-Gene', 'X']);
    expect([...(openTagsOf(tagSet, ['Gene']) ?? [])]).toEqual([1, 1, 1, 0, 0, 0]);
    expect([...(openTagsOf(tagSet, []) ?? [])]).toEqual([1, 1, 1, 1, 1, 0]);
    expect(openTagsOf(tagSet, ['Gene', 'Disease'])).toBeNull();
  });

  it('are given to tokens outside mentions in training, and to no special', async () => {
    const tasks = await encode([text('Disease', ['Disease']), text('Gene', ['Gene'])], { specialsInLoss: true });
    expect(tasks.shape.head).toMatchObject({ tagCount: 5, partial: true });
    const [disease, gene] = tasks.train.sequences;
    // Specials, here at the end, are O.
    expect([...(disease?.tags ?? [])]).toEqual([1, OPEN, OPEN, 0, 0]);
    expect([...(disease?.openTags ?? [])]).toEqual([1, 0, 0, 1, 1]);
    expect([...(gene?.tags ?? [])]).toEqual([OPEN, OPEN, 3, 0, 0]);
    expect([...(gene?.openTags ?? [])]).toEqual([1, 1, 1, 0, 0]);
    const batch = padBatch(tasks.train.sequences, [1, 0]);
    expect([...(batch.openTags ?? [])]).toEqual([1, 1, 1, 0, 0, 1, 0, 0, 1, 1]);
    expect(tasks.test.every(({ sequences }) => sequences.every(({ openTags }) => openTags === undefined))).toBe(true);
  });

  it('are none where the tasks of a corpus annotate all types together: then nothing differs from known labels', async () => {
    const types = annotatedTypes(corpus(both), spec({ tasks: [taskOf('Disease'), taskOf('Gene')] }).tasks, 0);
    expect(types).toEqual(['Disease', 'Gene']);
    const tasks = await encode([text('Disease', types), text('Gene', types)]);
    expect(tasks.shape.head.partial).toBeUndefined();
    for (const sequence of tasks.train.sequences) {
      expect([...sequence.tags]).toEqual([1, 0, 3]);
      expect(sequence.openTags).toBeUndefined();
    }
    expect(padBatch(tasks.train.sequences, [0, 1]).openTags).toBeUndefined();
  });
});

const taskOf = (type: string | null) => ({ corpus: { id: 'c', name: 'c', fingerprint: 'f' }, type });

it('a task about all types of a corpus annotates all that occur in it', () => {
  expect(annotatedTypes(corpus(both), [taskOf(null)], 0)).toEqual(['Disease', 'Gene']);
  expect(annotatedTypes(corpus(both), [taskOf('Gene')], 0)).toEqual(['Gene']);
});

it('scores a task on its own types alone', async () => {
  const tasks = await encode([text('Disease', ['Disease']), text('Gene', ['Gene'])]);
  expect(tasks.scoredTypes).toEqual([['Disease'], ['Gene']]);
  // Finds both mentions of every sentence.
  const predictor: Predictor = {
    predict: ({ size }) =>
      Promise.resolve({
        tags: Array.from({ length: size }, () => Int32Array.of(1, 0, 3)),
        emissions: () => Promise.resolve([]),
      }),
    dispose: () => undefined,
  };
  const scored = async (types: readonly string[] | null) => {
    const [split] = tasks.test;
    if (split === undefined) throw new Error('no test split');
    const asked = { tagSet: tasks.tagSet, types };
    return drain(evaluate(split, asked, predictor, { tagScheme: 'IOB2', microBatchSize: 4 }, new AbortController().signal), () => undefined); // prettier-ignore
  };
  expect((await scored(['Disease'])).scores.lenient.overall).toMatchObject({ gold: 1, predicted: 1, correct: 1 });
  expect((await scored(['Disease'])).predicted).toEqual([['B-Disease', 'O', 'O']]);
  expect((await scored(null)).scores.lenient.overall).toMatchObject({ gold: 1, predicted: 2, correct: 1 });
  expect(keepTypes(['B-Gene', 'I-Disease', 'O'], ['Disease'])).toEqual(['O', 'I-Disease', 'O']);
});
