// Proves that numbers take their names from the description of exactly their column and configuration, or are refused or reported.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unpackParquet } from '../../../../src/data/formats/parquet.ts';
import { itemNaming, tagNamesIn } from '../../../../src/data/formats/tokenItem.ts';
import type { AnnotatedDocument } from '../../../../src/data/documents/document.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';

const file = (path: string, text: string) => ({ path, bytes: new TextEncoder().encode(text) });
const json = (path: string, value: unknown) => file(path, JSON.stringify(value));
const lines = (path: string, ...items: readonly unknown[]) =>
  file(path, items.map((item) => `${JSON.stringify(item)}\n`).join(''));
const mentionsOf = ({ text, mentions }: AnnotatedDocument) =>
  mentions.map(({ type, start, end }) => `${type}: ${text.slice(start, end)}`);
const outcomeOf = (...files: readonly ReturnType<typeof file>[]) => {
  const { documents, issues } = readDocuments(files);
  return {
    mentions: documents.flatMap(mentionsOf),
    said: issues.map(({ severity, code, line }) => `${severity} ${code} ${line}`),
    messages: issues.map(({ message }) => message),
  };
};

const configOf = (type: string) => ({
  features: {
    ner_tags: { feature: { names: ['O', `B-${type}`, `I-${type}`], _type: 'ClassLabel' }, _type: 'Sequence' },
  },
});
const tagged = { tokens: ['Moss', 'heals'], ner_tags: [1, 0] };

describe('names of one column in several configurations', () => {
  it.each([
    ['a/ague/train.jsonl', 'Disease: Moss'],
    ['a/herb/train.jsonl', 'Herb: Moss'],
    ['a/herb-train.jsonl', 'Herb: Moss'],
    ['a/data/ague_fine/train.jsonl', 'Fine: Moss'],
    ['a/train_ague-fine.jsonl', 'Fine: Moss'],
  ])('are those of the configuration in the path %s', (path, mention) => {
    const infos = { herb: configOf('Herb'), ague: configOf('Disease'), ague_fine: configOf('Fine') };
    const { mentions, said } = outcomeOf(json('a/dataset_infos.json', infos), lines(path, tagged));
    expect({ mentions, said }).toEqual({ mentions: [mention], said: [] });
  });

  it('may be named by the folder of the description, and by config_name of a card', () => {
    const card = { dataset_info: [{ config_name: 'herb', ...configOf('Herb') }, { config_name: 'ague', ...configOf('Disease') }] }; // prettier-ignore
    const { mentions } = outcomeOf(json('ague/dataset_info.json', card), lines('ague/train.jsonl', tagged));
    expect(mentions).toEqual(['Disease: Moss']);
  });

  it('are refused with the configurations where the path names none, or two', () => {
    for (const path of ['a/train.jsonl', 'a/herb/ague/train.jsonl']) {
      const infos = json('a/dataset_infos.json', { herb: configOf('Herb'), ague: configOf('Disease') });
      const { mentions, said, messages } = outcomeOf(infos, lines(path, tagged));
      expect({ mentions, said }).toEqual({ mentions: [], said: ['error corpus/tag-names 1'] });
      expect(messages[0]).toContain('"herb", "ague"');
    }
  });

  it('are of no consequence where they agree, or where another column differs', () => {
    const withWords = (names: readonly string[]) => ({
      features: { ...configOf('Herb').features, pos_tags: { feature: { names } } },
    });
    const infos = json('a/dataset_infos.json', { one: withWords(['NN']), two: withWords(['VB']) });
    const { mentions, said } = outcomeOf(infos, lines('a/train.jsonl', { ...tagged, pos_tags: [0, 0] }));
    expect({ mentions, said }).toEqual({ mentions: ['Herb: Moss'], said: [] });
  });
});

