// Proves that answers about labels match the pure functions on the same sentences, page by page, and that the review list is complete.
import { afterEach, describe, expect, it } from 'vitest';
import { SPLITS } from '../../../src/data/corpus/corpus.ts';
import { entitySets } from '../../../src/metrics/entitySets.ts';
import { labelConflicts, labelPairs } from '../../../src/metrics/labelConflicts.ts';
import { conflictRows, missedLabels, missedRows, pairRows } from '../../../src/metrics/reviewRows.ts';
import { nearDefaults } from '../../../src/metrics/text/nearIndex.ts';
import { finishWork } from '../../../src/util/clock.ts';
import { openAnalysisBench, type AnalysisBench } from '../../fixtures/analysisBench.ts';
import { drawCorpora } from '../../fixtures/drawnCorpora.ts';

let bench: AnalysisBench | null = null;
afterEach(() => {
  bench?.close();
  bench = null;
});

async function benchWithLabels() {
  bench = await openAnalysisBench();
  const { sets, predicted, of } = await drawCorpora(bench);
  const places = [0, 1] as const;
  const sources = (names: readonly string[]) =>
    places.flatMap((place) =>
      SPLITS.map((split) => ({ task: names[place] ?? '', split, sentences: of(place, split) })),
    );
  const training = places.map((place) => ({ train: of(place, 'train'), devel: of(place, 'devel') }));
  const guessed = predicted.map((mentions, index) =>
    mentions.map((mention) => ({ ...mention, confidence: 1 / (2 + index) })),
  );
  const test = of(0, 'test');
  const missed = missedLabels(entitySets({ training, test, predicted }), test, guessed);
  const conflicts = (names: readonly string[]) =>
    finishWork(labelConflicts(sources(names), { tellTypesApart: false, limit: 1000, occurrencesPerLabel: 50 }));
  const pairs = (near: boolean) =>
    finishWork(labelPairs(sources([]), { tellTypesApart: false, near: near ? nearDefaults : null, limit: 1000 }));
  const at = (source: number, index: number) => {
    const { split, sentences } = sources([])[source] ?? { split: 'train', sentences: [] };
    const { tokens, mentions } = sentences[index] ?? { tokens: [], mentions: [] };
    return { task: Math.floor(source / 3), split, index, tokens, mentions };
  };
  return { lab: bench.lab, sets, category: sets.category, sources, missed, conflicts, pairs, at, test };
}

describe('questions about labels', () => {
  it('rank what is predicted and known, and not annotated in the test', async () => {
    const { lab, sets, missed, test } = await benchWithLabels();
    expect(missed.length).toBeGreaterThan(1);
    const expected = missed.map((one) => ({ ...one, ...test[one.sentence] }));
    const ask = (first: number, count: number) => lab.analyse('missedLabels', { sets, first, count }).answer;
    expect(await ask(0, 100)).toEqual({ total: missed.length, missed: expected });
    expect(await ask(1, 1)).toEqual({ total: missed.length, missed: expected.slice(1, 2) });
  });

  it('list conflicts by scope and text, and the places of each', async () => {
    const { lab, category, conflicts, at } = await benchWithLabels();
    const all = conflicts(['0', '1']).conflicts;
    expect(all.length).toBeGreaterThan(3);
    const without = all.map(({ occurrences: _places, ...conflict }) => conflict);
    const isInside = (text: string) =>
      [0, 1].some((task) => {
        const places = all.find((one) => one.text === text)?.occurrences ?? [];
        return new Set(places.flatMap(({ source, label }) => (at(source, 0).task === task ? [label] : []))).size > 1;
      });
    const scopes = {
      all: without,
      inside: without.filter(({ text }) => isInside(text)),
      across: without.filter(({ text }) => !isInside(text)),
    };
    expect(scopes.inside.length).toBeGreaterThan(0);
    for (const scope of ['all', 'inside', 'across'] as const) {
      const page = { category, scope, find: '', first: 0, count: 100 };
      const found = scopes[scope];
      const answer = lab.analyse('labelConflicts', page).answer;
      expect(await answer).toEqual({ total: found.length, left: 0, conflicts: found });
      const second = await lab.analyse('labelConflicts', { ...page, first: 1, count: 1 }).answer;
      expect(second?.conflicts).toEqual(found.slice(1, 2));
      const sought = await lab.analyse('labelConflicts', { ...page, find: 'MOSS' }).answer;
      expect(sought?.conflicts).toEqual(found.filter(({ text }) => /moss/i.test(text)));
    }
    for (const { text, occurrences: places } of all) {
      for (const which of ['all', 'usual', 'other'] as const) {
        const found = places
          .filter(({ isUsual }) => which === 'all' || isUsual === (which === 'usual'))
          .map(({ source, sentence, start, label, isUsual }) => ({ ...at(source, sentence), start, label, isUsual }));
        const ask = (first: number, count: number) =>
          lab.analyse('conflictOccurrences', { category, text, which, first, count }).answer;
        expect(await ask(0, 100)).toEqual({ total: found.length, occurrences: found });
        expect((await ask(1, 2))?.occurrences).toEqual(found.slice(1, 3));
      }
    }
  });

  it.each([false, true])('list pairs of like sentences, near ones %s', async (near) => {
    const { lab, category, pairs, at } = await benchWithLabels();
    const expected = pairs(near).pairs.map(({ kind, similarity, left, right, onlyLeft, onlyRight }) => ({
      kind,
      similarity,
      sides: [
        { ...at(left.source, left.sentence), only: onlyLeft },
        { ...at(right.source, right.sentence), only: onlyRight },
      ],
    }));
    expect(expected.length).toBeGreaterThan(0);
    const ask = (first: number, count: number) => lab.analyse('labelPairs', { category, near, first, count }).answer;
    expect(await ask(0, 100)).toEqual({ total: expected.length, left: 0, pairs: expected });
    expect((await ask(1, 1))?.pairs).toEqual(expected.slice(1, 2));
  });

  it('make one list of everything, page by page, without missed labels where nothing is predicted', async () => {
    const { lab, sets, category, sources, missed, conflicts, pairs } = await benchWithLabels();
    const names = ['north', 'south'];
    const ofLabels = [...conflictRows(conflicts(names), sources(names)), ...pairRows(pairs(true), sources(names))];
    const all = [...missedRows(missed, 'north'), ...ofLabels];
    const query = { category, names, near: true, sets };
    const ask = (first: number, count: number) => lab.analyse('labelReview', { ...query, first, count }).answer;
    expect(await ask(0, 1000)).toEqual({ total: all.length, rows: all });
    expect(await ask(2, 3)).toEqual({ total: all.length, rows: all.slice(2, 5) });
    const unpredicted = await lab.analyse('labelReview', { ...query, sets: null, first: 0, count: 1000 }).answer;
    expect(unpredicted?.rows).toEqual(ofLabels);
  });
});
