// Proves that tasks of Label Studio give what people annotated, on the text where they did, and that what is not read is said.
import { describe, expect, it } from 'vitest';
import type { AnnotatedDocument } from '../../../../src/data/documents/document.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';

const readTasks = (...tasks: readonly unknown[]) =>
  readDocuments([{ path: 'train.json', bytes: new TextEncoder().encode(JSON.stringify(tasks)) }]);
const mentionsOf = ({ text, mentions }: AnnotatedDocument) =>
  mentions.map(({ type, start, end }) => `${type}: ${text.slice(start, end)}`);
const saidOf = ({ issues }: ReturnType<typeof readDocuments>) =>
  issues.map(({ severity, code }) => `${severity} ${code}`);
const moss = 'Bog moss heals ague.';
const region = (start: number, end: number, label: string | null, more: object = {}) => ({
  type: 'labels',
  to_name: 'text',
  value: { start, end, labels: label === null ? [] : [label] },
  ...more,
});
const herb = region(0, 8, 'Herb');
const annotated = { id: 1, data: { text: moss }, annotations: [{ result: [herb] }], predictions: [] };
const predicted = {
  id: 2,
  data: { text: 'Eels bite.' },
  annotations: [],
  predictions: [
    { model_version: 'm', score: 0.2, result: [region(0, 4, 'Fish')] },
    { model_version: 'n', score: 0.1, result: [] },
  ],
};

describe('predictions of models', () => {
  it('are not read where people annotated, and their tasks are left out', () => {
    const reading = readTasks(annotated, predicted);
    expect(reading.documents.flatMap(mentionsOf)).toEqual(['Herb: Bog moss']);
    expect(reading.documents).toHaveLength(1);
    expect(saidOf(reading)).toEqual(['warning corpus/predictions']);
    expect(reading.issues[0]?.message).toMatch(/^2 predictions of models are not read: 1 tasks/);
  });

  it('are read with a warning where no person annotated', () => {
    const reading = readTasks(predicted);
    expect(reading.documents.flatMap(mentionsOf)).toEqual(['Fish: Eels']);
    expect(saidOf(reading)).toEqual(['warning corpus/predictions']);
  });

  it('beside annotations of the same task are nothing to remark on', () => {
    const reading = readTasks({ ...annotated, predictions: predicted.predictions });
    expect(reading.documents.flatMap(mentionsOf)).toEqual(['Herb: Bog moss']);
    expect(reading.issues).toEqual([]);
  });

  it('do not show in which field the text of others is', () => {
    const other = { ...predicted, data: { text: 'A remark', body: 'Eels bite.' } };
    const { documents } = readTasks(annotated, { ...other, predictions: [{ result: [region(0, 4, 'Fish', { value: { start: 0, end: 4, text: 'Eels', labels: ['Fish'] } })] }] }); // prettier-ignore
    expect(documents.map(({ text }) => text)).toEqual([moss]);
  });
});

describe('regions', () => {
  const inText = (name: string, start: number, end: number, label: string, text?: string) =>
    region(start, end, label, { to_name: name, value: { start, end, labels: [label], ...(text !== undefined && { text }) } }); // prettier-ignore
  const task = (data: object, ...result: readonly object[]) => ({ id: 7, data, annotations: [{ result }] });

  it.each([
    ['with texts', 'Moss', 'heals'],
    ['without texts', undefined, undefined],
  ])('of two texts give two documents (%s)', (_, title, body) => {
    const data = { title: 'Moss study', body: 'Moss heals.' };
    const reading = readTasks(task(data, inText('title', 0, 4, 'Herb', title), inText('body', 5, 10, 'Act', body)));
    expect(reading.documents.map((document) => [document.id, ...mentionsOf(document)])).toEqual([
      ['7-title', 'Herb: Moss'],
      ['7-body', 'Act: heals'],
    ]);
    expect(saidOf(reading)).toEqual(['info corpus/several-texts']);
  });

  it('of the shorter text are read on it, and the other text is not', () => {
    const { documents, issues } = readTasks(task({ title: 'Moss study', body: 'Moss heals and heals.' }, inText('title', 0, 4, 'Herb'))); // prettier-ignore
    expect(documents.map(({ id, text }) => [id, text])).toEqual([['7', 'Moss study']]);
    expect(issues).toEqual([]);
  });

  it('of a text that is called otherwise than its field are read on the only one', () => {
    const { documents, issues } = readTasks(task({ body: moss, source: 'https://fen.example/1' }, inText('shown', 0, 8, 'Herb'))); // prettier-ignore
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Bog moss']);
    expect(issues).toEqual([]);
  });

  it('are where their texts fit if another field has the name', () => {
    const { documents } = readTasks(task({ text: 'A remark', body: moss }, inText('text', 0, 8, 'Herb', 'Bog moss')));
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Bog moss']);
  });

  it('of a text that nothing tells from others are counted', () => {
    const reading = readTasks(task({ title: 'Moss study', body: moss }, inText('title', 0, 4, 'Herb'), inText('t2', 0, 8, 'Herb'))); // prettier-ignore
    expect(reading.documents.flatMap(mentionsOf)).toEqual(['Herb: Moss']);
    expect(saidOf(reading)).toEqual(['warning corpus/unplaced-regions']);
    expect(reading.issues[0]?.message).toMatch(/^1 regions/);
  });

  it('without a label are counted, unless another result labels them', () => {
    const reading = readTasks(task({ text: moss }, herb, region(15, 19, null), { ...region(0, 8, null), id: 'a' }, { ...herb, id: 'a' })); // prettier-ignore
    expect(new Set(reading.documents.flatMap(mentionsOf))).toEqual(new Set(['Herb: Bog moss']));
    expect(reading.issues.filter(({ code }) => code === 'corpus/unlabelled')).toMatchObject([
      { severity: 'info', message: expect.stringMatching(/^1 regions/) as string },
    ]);
  });

  it('of a task that was skipped give no document of any text', () => {
    const data = { title: 'Moss study', body: 'Moss heals.' };
    const reading = readTasks(
      task(data, inText('title', 0, 4, 'Herb'), inText('body', 5, 10, 'Act')),
      { id: 8, data, annotations: [{ was_cancelled: true, result: [] }] }, // prettier-ignore
    );
    expect(reading.documents.map(({ id }) => id)).toEqual(['7-title', '7-body']);
    expect(reading.issues.find(({ code }) => code === 'corpus/rejected')?.message).toMatch(/^1 items/);
  });
});
