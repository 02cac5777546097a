// Proves scores by length and by frequency on hand-made mentions, and that strata add up to all mentions.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mention } from '../../../src/data/corpus/corpus.ts';
import { lenientMentions } from '../../../src/data/corpus/tagSequences.ts';
import { seenBorders, strataByFrequency, strataByLength, type StratumScore } from '../../../src/metrics/errorKinds.ts';
import { conlleval } from '../../../src/metrics/scores/scoreSplit.ts';
import { tagSequence } from '../data/corpus/taggedTexts.ts';

const at = (start: number, end: number, type = 'C'): Mention => ({ type, start, end });
const countsOf = (strata: readonly StratumScore[]) =>
  strata.map(({ score: { gold, predicted, correct } }) => [gold, predicted, correct]);

const scored = {
  tokens: [
    ['the', 'brown', 'rice', 'and', 'oats', '.'],
    ['Brown', 'rice', 'or', 'oats', 'or', 'rye'],
  ],
  gold: [
    [at(1, 3), at(4, 5)],
    [at(0, 2), at(3, 4)],
  ],
  predicted: [
    [at(1, 3), at(4, 6)],
    [at(1, 2), at(3, 4), at(5, 6)],
  ],
};

describe('strataByLength', () => {
  it('sorts gold and predicted mentions each by their own length', () => {
    const strata = strataByLength(scored);
    expect(strata.map(({ from, to }) => [from, to])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
      [5, null],
    ]);
    expect(countsOf(strata)).toEqual([
      [2, 3, 1],
      [2, 2, 1],
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(strata[0]?.score).toMatchObject({ recall: 50, precision: 100 / 3 });
  });

  it('puts whatever is longer into the last', () => {
    expect(countsOf(strataByLength({ gold: [[at(0, 40)]], predicted: [[at(0, 40)]] }))[4]).toEqual([1, 1, 1]);
  });
});

describe('strataByFrequency', () => {
  const frequencies = new Map([
    ['brown rice', 4],
    ['oats', 20],
    ['rice', 1],
  ]);

  it('sorts by the exact string, in its own case', () => {
    // Gold: brown rice, oats, Brown rice, oats; predicted: brown rice, "oats .", rice, oats, rye.
    expect(countsOf(strataByFrequency(scored, frequencies))).toEqual([
      [1, 2, 0],
      [0, 1, 0],
      [1, 1, 1],
      [0, 0, 0],
      [2, 1, 1],
    ]);
  });

  it('tells unseen from seen', () => {
    const [unseen, seen] = strataByFrequency(scored, frequencies, seenBorders);
    expect(unseen).toMatchObject({ from: 0, to: 0, score: { gold: 1, predicted: 2, correct: 0 } });
    expect(seen).toMatchObject({ from: 1, to: null, score: { gold: 3, predicted: 3, correct: 2 } });
  });
});

describe('strata', () => {
  const sentence = tagSequence(['B', 'I']).chain((gold) =>
    fc.record({
      gold: fc.constant(gold),
      predicted: fc.array(fc.constantFrom('O', 'B-C', 'I-C', 'I-D'), {
        minLength: gold.length,
        maxLength: gold.length,
      }),
      tokens: fc.array(fc.constantFrom('x', 'y', 'z'), { minLength: gold.length, maxLength: gold.length }),
    }),
  );
  const rising = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 4 });

  it('add up to the counts of conlleval, wherever the borders are', () => {
    const seen = fc.dictionary(fc.constantFrom('x', 'y', 'x y', 'y y', 'z'), fc.nat(9));
    fc.assert(
      fc.property(fc.array(sentence, { maxLength: 5 }), seen, rising, (sentences, known, borders) => {
        const gold = sentences.map((tagged) => tagged.gold);
        const predicted = sentences.map((tagged) => tagged.predicted);
        const mentions = {
          tokens: sentences.map(({ tokens }) => tokens),
          gold: gold.map(lenientMentions),
          predicted: predicted.map(lenientMentions),
        };
        const rest = borders.toSorted((left, right) => left - right);
        const all = conlleval(gold, predicted).entities.overall;
        for (const strata of [
          strataByLength(mentions, [0, ...rest]),
          strataByFrequency(mentions, new Map(Object.entries(known)), [0, ...rest]),
        ]) {
          const sums = [0, 1, 2].map((column) => countsOf(strata).reduce((sum, row) => sum + (row[column] ?? 0), 0));
          expect(sums).toEqual([all.gold, all.predicted, all.correct]);
          for (const { score } of strata) {
            expect(score.correct).toBeLessThanOrEqual(Math.min(score.gold, score.predicted));
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('refuse borders that do not rise, and mentions below the first', () => {
    const refused = (code: string) => expect.objectContaining({ code });
    expect(() => strataByLength(scored, [])).toThrow(refused('strata/borders'));
    expect(() => strataByLength(scored, [1, 1])).toThrow(refused('strata/borders'));
    expect(() => strataByLength(scored, [2, 3])).toThrow(refused('strata/outside'));
    expect(() => strataByFrequency({ ...scored, tokens: [] }, new Map())).toThrow(refused('metrics/sentences'));
    expect(() => strataByLength({ gold: [[]], predicted: [] })).toThrow(refused('metrics/sentences'));
  });
});
