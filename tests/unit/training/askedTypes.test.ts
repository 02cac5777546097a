// Proves how text asks for a type: the words round every sequence, the tags outside mentions, what is scored, and that one type gives the plain tags.
import { describe, expect, it } from 'vitest';
import type { CorpusSentences, Sentence } from '../../../src/data/corpus/corpus.ts';
import { makeTagSet, tagSetOfHead, typesOfTags } from '../../../src/data/corpus/tagScheme.ts';
import type { PieceTokenizer } from '../../../src/data/pieces/pieceModels.ts';
import { askingPieces, buildSequences, joinPredictions } from '../../../src/data/pieces/sequences.ts';
import type { TrainingConfig } from '../../../src/schema/config.ts';
import type { EncodedTasks } from '../../../src/training/batches.ts';
import { encodeTasks, type TaskText } from '../../../src/training/encodeTasks.ts';
import { drain } from '../../../src/util/clock.ts';
import { spec } from '../../fixtures/records.ts';
import { tinyConfig, tinyEncoderConfig, tinyTokenizer } from '../../fixtures/tinyRun.ts';

const sentence = (text: string, ...mentions: readonly (readonly [string, number, number])[]): Sentence => ({
  tokens: text.split(' '),
  mentions: mentions.map(([type, start, end]) => ({ type, start, end })),
});
const both = sentence('ague and brann', ['Disease', 0, 1], ['Gene', 2, 3]);
const corpus = (own: Sentence): CorpusSentences => ({ train: [own], devel: [own], test: [own] });
const text = (type: string | null, own = both): TaskText => ({
  sentences: corpus(own),
  type,
  typeName: null,
  annotated: null,
  asks: true,
});

const settings: TrainingConfig = { ...tinyConfig, tagScheme: 'IOB2', labelMode: 'first', maxPieces: 32 };
const encode = (
  texts: readonly TaskText[],
  change: Partial<TrainingConfig> = {},
  tokenizer: PieceTokenizer = tinyTokenizer,
): Promise<EncodedTasks> =>
  drain(
    encodeTasks(
      texts,
      { config: tinyEncoderConfig, tokenizer },
      { ...spec(), config: { ...settings, ...change } },
      new AbortController().signal,
    ),
  );
const named = ({ tagSet }: EncodedTasks, tags: Int32Array | undefined) =>
  [...(tags ?? [])].map((tag) => tagSet.tags[tag]);

describe('text that asks for a type', () => {
  it('stands between words that name it, and is outside of that type alone', async () => {
    const tasks = await encode([text('Disease'), text('Gene')], { specialsInLoss: true });
    expect(tasks.tagSet.tags).toEqual(['O', 'B-Disease', 'I-Disease', 'B-Gene', 'I-Gene', 'O-Disease', 'O-Gene']);
    expect(tasks.shape.head).toMatchObject({ tagCount: 7 });
    expect(tasks.shape.head.partial).toBeUndefined();
    const [disease, gene] = tasks.train.sequences;
    // The words have the tag of tokens outside; specials, here at the end, are O.
    expect(named(tasks, disease?.tags)).toEqual([
      'O-Disease',
      'B-Disease',
      'O-Disease',
      'O-Disease',
      'O-Disease',
      'O',
      'O',
    ]);
    expect(named(tasks, gene?.tags)).toEqual(['O-Gene', 'O-Gene', 'O-Gene', 'B-Gene', 'O-Gene', 'O', 'O']);
    const { opening, closing } = askingPieces('Disease', tinyTokenizer);
    const pieces = [...(disease?.pieceIds ?? [])];
    expect(pieces.slice(0, opening.length)).toEqual(opening);
    expect(pieces.slice(0, -2).slice(-closing.length)).toEqual(closing);
    expect(tasks.test[1]?.sequences[0]?.pieceIds).toEqual(gene?.pieceIds);
    expect(tasks.scoredTypes).toEqual([['Disease'], ['Gene']]);
  });

  it('has X on the further pieces of those words in label mode x', async () => {
    const tasks = await encode([text('Disease'), text('Gene')], { labelMode: 'x', maxPieces: 32 });
    const { opening } = askingPieces('Gene', tinyTokenizer);
    const tags = named(tasks, tasks.train.sequences[1]?.tags);
    expect(tags.slice(0, opening.length)).toEqual(['O-Gene', ...opening.slice(1).map(() => 'X')]);
  });

  it('asks in every part of a sentence that is too long, and each token is tagged once', () => {
    const long = sentence('aa bb cc dd ee ff gg hh', ['Gene', 6, 8]);
    const tagSet = makeTagSet(['Disease', 'Gene'], 'IOB2', 'first', { asked: true });
    const { opening, closing } = askingPieces('Gene', tinyTokenizer);
    const config = { ...settings, maxPieces: opening.length + closing.length + 2 + 3 };
    const { sequences } = buildSequences([long], tagSet, tinyTokenizer, config, { asked: 'Gene' });
    expect(sequences).toHaveLength(3);
    for (const { pieceIds } of sequences) expect([...pieceIds.subarray(0, opening.length)]).toEqual([...opening]);
    const joined = joinPredictions([long], sequences, sequences.map(({ tags }) => tags), tagSet); // prettier-ignore
    expect(joined).toEqual([['O', 'O', 'O', 'O', 'O', 'O', 'B-Gene', 'I-Gene']]);
  });

  it('of a single type has the plain tags, and is the text with the words written into it, number for number', async () => {
    const asked = await encode([text('Disease')]);
    const written: TaskText = {
      ...text('Disease', sentence('<Disease> ague and brann </Disease>', ['Disease', 1, 2])),
      asks: false,
    };
    const plain = await encode([written]);
    expect(asked.tagSet.tags).toEqual(plain.tagSet.tags);
    expect(asked.shape).toEqual(plain.shape);
    for (const member of ['pieceIds', 'segmentIds', 'crfPositions', 'tags'] as const) {
      expect(asked.train.sequences[0]?.[member]).toEqual(plain.train.sequences[0]?.[member]);
    }
  });

  it('needs a type, room for text, and names that the tokenizer tells apart', async () => {
    await expect(encode([text(null)])).rejects.toMatchObject({ code: 'task/untyped' });
    await expect(encode([text('Disease')], { maxPieces: 8 })).rejects.toMatchObject({
      code: 'data/asked-length',
      got: 'maxPieces 8',
    });
    const unknown: PieceTokenizer = { ...tinyTokenizer, encodeToken: () => [0] };
    await expect(encode([text('Disease'), text('Gene')], {}, unknown)).rejects.toMatchObject({
      code: 'task/asked-alike',
      got: 'Disease and Gene as the same pieces',
    });
  });
});

it('a head of text that asks is known by its tags', () => {
  const { tags } = makeTagSet(['Disease', 'Gene'], 'IOB2', 'x', { asked: true });
  const head = { tags, types: ['Disease', 'Gene'], config: { tagScheme: 'IOB2', labelMode: 'x' } } as const;
  expect(typesOfTags(tags)).toEqual(['Disease', 'Gene']);
  expect(tagSetOfHead({ ...head, asked: true }).tags).toEqual(tags);
  expect(() => tagSetOfHead(head)).toThrow(expect.objectContaining({ code: 'data/types' }));
});
