// Proves that annotations of every known shape are read, and that those of any other shape are refused by their key.
import { describe, expect, it } from 'vitest';
import type { AnnotatedDocument } from '../../../../src/data/documents/document.ts';
import { assembleCorpora } from '../../../../src/data/import/assembleCorpora.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';

const file = (path: string, text: string) => ({ path, bytes: new TextEncoder().encode(text) });
const lines = (...items: readonly unknown[]) => items.map((item) => `${JSON.stringify(item)}\n`).join('');
const read = (...items: readonly unknown[]) => readDocuments([file('train.jsonl', lines(...items))]);
const mentionsOf = ({ text, mentions }: AnnotatedDocument) =>
  mentions.map(({ type, start, end }) => `${type}: ${text.slice(start, end)}`);
const moss = { id: 'a', text: 'Bog moss heals ague.' };

describe('spans of characters', () => {
  it.each([
    ['DataTurks, with the last character as the end', { content: moss.text, annotation: [{ label: ['Herb'], points: [{ start: 0, end: 7, text: 'Bog moss' }] }] }],
    ['DataTurks without texts', { content: moss.text, annotation: [{ label: ['Herb'], points: [{ start: 0, end: 7 }] }] }],
    ['BigBio, with lists of texts and offsets', { ...moss, entities: [{ id: 'T1', type: 'Herb', text: ['Bog moss'], offsets: [[0, 8]] }] }],
    ['a pair', { ...moss, entities: [{ label: 'Herb', span: [0, 8] }] }],
    ['the type first', { ...moss, entities: [['Herb', 0, 8]] }],
    ['a pair first', { ...moss, entities: [[[0, 8], 'Herb']] }],
    ['the text before the type', { ...moss, entities: [[0, 8, 'Bog moss', 'Herb']] }],
    ['inclusive ends, as the texts show', { ...moss, spans: [{ start: 0, end: 7, label: 'Herb', text: 'Bog moss' }] }],
    ['counted from 1, as the texts show', { ...moss, spans: [{ start: 1, end: 8, label: 'Herb', text: 'Bog moss' }] }],
    ['hypertext of the short export', { ...moss, ner: [{ start: '/p[1]', end: '/p[1]', globalOffsets: { start: 0, end: 8 }, hypertextlabels: ['Herb'] }] }],
    ['a text under another key', { id: 'a', body: moss.text, spans: [{ start: 0, end: 8, label: 'Herb', text: 'Bog moss' }] }],
  ])('%s', (_, item) => {
    const { documents, issues } = read(item);
    expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Bog moss']);
  }); // prettier-ignore

  it.each([
    ['entity_list', { ...moss, entity_list: [{ start: 0, end: 8, label: 'Herb' }] }],
    ['entities', { ...moss, entities: { Herb: ['Bog moss'] } }],
    ['entities', { ...moss, entities: ['Bog moss'] }],
    ['entities', { ...moss, entities: "[(0, 8, 'Herb')]" }],
    ['marks', { ...moss, label: [], marks: [{ begin: 0, end: 8, kind: 'Herb' }] }],
    ['ner_tags', { ...moss, ner_tags: ['B-Herb', 'I-Herb', 'O', 'O'] }],
    ['herbs', { ...moss, herbs: [{ kind: 'Herb', offsets: [[0, 8]] }] }],
    ['sentences', { ...moss, sentences: [{ text: moss.text, entities: [{ start: 0, end: 8, label: 'Herb' }] }] }],
    [
      'tokens',
      {
        ...moss,
        tokens: [
          { text: 'Bog', ner: 'B-Herb' },
          { text: 'moss', ner: 'I-Herb' },
        ],
      },
    ],
  ])('under %s in another form are an error with that key', (key, item) => {
    const { documents, issues } = read(item, { text: 'Eel.', label: [[0, 3, 'Fish']] });
    expect(issues).toMatchObject([{ severity: 'error', code: 'corpus/item', line: 1 }]);
    expect(issues[0]?.message).toContain(`"${key}"`);
    expect(documents.flatMap(mentionsOf)).toEqual(['Fish: Eel']);
  });

  it.each([
    ['annotations', { annotations: [[9, 14, 'Act']] }],
    ['drugs', { drugs: [{ start: 9, end: 14, label: 'Act' }] }],
    ['acts', { acts: [{ type: 'Act', offsets: [[9, 14]], text: ['heals'] }] }],
    ['annotations', { annotations: { Act: [[9, 14]] } }],
  ])('under a second key, %s, are not left out silently', (key, second) => {
    const { documents, issues } = read({ ...moss, entities: [[0, 8, 'Herb']], ...second });
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Bog moss']);
    expect(issues).toMatchObject([{ severity: 'warning', code: 'corpus/further-mentions', line: 1 }]);
    expect(issues[0]?.message).toContain(`"${key}"`);
  });

  it('that fit words in two countings are read as others of the file count, or with a remark', () => {
    const doubtful = { text: 'Bog αβ moss .', entities: [[0, 3, 'Place'], [4, 13, 'Herb']] }; // prettier-ignore
    const text = 'αβ heals ague';
    const readWith = (...entities: readonly unknown[]) => {
      const { documents, issues } = read(doubtful, { text, entities });
      return {
        first: documents.slice(0, 1).flatMap(mentionsOf),
        said: issues.map(({ severity, code, line }) => `${severity} ${code} ${line}`),
      };
    };
    expect(readWith()).toEqual({
      first: ['Place: Bog', 'Herb: αβ moss .'],
      said: ['info corpus/counting-unsure 1'],
    });
    // Heals and ague, in bytes and in code points.
    expect(readWith([5, 10, 'Act'], [11, 15, 'Ill'])).toEqual({
      first: ['Place: Bog', 'Herb: αβ moss'],
      said: ['warning corpus/counting 2', 'warning corpus/counting 1'],
    });
    expect(readWith([3, 8, 'Act'], [9, 13, 'Ill'])).toEqual({ first: ['Place: Bog', 'Herb: αβ moss .'], said: [] });
  });

  it('are not seen in what tools store beside them', () => {
    const { documents, issues } = read({
      ...moss,
      label: [],
      tokens: [{ text: 'Bog', start: 0, end: 3, id: 0, tag: 'NN' }],
      sents: [
        {
          start: 0,
          end: 20,
          spans: [
            [0, 3],
            [4, 8],
          ],
          label: '',
        },
      ],
      relations: [{ from_id: 1, to_id: 2 }],
      meta: { pages: [1, 2] },
      tags: ['botany'],
      annotator: { id: 7 },
      Comments: [],
    });
    expect(issues).toEqual([]);
    expect(documents).toHaveLength(1);
  });

  it('of a corpus without one mention are remarked on', () => {
    const [corpus] = assembleCorpora([file('train.jsonl', lines(moss, { id: 'b', text: 'Eel.' }))]).corpora;
    expect(corpus?.issues.map(({ code }) => code)).toContain('corpus/no-mention');
  });
});

