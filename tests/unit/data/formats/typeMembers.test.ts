// Proves that the type of a mention is found beside texts, ids and confidences, from all mentions of a file, and its place beside token offsets.
import { describe, expect, it } from 'vitest';
import { IssueList } from '../../../../src/data/corpus/issues.ts';
import { plausibleCountings } from '../../../../src/data/documents/countings.ts';
import type { AnnotatedDocument } from '../../../../src/data/documents/document.ts';
import { TypeMembers } from '../../../../src/data/formats/mentionTypes.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';

const read = (...items: readonly unknown[]) => {
  const text = items.map((item) => `${JSON.stringify(item)}\n`).join('');
  return readDocuments([{ path: 'train.jsonl', bytes: new TextEncoder().encode(text) }]);
};
const mentionsOf = ({ text, mentions }: AnnotatedDocument) =>
  mentions.map(({ type, start, end }) => `${type}: ${text.slice(start, end)}`);
const text = 'Bog moss heals mud ague.';
const mosses = ['Herb: Bog moss', 'Disease: mud ague'];

describe('the type of a mention', () => {
  it.each([
    ['after its text and its span', [['Bog moss', 0, 8, 'Herb'], ['mud ague', 15, 23, 'Disease']]],
    ['after an id and its span', [['T1', 0, 8, 'Herb'], ['T2', 15, 23, 'Disease']]],
    ['after an id', [[0, 8, 'T1', 'Herb'], [15, 23, 'T2', 'Disease']]],
    ['after a confidence', [[0, 8, 0.98, 'Herb'], [15, 23, 1, 'Disease']]],
    ['after a text in another case', [[0, 8, 'bog moss', 'Herb'], [15, 23, 'mud  ague', 'Disease']]],
    ['after a text that shows inclusive ends', [[0, 7, 'Bog moss', 'Herb'], [15, 22, 'mud ague', 'Disease']]],
    ['before a text that shows inclusive ends', [[0, 7, 'Herb', 'Bog moss'], [15, 22, 'Disease', 'mud ague']]],
    ['before an id', [[0, 8, 'Herb', 'MESH:D001'], [15, 23, 'Disease', 'MESH:D002']]],
    ['after a pair and the text', [[[0, 8], 'Bog moss', 'Herb'], [[15, 23], 'mud ague', 'Disease']]],
    ['under entity_type', [{ entity: 'Bog moss', entity_type: 'Herb', start: 0, end: 8 }, { entity: 'mud ague', entity_type: 'Disease', start: 15, end: 23 }]],
    ['under category', [{ entity: 'Bog moss', category: 'Herb', start: 0, end: 8 }, { entity: 'mud ague', category: 'Disease', start: 15, end: 23 }]],
    ['under type', [{ label: 'bog moss', type: 'Herb', start: 0, end: 8 }, { label: 'marsh fever', type: 'Disease', start: 15, end: 23 }]],
    ['beside what every mention is', [{ label: 'entity', category: 'Herb', start: 0, end: 8 }, { label: 'entity', category: 'Disease', start: 15, end: 23 }]],
  ])('is found %s', (_, entities) => {
    const { documents, issues } = read({ text, entities });
    expect(documents.flatMap(mentionsOf)).toEqual(mosses);
    expect(issues.filter(({ code }) => code !== 'corpus/counting')).toEqual([]);
  }); // prettier-ignore

  it('is found after a text that is at its place in another counting', () => {
    const { documents } = read({ text: `🐦 ${text}`, entities: [[2, 10, 'Bog moss', 'Herb']] });
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Bog moss']);
  });

  it('may be numbered, or be the word itself, where nothing else is there', () => {
    const { documents, issues } = read({ text: 'A gene.', entities: [[2, 6, 'gene']] }, { text, entities: [[0, 8, 'T047']] }); // prettier-ignore
    expect(documents.flatMap(mentionsOf)).toEqual(['gene: gene', 'T047: Bog moss']);
    expect(issues).toEqual([]);
    const named = read({ text, entities: [[0, 8, 'T047', 'Bog moss'], [15, 23, 'T184', 'mud ague']] }); // prettier-ignore
    expect(named.documents.flatMap(mentionsOf)).toEqual(['T047: Bog moss', 'T184: mud ague']);
  });

  it('is missing where all that is there repeats the text', () => {
    const entities = [{ entity: 'Bog moss', start: 0, end: 8 }, { entity: 'mud ague', start: 15, end: 23 }]; // prettier-ignore
    const { documents, issues } = read({ text, entities });
    expect(documents.flatMap(mentionsOf)).toEqual(['entity: Bog moss', 'entity: mud ague']);
    expect(issues.map(({ code }) => code)).toEqual(['corpus/untyped-mention', 'corpus/untyped-mention']);
    const refused = read({ text, entities: entities.map((one) => ({ ...one, kind: 'Herb' })) });
    expect(refused.documents).toEqual([]);
    expect(refused.issues).toMatchObject([{ severity: 'error', code: 'corpus/item' }]);
  });

  it('is the member of few values', () => {
    const words = ['Ash', 'Bay', 'Elm', 'Fig', 'Ivy', 'Oak', 'Yew'];
    const names = ['fraxinus', 'laurus', 'ulmus', 'ficus', 'hedera', 'quercus', 'taxus'];
    const items = words.map((word, at) => ({ text: `${word}.`, entities: [{ label: names[at], type: at % 2 ? 'Herb' : 'Tree', start: 0, end: 3 }] })); // prettier-ignore
    const { documents, issues } = read(...items);
    expect(documents.flatMap(mentionsOf)[3]).toBe('Herb: Fig');
    expect(issues).toEqual([]);
  });

  it('is beside ids that start again in each text', () => {
    const items = Array.from({ length: 9 }, () => ({ text, entities: [[0, 8, 'T1', 'Herb'], [15, 23, 'T2', 'Disease']] })); // prettier-ignore
    const { documents, issues } = read(...items);
    expect(documents.slice(0, 1).flatMap(mentionsOf)).toEqual(mosses);
    expect(issues).toEqual([]);
  });

  it('is beside texts that write Greek letters otherwise', () => {
    const entities = [[0, 3, 'alpha-x', 'Herb'], [10, 18, 'β-moss', 'Herb']]; // prettier-ignore
    const { documents, issues } = read({ text: 'α-x heals betamoss.', entities });
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: α-x', 'Herb: betamoss']);
    expect(issues).toEqual([]);
  });

  it('is in doubt, with a warning, where two members may be it', () => {
    const entities = [[0, 8, 'Herb', 'wild'], [15, 23, 'Disease', 'wild']]; // prettier-ignore
    const { documents, issues } = read({ text, entities });
    expect(documents.flatMap(mentionsOf)).toEqual(mosses);
    expect(issues).toMatchObject([{ severity: 'warning', code: 'corpus/two-types', line: 1 }]);
    expect(issues[0]?.message).toContain('Either "Herb" (member 3) or "wild" (member 4)');
    const keyed = read({ text, entities: [{ start: 0, end: 8, tag: 'NN', entity: 'Herb' }] });
    expect(keyed.issues.map(({ message }) => message)[0]).toContain('Either "NN" ("tag") or "Herb" ("entity")');
  });
});

describe('the place of a mention', () => {
  it('is that of its characters where tokens are counted beside them', () => {
    const entities = [
      { start: 0, end: 2, start_char: 0, end_char: 8, label: 'Herb' },
      { start: 3, end: 5, start_char: 15, end_char: 23, label: 'Disease' },
    ];
    const { documents, issues } = read({ text, entities });
    expect(documents.flatMap(mentionsOf)).toEqual(mosses);
    expect(issues).toEqual([]);
  });
});

it('types of one candidate are compared with texts only until one differs', () => {
  const members = new TypeMembers();
  let asked = 0;
  const counted = { text, countings: () => (asked++, plausibleCountings(text)) };
  const mention = { fragments: [{ start: 0, end: 8 }], candidates: [{ key: 'label', values: ['Herb'] }] };
  for (let times = 0; times < 100; times++) members.add(mention, counted);
  expect(asked).toBe(1);
  expect(members.typeOf(mention, counted, 1)).toEqual({ types: ['Herb'], text: null });
  const issues = new IssueList('a.jsonl');
  members.report(issues);
  expect(issues.listed).toEqual([]);
});
