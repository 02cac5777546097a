// Proves that a question is raised where rows have several plausible columns, and that an answer replaces what was read before.
import { beforeEach, describe, expect, test } from 'vitest';
import type { ColumnQuestion } from '../../../../src/data/corpus/corpus.ts';
import { LocalLab } from '../../../../src/lab/lab.ts';
import type { Lab } from '../../../../src/lab/state/labState.ts';
import { memory } from '../../../../src/storage/store.ts';
import { droppedText } from '../../../fixtures/drops.ts';
import { fakeServer } from '../../../fixtures/fakeServer.ts';

const bareTypes = 'Moss\tNN\tHerb\nheals\tVB\tO\nleaf\tNN\tDisease\nrot\tNN\tDisease\n\nA\tDT\tO\nfern\tNN\tHerb\n';
const twoColumns = 'Moss\tB-Herb\tB-Plant\nheals\tO\tO\nrot\tO\tB-Sign\n\nA\tO\tO\nfern\tB-Herb\tB-Plant\n';

let lab: Lab;
beforeEach(async () => {
  const store = memory();
  const { client } = fakeServer(store);
  lab = new LocalLab({ store, openServer: () => client, fetchBuiltIn: null, software: 'test 1' });
  await lab.open('cpu');
});

function onlyQuestion(): ColumnQuestion {
  const [question, ...others] = lab.getState().columnQuestions;
  if (question === undefined || others.length > 0) throw new Error('not one question');
  return question;
}

async function mentionsOf(corpusId: string | undefined): Promise<readonly string[]> {
  const { train } = await lab.readCorpus(corpusId ?? '');
  return train.flatMap(({ tokens, mentions }) =>
    mentions.map(({ type, start, end }) => `${tokens.slice(start, end).join(' ')}: ${type}`),
  );
}

describe('A question about columns', () => {
  test('comes with files refused for types without a prefix, which the answer reads', async () => {
    const { corpusIds } = await lab.importFiles([droppedText('marsh/train.tsv', bareTypes)]);
    expect(corpusIds).toEqual([]);
    const { id, name, survey } = onlyQuestion();
    expect(name).toBe('marsh');
    expect(survey.chosen).toMatchObject({ tokenColumn: 0, tagColumn: 2, readsBareTypes: true });
    const [corpusId] = await lab.chooseColumns(id, survey.chosen);
    expect(await mentionsOf(corpusId)).toEqual(['Moss: Herb', 'leaf rot: Disease', 'fern: Herb']);
    expect(lab.getState().columnQuestions).toEqual([]);
  });

  test('about several columns of tags replaces the corpus by that of the answer', async () => {
    const { corpusIds } = await lab.importFiles([droppedText('marsh/train.tsv', twoColumns)]);
    expect(await mentionsOf(corpusIds[0])).toEqual(['Moss: Plant', 'rot: Sign', 'fern: Plant']);
    const { id, survey, corpusIds: asked } = onlyQuestion();
    expect(asked).toEqual(corpusIds);
    const [corpusId] = await lab.chooseColumns(id, {
      ...survey.chosen,
      tagColumn: 1,
      layerColumns: [1],
      layer: 'only',
    });
    expect(await mentionsOf(corpusId)).toEqual(['Moss: Herb', 'fern: Herb']);
    expect(lab.getState().corpora.map((corpus) => [corpus.id, corpus.name])).toEqual([[corpusId, 'marsh']]);
  });

  test('goes away when it is dismissed, and can no longer be answered', async () => {
    await lab.importFiles([droppedText('marsh/train.tsv', twoColumns)]);
    const { id, survey } = onlyQuestion();
    lab.dismissColumns(id);
    expect(lab.getState().columnQuestions).toEqual([]);
    expect(lab.getState().corpora).toHaveLength(1);
    await expect(lab.chooseColumns(id, survey.chosen)).rejects.toMatchObject({ code: 'corpus/question' });
  });
});