describe('spans of tokens', () => {
  const tokens = ['Bog', 'moss', 'heals', 'ague', '.'];
  it.each([
    ['SpERT', { tokens, entities: [{ type: 'Herb', start: 0, end: 2 }, { type: 'Disease', start: 3, end: 4 }] }],
    ['GLiNER', { tokenized_text: tokens, ner: [[0, 1, 'Herb'], [3, 3, 'Disease']] }],
    ['DyGIE', { doc_key: 'a', sentences: [['Eel', '.'], tokens], ner: [[], [[2, 3, 'Herb'], [5, 5, 'Disease']]] }],
    ['W2NER', { sentence: tokens, ner: [{ index: [0, 1], type: 'Herb' }, { index: [3], type: 'Disease' }] }],
    ['ranges of words', { words: tokens, ranges: [{ start: 0, end: 2, label: 'Herb' }, { start: 3, end: 4, label: 'Disease' }] }],
    ['ranges of characters of words', { words: tokens, ranges: [{ start: 0, end: 8, label: 'Herb' }, { start: 15, end: 19, label: 'Disease' }] }],
    ['texts that show inclusive ends', { tokens, entities: [{ type: 'Herb', start: 0, end: 1, text: 'Bog moss' }, { type: 'Disease', start: 3, end: 3, text: 'ague' }] }],
  ])('%s', (_, item) => {
    const { documents, issues } = read(item);
    expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Bog moss', 'Disease: ague']);
  }); // prettier-ignore

  it('that are empty or outside cost the mention', () => {
    const entities = [{ type: 'Herb', start: 0, end: 2 }, { type: 'Herb', start: 2, end: 2 }, { type: 'Herb', start: 4, end: 9 }]; // prettier-ignore
    const { documents, issues } = read({ tokens, entities });
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Bog moss']);
    expect(issues.map(({ code }) => code)).toEqual(['corpus/span', 'corpus/empty-mention']);
  });

  it('overlap by the same rule as spans of characters', () => {
    const entities = [{ type: 'Herb', start: 0, end: 2 }, { type: 'Part', start: 1, end: 2 }]; // prettier-ignore
    const { documents, issues } = read({ tokens, entities });
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Bog moss']);
    expect(issues.map(({ code }) => code)).toEqual(['corpus/overlap']);
  });
});

