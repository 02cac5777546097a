// Proves that spans whose types are tags of words are joined to mentions without the prefixes, and that other types stay as written.
import { describe, expect, it } from 'vitest';
import type { AnnotatedDocument } from '../../../../src/data/documents/document.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';

const readText = (path: string, text: string) => readDocuments([{ path, bytes: new TextEncoder().encode(text) }]);
const read = (...items: readonly unknown[]) =>
  readText('train.jsonl', items.map((item) => `${JSON.stringify(item)}\n`).join(''));
const mentionsOf = ({ text, mentions }: AnnotatedDocument) =>
  mentions.map(({ type, start, end }) => `${type}: ${text.slice(start, end)}`);
const text = 'Bog moss heals mud ague.';
const whole = ['Herb: Bog moss', 'Disease: mud ague'];
const tagged = (entities: readonly (readonly [number, number, string])[]) => read({ text, entities });

describe('spans of tags of words', () => {
  it.each([
    ['B and I', [[0, 3, 'B-Herb'], [4, 8, 'I-Herb'], [15, 18, 'B-Disease'], [19, 23, 'I-Disease']]],
    ['B and E', [[0, 3, 'B-Herb'], [4, 8, 'E-Herb'], [15, 23, 'S-Disease']]],
    ['B and L', [[0, 3, 'B-Herb'], [4, 8, 'L-Herb'], [15, 23, 'U-Disease']]],
    ['pieces of words', [[0, 2, 'B-Herb'], [2, 3, 'I-Herb'], [4, 8, 'I-Herb'], [15, 23, 'B-Disease']]],
    ['any order', [[15, 18, 'B-Disease'], [4, 8, 'I-Herb'], [0, 3, 'B-Herb'], [19, 23, 'I-Disease']]],
    ['O between', [[0, 3, 'B-Herb'], [4, 8, 'I-Herb'], [9, 14, 'O'], [15, 18, 'B-Disease'], [19, 23, 'I-Disease']]],
  ] as const)('are joined (%s)', (_, entities) => {
    const { documents, issues } = tagged(entities);
    expect(documents.flatMap(mentionsOf)).toEqual(whole);
    expect(issues).toMatchObject([{ severity: 'info', code: 'corpus/tag-types' }]);
  }); // prettier-ignore

  it('are joined as a pipeline of transformers writes them', () => {
    const item = (entity: string, word: string, start: number, end: number) => ({ entity, score: 0.9, index: start + 1, word, start, end }); // prettier-ignore
    const { documents, issues } = read({
      text,
      entities: [item('B-Herb', 'bog', 0, 3), item('I-Herb', '##moss', 4, 8), item('B-Disease', 'mud ague', 15, 23)],
    });
    expect(documents.flatMap(mentionsOf)).toEqual(whole);
    expect(issues[0]?.message).toContain('1 of 3 spans are joined');
  });

  it('are joined in a task of Label Studio, with the texts of both', () => {
    const region = (start: number, end: number, label: string) => ({
      type: 'labels',
      value: { start, end, text: `🐦 ${text}`.slice(start, end), labels: [label] },
    });
    const result = [region(3, 6, 'B-Herb'), region(7, 11, 'I-Herb'), region(18, 26, 'B-Disease')];
    const { documents } = readText('train.json', JSON.stringify([{ data: { text: `🐦 ${text}` }, annotations: [{ result }] }])); // prettier-ignore
    expect(documents.flatMap(mentionsOf)).toEqual(whole);
  });

  it('are apart where words are between, another type is, or one begins', () => {
    const { documents } = tagged([[0, 3, 'B-Herb'], [4, 8, 'B-Herb'], [9, 14, 'I-Act'], [15, 18, 'I-Herb'], [19, 23, 'I-Act']]); // prettier-ignore
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Bog', 'Herb: moss', 'Act: heals', 'Herb: mud', 'Act: ague']);
  });
});

describe('types that are not all tags', () => {
  it.each([
    ['some are not', [[0, 8, 'B-Herb'], [15, 23, 'Disease']]],
    ['none begins', [[0, 3, 'I-Herb'], [4, 8, 'I-Herb']]],
    ['one name', [[0, 8, 'B-cell']]],
  ] as const)('stay as written, with a warning (%s)', (_, entities) => {
    const { documents, issues } = tagged(entities);
    expect(documents.flatMap(mentionsOf)).toEqual(
      entities.map(([start, end, type]) => `${type}: ${text.slice(start, end)}`),
    );
    expect(issues).toMatchObject([{ severity: 'warning', code: 'corpus/tag-types' }]);
  }); // prettier-ignore

  it('stay as written without a word where none begins like a tag', () => {
    const { documents, issues } = tagged([[0, 8, 'Herb'], [15, 23, 'Multi-organ']]); // prettier-ignore
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Bog moss', 'Multi-organ: mud ague']);
    expect(issues).toEqual([]);
  });
});
