// Proves that documents of sentences are read in every form of their members, and that none becomes texts without mentions silently.
import { describe, expect, it } from 'vitest';
import type { AnnotatedDocument } from '../../../../src/data/documents/document.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';

const mentionsOf = ({ text, mentions }: AnnotatedDocument) =>
  mentions.map(({ type, start, end }) => `${type}: ${text.slice(start, end)}`);
const read = (...items: readonly unknown[]) => {
  const text = items.map((item) => `${JSON.stringify(item)}\n`).join('');
  const { documents, issues } = readDocuments([{ path: 'train.jsonl', bytes: new TextEncoder().encode(text) }]);
  return {
    documents: documents.length,
    mentions: documents.flatMap(mentionsOf),
    said: issues.map(({ severity, code, line }) => `${severity} ${code} ${line}`),
    messages: issues.map(({ message }) => message),
  };
};
const sentences = [
  ['Bog', 'moss', 'heals', 'ague'],
  ['Eels', 'shun', 'reed'],
];
const both = ['Herb: Bog moss', 'Disease: ague', 'Fish: Eels', 'Herb: reed'];

describe('a document of sentences', () => {
  it.each([
    ['lists through the document', { ner: [[[0, 1, 'Herb'], [3, 3, 'Disease']], [[4, 4, 'Fish'], [6, 6, 'Herb']]] }],
    ['types first', { ner: [[['Herb', 0, 1], ['Disease', 3, 3]], [['Fish', 4, 4], ['Herb', 6, 6]]] }],
    ['indices', { ner: [[{ index: [0, 1], type: 'Herb' }, { index: [3], type: 'Disease' }], [{ index: [4], type: 'Fish' }, { index: [6], type: 'Herb' }]] }],
    ['objects', { entities: [[{ start: 0, end: 2, type: 'Herb' }, { start: 3, end: 4, type: 'Disease' }], [{ start: 4, end: 5, type: 'Fish' }, { start: 6, end: 7, type: 'Herb' }]] }],
    ['a list for the document', { ner: [[0, 1, 'Herb'], [3, 3, 'Disease'], [4, 4, 'Fish'], [6, 6, 'Herb']] }],
    ['objects for the document', { entities: [{ start: 0, end: 2, type: 'Herb' }, { start: 3, end: 4, type: 'Disease' }, { start: 4, end: 5, type: 'Fish' }, { start: 6, end: 7, type: 'Herb' }] }],
    ['an object of numbers', { ner: { 0: [[0, 1, 'Herb'], [3, 3, 'Disease']], 1: [[4, 4, 'Fish'], [6, 6, 'Herb']] } }],
    ['tags', { ner_tags: [['B-Herb', 'I-Herb', 'O', 'B-Disease'], ['B-Fish', 'O', 'B-Herb']] }],
    ['labels', { labels: [['B-Herb', 'I-Herb', 'O', 'B-Disease'], ['B-Fish', 'O', 'B-Herb']] }],
    ['tags of the document', { ner_tags: ['B-Herb', 'I-Herb', 'O', 'B-Disease', 'B-Fish', 'O', 'B-Herb'] }],
  ])('is read with %s', (_, members) => {
    const { mentions, said } = read({ doc_key: 'a', sentences, ...members, clusters: [[[0, 1], [6, 6]]] });
    expect({ mentions, said }).toEqual({ mentions: both, said: [] });
  }); // prettier-ignore

  it.each([
    ['lists', { ner: [[[0, 1, 'Herb'], [3, 3, 'Disease']], [[0, 0, 'Fish'], [2, 2, 'Herb']]] }],
    ['objects', { spans: [[{ start: 0, end: 2, type: 'Herb' }, { start: 3, end: 4, type: 'Disease' }], [{ start: 0, end: 1, type: 'Fish' }, { start: 2, end: 3, type: 'Herb' }]] }],
  ])('is read with %s that count from their sentence, with a warning', (_, members) => {
    const { mentions, said } = read({ doc_key: 'a', sentences, ...members });
    expect({ mentions, said }).toEqual({ mentions: both, said: ['warning corpus/counting null'] });
  }); // prettier-ignore

  it.each([
    ['ner', { ner: { Herb: [[0, 1]] } }],
    ['entities', { entities: ['Bog moss', 'ague', 'Eels'] }],
    ['mentions', { mentions: [{ head: 0, class: 'Herb' }] }],
    ['ner_tags', { ner_tags: 'O O O O B-Fish O O' }],
  ])('with %s in another form is an error with that key, alone and among others', (key, members) => {
    const alone = read({ sentences, ...members });
    expect({ documents: alone.documents, mentions: alone.mentions }).toEqual({ documents: 0, mentions: [] });
    const among = read({ sentences: [['Reed', 'rots']], ner: [[[0, 0, 'Herb']]] }, { sentences, ...members });
    expect(among.mentions).toEqual(['Herb: Reed']);
    expect(among.said).toEqual(['error corpus/item 2', 'error corpus/item 2']);
    expect(among.messages[0]).toContain(`"${key}"`);
  });

  it('takes time linear in sentences and spans', () => {
    const many = Array.from({ length: 30_000 }, () => ['Reed', 'rots']);
    const ner = many.map((_, index) => [2 * index, 2 * index, 'Herb']);
    const startedAt = performance.now();
    expect(read({ sentences: many, ner }).mentions).toHaveLength(many.length);
    expect(read({ sentences: many, ner: [...ner, 'odd'] }).mentions).toEqual([]);
    // A quadratic reading takes minutes.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  }, 60_000);
});

describe('an item among others', () => {
  const tokens = ['Bog', 'moss', 'heals'];
  it('is read by its own key of spans, with its own ends', () => {
    const items = [
      { tokens, ner: [[0, 1, 'Herb']] },
      { tokens, entities: [{ start: 0, end: 2, type: 'Herb' }] },
    ];
    for (const order of [items, [...items].reverse()]) {
      const { mentions, said } = read(...order);
      expect({ mentions, said }).toEqual({ mentions: ['Herb: Bog moss', 'Herb: Bog moss'], said: [] });
    }
  });

  it.each([
    ['entities', { entities: { Herb: [[0, 1]] } }],
    ['entities', { entities: ['Bog moss'] }],
    ['entity_list', { ner: [], entity_list: [{ from: 0, to: 1 }] }],
    ['annotation', { annotation: "[(0, 1, 'Herb')]" }],
  ])('with %s in another form is an error with that key', (key, members) => {
    const { mentions, said, messages } = read({ tokens, ner: [[0, 1, 'Herb']] }, { tokens, ...members });
    expect({ mentions, said }).toEqual({ mentions: ['Herb: Bog moss'], said: ['error corpus/item 2'] });
    expect(messages[0]).toContain(`"${key}"`);
  });

  it('whose tags are all O is an error if another member looks like annotations', () => {
    const odd = { tokens, ner_tags: ['O', 'O', 'O'], entities: { Herb: [[0, 1]] } };
    const { mentions, said } = read({ tokens, ner_tags: ['B-Herb', 'I-Herb', 'O'] }, odd);
    expect({ mentions, said }).toEqual({ mentions: ['Herb: Bog moss'], said: ['error corpus/item 2'] });
  });

  it.each([
    ['word classes and phrases', { ner_tags: ['O', 'O', 'O'], pos_tags: [1, 1, 2], chunk_tags: ['B-NP', 'I-NP', 'O'] }],
    ['events and relations', { ner_tags: ['O', 'O', 'O'], event_mentions: [{ trigger: { start: 2, end: 3 } }], relations: [[0, 1, 'Is']] }],
    ['labels of the whole', { ner_tags: ['O', 'O', 'O'], label: 'cure', tags: ['botany'], annotators: ['Ann'], annotator: { id: 7 } }],
  ])('without a mention stays with %s', (_, members) => {
    const { documents, said } = read({ tokens, ner_tags: ['B-Herb', 'I-Herb', 'O'] }, { tokens, ...members });
    expect({ documents, said }).toEqual({ documents: 2, said: [] });
  }); // prettier-ignore
});