describe('tags of tokens', () => {
  const tokens = ['Bog', 'moss', 'heals'];
  it.each(['bio_tags', 'iob2', 'ner_tag', 'gold'])('are found under %s', (key) => {
    const { documents } = read({ tokens, pos_tags: ['NN', 'NN', 'VB'], chunk_tags: ['B-NP', 'I-NP', 'O'], [key]: ['B-Herb', 'I-Herb', 'O'] }); // prettier-ignore
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Bog moss']);
  });

  it.each([
    ['entity_ids', { tokens, entity_tags: undefined, entities: { Herb: [[0, 2]] } }, 'entities'],
    ['labels', { tokens, labels_ner: ['Herb', 'Herb', ''] }, 'labels_ner'],
  ])('that are not read are an error with their key (%s)', (_, item, key) => {
    const { documents, issues } = read(item);
    expect(documents).toEqual([]);
    expect(issues).toMatchObject([{ severity: 'error', code: 'corpus/unknown-annotations' }]);
    expect(issues[0]?.message).toContain(`"${key}"`);
  });

  it.each([
    ['a list of one feature', { features: { ner_tags: [{ names: ['O', 'B-Herb'], _type: 'ClassLabel' }] } }],
    ['the feature of a List', { features: { ner_tags: { feature: { names: ['O', 'B-Herb'], _type: 'ClassLabel' }, _type: 'List' } } }],
    ['a card', { dataset_info: { features: [{ name: 'ner_tags', sequence: { class_label: { names: { 0: 'O', 1: 'B-Herb' } } } }] } }],
    ['configurations', { plain: { features: { ner_tags: { feature: { names: ['O', 'B-Herb'] } } } } }],
  ])('that are numbers take their names from %s', (_, description) => {
    const { documents, issues } = readDocuments([
      file('a/train.jsonl', lines({ tokens: ['Moss', 'heals'], ner_tags: [1, 0] })),
      file('a/dataset_infos.json', JSON.stringify(description)),
    ]);
    expect(issues).toEqual([]);
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Moss']);
  }); // prettier-ignore
});

describe('a task of Label Studio', () => {
  const value = { start: 0, end: 8, text: 'Bog moss', labels: ['Herb'] };
  const task = (data: object, ...results: readonly object[][]) => ({
    id: 1,
    data,
    annotations: results.map((result, index) => ({ id: index, result })),
  });
  const readTasks = (...tasks: readonly unknown[]) => readDocuments([file('train.json', JSON.stringify(tasks))]);

  it('has its text where its mentions fit, and so have those without mentions', () => {
    const { documents } = readTasks(
      task({ note: 'A longer remark about where this came from', body: moss.text }, [{ type: 'labels', value }]),
      task({ note: 'A longer remark about where that came from', body: 'Eel.' }, []),
    );
    expect(documents.map(({ text }) => text)).toEqual([moss.text, 'Eel.']);
  });

  it.each([
    '/data/upload/1/note.txt',
    'https://fen.example/note',
    's3://fen/note.json',
    'C:\\notes\\a.txt',
    'note.txt',
  ])('that has only %s in place of its text is refused', (text) => {
    const { documents, issues } = readTasks(task({ text }, [{ type: 'labels', value }]));
    expect(documents).toEqual([]);
    expect(issues[0]?.message).toContain('path or URL of a file');
  });

  it('prefers the ground truth and counts the other annotations', () => {
    const { documents, issues } = readTasks({
      data: { text: moss.text },
      annotations: [
        { result: [] },
        { ground_truth: true, result: [{ type: 'labels', value }] },
        { was_cancelled: true, result: [] },
      ],
    });
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Bog moss']);
    expect(issues).toMatchObject([{ severity: 'info', code: 'corpus/further-annotations' }]);
    expect(issues[0]?.message).toMatch(/^1 further/);
  });

  it('with hypertext is read by its global offsets, and refused with XPaths alone', () => {
    const region = { start: '/p[1]/text()[1]', end: '/p[1]/text()[1]', startOffset: 0, endOffset: 8, hypertextlabels: ['Herb'] }; // prettier-ignore
    const data = { text: '<p>Bog&nbsp;moss <b>heals</b>.</p>' };
    const sound = readTasks(task(data, [{ type: 'hypertextlabels', value: { ...region, globalOffsets: { start: 0, end: 8 }, text: 'Bog moss' } }])); // prettier-ignore
    expect(sound.documents.flatMap(mentionsOf)).toEqual(['Herb: Bog\u00a0moss']);
    expect(sound.issues).toMatchObject([{ severity: 'info', code: 'corpus/html' }]);
    const refused = readTasks(task(data, [{ type: 'hypertextlabels', value: region }]));
    expect(refused.documents).toEqual([]);
    expect(refused.issues[0]?.message).toContain('XPath');
  });

  it('with labels of a picture is refused by their name', () => {
    const { issues } = readTasks(task({ text: moss.text }, [{ value: { x: 1, y: 2, rectanglelabels: ['Herb'] } }]));
    expect(issues[0]?.message).toContain('"rectanglelabels"');
  });
});

