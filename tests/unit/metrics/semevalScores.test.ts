// Proves the four views of SemEval-2013 against nervaluate: its documented table, its own tests' numbers, and its results for invented mentions.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Mention } from '../../../src/data/corpus/corpus.ts';
import { SEMEVAL_VIEWS, semevalScores, type SemevalScore } from '../../../src/metrics/errorKinds.ts';
import * as z from '../../../src/util/zod.ts';

const at = (type: string, start: number, end: number): Mention => ({ type, start, end });

/** COR, INC, PAR, MIS, SPU. */
const countsOf = ({ correct, incorrect, partial, missed, spurious }: SemevalScore) => [
  correct,
  incorrect,
  partial,
  missed,
  spurious,
];

/** nervaluate's tests write boundaries with both ends inclusive. */
const inclusive = (type: string, start: number, last: number) => at(type, start, last + 1);

describe('semevalScores', () => {
  it('equals the table of nervaluate’s README, "Putting all together"', () => {
    // Its scenarios III, II, V, IV, I and VI, and the second correct mention in its totals (theophylline, from the article it
    // cites).
    const gold = [
      [at('BRAND', 0, 1)],
      [],
      [at('DRUG', 1, 2)],
      [at('DRUG', 0, 1)],
      [at('DRUG', 0, 1)],
      [at('DRUG', 0, 1)],
      [at('GROUP', 1, 2)],
    ];
    const predicted = [
      [],
      [at('BRAND', 0, 1)],
      [at('DRUG', 0, 2)],
      [at('BRAND', 0, 1)],
      [at('DRUG', 0, 1)],
      [at('DRUG', 0, 1)],
      [at('DRUG', 0, 2)],
    ];
    const scores = semevalScores(gold, predicted);
    expect(countsOf(scores.type)).toEqual([3, 2, 0, 1, 1]);
    expect(countsOf(scores.partial)).toEqual([3, 0, 2, 1, 1]);
    expect(countsOf(scores.exact)).toEqual([3, 2, 0, 1, 1]);
    expect(countsOf(scores.strict)).toEqual([2, 3, 0, 1, 1]);
    for (const [view, share] of [
      ['type', 1 / 2],
      ['partial', 2 / 3],
      ['exact', 1 / 2],
      ['strict', 1 / 3],
    ] as const) {
      for (const what of ['precision', 'recall', 'f1'] as const) {
        expect(scores[view][what]).toBeCloseTo(100 * share, 10);
      }
    }
  });

  it('equals nervaluate’s test_issue_29, a long mention found in two parts', () => {
    const gold = [[inclusive('PER', 1, 2), inclusive('PER', 3, 10)]];
    const predicted = [[inclusive('PER', 1, 2), inclusive('PER', 3, 5), inclusive('PER', 6, 10)]];
    const scores = semevalScores(gold, predicted);
    expect(countsOf(scores.strict)).toEqual([1, 1, 0, 0, 1]);
    expect(countsOf(scores.type)).toEqual([2, 0, 0, 0, 1]);
    expect(countsOf(scores.partial)).toEqual([1, 0, 1, 0, 1]);
    expect(countsOf(scores.exact)).toEqual([1, 1, 0, 0, 1]);
    expect(scores.strict.f1).toBeCloseTo(40, 10);
    expect(scores.type.f1).toBeCloseTo(80, 10);
    expect(scores.partial.recall).toBeCloseTo(75, 10);
    expect(scores.partial.f1).toBeCloseTo(60, 10);
  });

  it('equals nervaluate’s test_evaluator_compare_results_and_results_agg_1, a type that gold has not', () => {
    const gold = [[], [inclusive('ORG', 2, 4)], [inclusive('MISC', 2, 4)]];
    const predicted = [[inclusive('PER', 2, 4)], ...gold.slice(1)];
    for (const score of Object.values(semevalScores(gold, predicted))) {
      expect(countsOf(score)).toEqual([2, 0, 0, 0, 1]);
      expect(score.precision).toBeCloseTo(66.666666666666666, 10);
      expect(score.recall).toBe(100);
      expect(score.f1).toBeCloseTo(80, 10);
    }
  });

  it('equals nervaluate on 120 invented sentences, sentence by sentence and in all', () => {
    const mention = z.pipe(
      z.tuple([z.string(), z.number(), z.number()]),
      z.transform(([type, start, end]) => ({ type, start, end })),
    );
    const reference = z
      .object({
        scores: z.record(z.enum(SEMEVAL_VIEWS), z.record(z.string(), z.number())),
        sentences: z.array(
          z.object({
            gold: z.array(mention),
            predicted: z.array(mention),
            counts: z.record(z.enum(SEMEVAL_VIEWS), z.array(z.number())),
          }),
        ),
      })
      .parse(JSON.parse(readFileSync(new URL('../../fixtures/errors/nervaluate.json', import.meta.url), 'utf8')));
    expect(reference.sentences).toHaveLength(120);
    for (const { gold, predicted, counts } of reference.sentences) {
      const scores = semevalScores([gold], [predicted]);
      for (const view of SEMEVAL_VIEWS) expect(countsOf(scores[view])).toEqual(counts[view]);
    }
    const scores = semevalScores(
      reference.sentences.map(({ gold }) => gold),
      reference.sentences.map(({ predicted }) => predicted),
    );
    for (const view of SEMEVAL_VIEWS) {
      for (const what of ['precision', 'recall', 'f1'] as const) {
        expect(scores[view][what]).toBeCloseTo(100 * (reference.scores[view][what] ?? NaN), 9);
      }
    }
  });

  it('pairs with a mention of the same type before the first overlapped, unlike nervaluate up to 1.1.0', () => {
    const gold = [[at('protein', 0, 1), at('gene', 2, 5)]];
    const { type, strict, exact, partial } = semevalScores(gold, [[at('gene', 0, 5)]]);
    // nervaluate 1.1.0: [0, 1, 0, 1, 0].
    expect(countsOf(type)).toEqual([1, 0, 0, 1, 0]);
    // The same in both.
    expect([strict, exact, partial].map(countsOf)).toEqual([
      [0, 1, 0, 1, 0],
      [0, 1, 0, 1, 0],
      [0, 0, 1, 1, 0],
    ]);
  });

  it('scores 0 where there is nothing', () => {
    expect(semevalScores([], []).strict).toMatchObject({ precision: 0, recall: 0, f1: 0 });
  });
});
