// Proves that answers about entity sets match the pure functions on the same sentences, page by page, with every sentence of a string.
import { afterEach, describe, expect, it } from 'vitest';
import { eulerLayout } from '../../../src/analysis/entitySetQuestions.ts';
import type { StringSentence } from '../../../src/analysis/questions/sentencesQuery.ts';
import type { Split } from '../../../src/data/corpus/corpus.ts';
import { ENTITY_REGIONS, entitySets, stringsOfRegion } from '../../../src/metrics/entitySets.ts';
import { mentionText } from '../../../src/metrics/text/nearIndex.ts';
import { openAnalysisBench, type AnalysisBench } from '../../fixtures/analysisBench.ts';
import { drawCorpora, DRAWN_WORDS, drawnRequest } from '../../fixtures/drawnCorpora.ts';

let bench: AnalysisBench | null = null;
afterEach(() => {
  bench?.close();
  bench = null;
});

async function benchWithTwoCorpora() {
  bench = await openAnalysisBench();
  return { lab: bench.lab, ...(await drawCorpora(bench)) };
}

describe('questions about entity sets', () => {
  it('answer with the sizes that the sentences give, under every option', async () => {
    const { lab, sets, predicted, of } = await benchWithTwoCorpora();
    const queries = [true, false].flatMap((trainOnly) =>
      [true, false].flatMap((lowerCase) =>
        [drawnRequest, null].map((prediction) => ({ ...sets, trainOnly, lowerCase, prediction })),
      ),
    );
    const training = ([0, 1] as const).map((place) => ({ train: of(place, 'train'), devel: of(place, 'devel') }));
    const answer = await lab.analyse('entitySets', queries).answer;
    expect(answer).toHaveLength(queries.length);
    queries.forEach((query, index) => {
      const input = { training, test: of(0, 'test'), predicted: query.prediction && predicted };
      const { strings: _strings, ...sizes } = entitySets(input, query);
      expect(answer?.[index]).toEqual(sizes);
    });
    const diagram = await lab.analyse('entityDiagram', sets).answer;
    const { strings: _strings, ...sizes } = entitySets({ training, test: of(0, 'test'), predicted });
    expect(diagram).toEqual({ ...sizes, layout: eulerLayout(sizes.regions) });
    expect(new Set(answer?.map((sizes) => JSON.stringify(sizes))).size).toBeGreaterThan(4);
  });

  it('page and search the strings of each region', async () => {
    const { lab, sets, predicted, of } = await benchWithTwoCorpora();
    const training = ([0, 1] as const).map((place) => ({ train: of(place, 'train'), devel: of(place, 'devel') }));
    const whole = entitySets({ training, test: of(0, 'test'), predicted });
    const ask = async (region: (typeof ENTITY_REGIONS)[number], find: string, first: number, count: number) =>
      lab.analyse('entityStrings', { sets, region, find, first, count }).answer;
    for (const region of ENTITY_REGIONS) {
      const strings = stringsOfRegion(whole, region);
      expect(await ask(region, '', 0, 100)).toEqual({ total: strings.length, strings });
      expect(await ask(region, '', 1, 1)).toEqual({ total: strings.length, strings: strings.slice(1, 2) });
      const found = strings.filter(({ text }) => text.toLowerCase().includes('er'));
      expect(await ask(region, ' ER ', 0, 100)).toEqual({ total: found.length, strings: found });
    }
    expect(whole.strings.length).toBeGreaterThan(4);
  });

  it.each([false, true])('find every sentence of every string, lower case %s', async (lowerCase) => {
    const { lab, sets: asWritten, predicted, of } = await benchWithTwoCorpora();
    const sets = { ...asWritten, lowerCase };
    const cased = (text: string) => (lowerCase ? text.toLowerCase() : text);
    const order: readonly (readonly [0 | 1, Split])[] = [
      [0, 'test'],
      [0, 'train'],
      [0, 'devel'],
      [1, 'train'],
      [1, 'devel'],
      [1, 'test'],
    ];
    for (const text of new Set([...DRAWN_WORDS, 'moss and', 'no such string'].map(cased))) {
      const expected = order.flatMap(([task, split]) =>
        of(task, split).flatMap((sentence, index): StringSentence[] => {
          const ofTest = task === 0 && split === 'test' ? (predicted[index] ?? []) : null;
          const texts = [...sentence.mentions, ...(ofTest ?? [])].map((mention) =>
            cased(mentionText(sentence, mention)),
          );
          return texts.includes(text)
            ? [{ task, split, index, tokens: sentence.tokens, mentions: sentence.mentions, predicted: ofTest }]
            : [];
        }),
      );
      const ask = async (first: number, count: number, where: { task: number; split: Split } | null = null) => {
        const page = await lab.analyse('stringSentences', { sets, text, where, first, count }).answer;
        const sentences = page?.sentences.map((sentence) => ({
          ...sentence,
          predicted: sentence.predicted?.map(({ type, start, end }) => ({ type, start, end })) ?? null,
        }));
        return { ...page, sentences };
      };
      const whole = await ask(0, 100);
      expect(whole.sentences).toEqual(expected);
      expect(whole.occurrences?.reduce((sum, { sentences }) => sum + sentences, 0)).toBe(expected.length);
      expect(await ask(1, 2)).toMatchObject({ total: expected.length, sentences: expected.slice(1, 3) });
      for (const [task, split] of order) {
        const there = expected.filter((one) => one.task === task && one.split === split);
        expect(await ask(0, 100, { task, split })).toMatchObject({ total: there.length, sentences: there });
      }
    }
  });

  it('say which predictions are missing', async () => {
    const { lab, sets } = await benchWithTwoCorpora();
    const { answer } = lab.analyse('entitySets', [{ ...sets, prediction: { ...drawnRequest, epoch: 2 } }]);
    await expect(answer).rejects.toMatchObject({ code: 'analysis/no-predictions' });
  });
});