describe('two layers of annotation of the same tokens', () => {
  const tokens = ['Bog', 'moss', 'heals', 'ague'];
  const herbs = ['B-Herb', 'I-Herb', 'O', 'O'];
  const ills = ['O', 'O', 'O', 'B-Ill'];
  const none = ['O', 'O', 'O', 'O'];
  const outcomeOf = (...items: readonly unknown[]) => {
    const { documents, issues } = read(...items);
    return {
      mentions: documents.flatMap(mentionsOf),
      said: issues.map(({ severity, code, message }) => `${severity} ${code} ${message}`),
    };
  };
  const unsure = (message: string) => `warning corpus/columns-unsure Several columns hold ${message}`;

  it.each([
    ['columns of any name', { herb_tags: herbs, ill_tags: ills }, ['Herb: Bog moss'], 'tags: "herb_tags" (Herb) is read, "ill_tags" (Ill) is not.'],
    ['columns of known names', { labels: ills, ner_tags: herbs }, ['Herb: Bog moss'], 'tags: "ner_tags" (Herb) is read, "labels" (Ill) is not.'],
    ['a known and another name', { gold: ills, tags: herbs }, ['Herb: Bog moss'], 'tags: "tags" (Herb) is read, "gold" (Ill) is not.'],
    ['tags and numbers', { labels: [0, 0, 0, 1], ner_tags: herbs }, ['Herb: Bog moss'], 'tags: "ner_tags" (Herb) is read, "labels" is not.'],
    ['tags and spans', { ner_tags: herbs, spans: [{ start: 3, end: 4, label: 'Ill' }] }, ['Herb: Bog moss'], 'annotations: "ner_tags" (Herb) is read, "spans" (Ill) is not.'],
    ['tags and spans under any key', { ner_tags: herbs, ill_list: [[3, 4, 'Ill']] }, ['Herb: Bog moss'], 'annotations: "ner_tags" (Herb) is read, "ill_list" (Ill) is not.'],
    ['two lists of spans', { ner: [[0, 1, 'Herb']], entities: [{ start: 3, end: 4, type: 'Ill' }] }, ['Ill: ague'], 'annotations: "entities" (Ill) is read, "ner" (Herb) is not.'],
    ['tags that are all O, and spans', { tags: none, entities: [{ start: 3, end: 4, type: 'Ill' }] }, ['Ill: ague'], 'annotations: "entities" (Ill) is read, "tags" (no tag but O) is not.'],
    ['tags that are all O, and others', { ner_tags: none, gold: ills }, ['Ill: ague'], 'tags: "gold" (Ill) is read, "ner_tags" (no tag but O) is not.'],
    ['tags that are all O, and spans of a text', { text: 'Bog moss heals ague', tags: none, entities: [[0, 8, 'Herb']] }, ['Herb: Bog moss'], 'annotations: "entities" (Herb) is read, "tags" (no tag but O) is not.'],
  ])('is not left out silently: %s', (_, layers, mentions, message) => {
    expect(outcomeOf({ tokens, ...layers })).toEqual({ mentions, said: [unsure(message)] });
  }); // prettier-ignore

  it.each([
    ['the same tags', { ner_tags: herbs, bio_tags: herbs }],
    ['numbers of the same tags', { ner_tags: herbs, labels: [1, 2, 0, 0] }],
    ['spans of the same mentions', { ner_tags: herbs, entities: [{ start: 0, end: 8, label: 'Herb' }] }],
    ['tags that are all O', { ner_tags: herbs, ill_tags: none }],
    ['no span', { ner_tags: herbs, spans: [] }],
    ['word classes', { ner_tags: herbs, tags: ['NN', 'NN', 'VB', 'NN'], chunk_tags: ['B-NP', 'I-NP', 'O', 'B-NP'] }],
    ['a label of the whole', { ner_tags: herbs, labels: ['cure'] }],
    ['relations and offsets of tokens', { ner_tags: herbs, relations: [[0, 3, 'Heals']], places: [[0, 3], [4, 8], [9, 14], [15, 19]] }],
  ])('is not reported of %s', (_, layers) => {
    expect(outcomeOf({ tokens, ...layers })).toEqual({ mentions: ['Herb: Bog moss'], said: [] });
  }); // prettier-ignore

  it('is not reported where nothing is read, or for what only has the name of tags', () => {
    const numbered = outcomeOf({ tokens, ner_tags: [1, 2, 0, 0], gold: herbs });
    expect(numbered.said).toHaveLength(1);
    expect(numbered.said[0]).toContain('error corpus/tag-names');
    const entities = [{ start: 0, end: 2, type: 'Herb' }];
    expect(outcomeOf({ tokens, labels: ['cure'], entities })).toEqual({ mentions: ['Herb: Bog moss'], said: [] });
  });
});