describe('names of a member of objects', () => {
  const label = { names: ['Disease', 'Herb'], _type: 'ClassLabel' };
  const offsets = { start: { dtype: 'int64' }, end: { dtype: 'int64' } };
  it.each([
    ['a list of one object', { entities: [{ ...offsets, label }] }],
    ['the feature of a List', { entities: { feature: { ...offsets, label }, _type: 'List' } }],
    ['a card', [{ name: 'entities', list: [{ name: 'start', dtype: 'int64' }, { name: 'label', dtype: { class_label: { names: { 0: 'Disease', 1: 'Herb' } } } }] }]],
    ['a column of the same name beside it', { label: { names: ['good', 'bad'] }, entities: [{ ...offsets, label }] }],
  ])('are found in %s', (_, features) => {
    const description = json('a/dataset_info.json', { features });
    const entities = [{ start: 0, end: 4, label: 1 }, { start: 11, end: 15, label: 0 }]; // prettier-ignore
    const { mentions, said } = outcomeOf(description, lines('a/train.jsonl', { text: 'Moss heals ague', entities }));
    expect({ mentions, said }).toEqual({ mentions: ['Herb: Moss', 'Disease: ague'], said: [] });
  }); // prettier-ignore

  it('are those of spans of tokens, too', () => {
    const description = json('a/dataset_info.json', { features: { spans: [{ type: label }] } });
    const spans = [{ start: 0, end: 1, type: 1 }];
    const { mentions, said } = outcomeOf(description, lines('a/train.jsonl', { tokens: ['Moss', 'heals'], spans }));
    expect({ mentions, said }).toEqual({ mentions: ['Herb: Moss'], said: [] });
  });

  it('in the metadata of a Parquet file are those of its rows', async () => {
    const bytes = new Uint8Array(readFileSync('tests/fixtures/corpora/parquet/spans/train-00000-of-00001.parquet'));
    const { file: rows } = await unpackParquet({ path: 'a/train.parquet', bytes });
    const { documents, issues } = readDocuments(rows === null ? [] : [rows]);
    expect(issues).toEqual([]);
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Moss', 'Disease: mud ague']);
  });

  it('that differ between configurations are refused', () => {
    const configs = { one: { features: { spans: [{ type: label }] } }, two: { features: { spans: [{ type: { names: ['X', 'Y'] } }] } } }; // prettier-ignore
    const { mentions, said } = outcomeOf(
      json('a/dataset_infos.json', configs),
      lines('a/train.jsonl', { tokens: ['Moss', 'heals'], spans: [{ start: 0, end: 1, type: 1 }] }),
    );
    expect({ mentions, said }).toEqual({ mentions: [], said: ['error corpus/tag-names 1'] });
  });
});

describe('numbers without names', () => {
  it.each([
    ['texts', { text: 'Moss heals', entities: [{ start: 0, end: 4, label: 0 }] }],
    ['tokens', { tokens: ['Moss', 'heals'], entities: [{ start: 0, end: 1, type: 0 }] }],
  ])('as types of spans of %s are reported once', (_, item) => {
    const { mentions, said, messages } = outcomeOf(lines('a/train.jsonl', { ...item, id: 1 }, { ...item, id: 2 }));
    expect(mentions).toEqual(['0: Moss', '0: Moss']);
    expect(said).toEqual(['warning corpus/tag-names 1']);
    expect(messages[0]).toContain('dataset_info.json');
  });

  it('in a Parquet file take those of a description beside it', async () => {
    const bytes = new Uint8Array(readFileSync('tests/fixtures/corpora/parquet/gzip/train-00000-of-00001.parquet'));
    const { file: rows } = await unpackParquet({ path: 'a/train.parquet', bytes });
    const names = ['O', 'B-Herb', 'I-Herb', 'B-Disease', 'I-Disease'];
    const description = json('a/dataset_info.json', { features: { ner_tags: { feature: { names } } } });
    expect(outcomeOf(...(rows === null ? [] : [rows]), description).mentions).toEqual([
      'Herb: Moss',
      'Disease: mud ague',
    ]);
  });

  it('and all that is no number of a described column stay as they are', () => {
    const names = tagNamesIn(JSON.stringify({ features: { a: { b: { names: ['X'] } }, c: { names: ['Y'] } } }));
    const bytes = new Uint8Array(1);
    const item = { a: [{ b: 0 }, { b: 7 }, { b: -1 }, { b: '0' }, 0], b: 0, c: bytes, d: { c: 0 } };
    expect(itemNaming(names)(item)).toEqual({ ...item, a: [{ b: 'X' }, { b: 7 }, { b: -1 }, { b: '0' }, 0] });
    expect(itemNaming(names)([0, { c: 0n }])).toEqual([0, { c: 'Y' }]);
  });
});
