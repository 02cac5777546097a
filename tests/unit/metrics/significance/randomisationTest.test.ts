// Proves the randomisation test against an enumeration of all swaps, and that its p-values are uniform under the null hypothesis.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spanScore, type SentenceCounts, type SpanCounts } from '../../../../src/metrics/scores/spanScore.ts';
import type { PairedCounts } from '../../../../src/metrics/significance/bootstrapIntervals.ts';
import { randomisationTest } from '../../../../src/metrics/significance/significance.ts';
import { Rng } from '../../../../src/util/random.ts';
import { simulatedGold, simulatedSystem, smallPairs } from './simulatedCounts.ts';

/** The share of all swaps of all sentences, equal ones too, that differ at least as much: a tree of choices, scored like conlleval at its leaves. */
function byEnumeration(pairs: readonly PairedCounts[]): number {
  const sentences = pairs[0]?.a.gold.length ?? 0;
  const none = { gold: 0, predicted: 0, correct: 0 };
  const plus = (total: SpanCounts, counts: SentenceCounts, sentence: number): SpanCounts => ({
    gold: total.gold + (counts.gold[sentence] ?? 0),
    predicted: total.predicted + (counts.predicted[sentence] ?? 0),
    correct: total.correct + (counts.correct[sentence] ?? 0),
  });
  const leaves: number[] = [];
  const choose = (sentence: number, totals: readonly { readonly a: SpanCounts; readonly b: SpanCounts }[]): void => {
    if (sentence === sentences) {
      const differences = totals.map(({ a, b }) => spanScore(a).f1 - spanScore(b).f1);
      leaves.push(Math.abs(differences.reduce((sum, difference) => sum + difference, 0) / pairs.length));
      return;
    }
    for (const isSwapped of [false, true]) {
      const next = pairs.map(({ a, b }, pair) => {
        const total = totals[pair] ?? { a: none, b: none };
        return { a: plus(total.a, isSwapped ? b : a, sentence), b: plus(total.b, isSwapped ? a : b, sentence) };
      });
      choose(sentence + 1, next);
    }
  };
  choose(0, []);
  const observed = leaves[0] ?? NaN;
  return leaves.filter((difference) => difference > observed - 1e-7).length / leaves.length;
}

const rng = Rng.seeded(20_26);

describe('randomisationTest', () => {
  it('counts all swaps where few sentences differ', () => {
    fc.assert(
      fc.property(smallPairs(7), (pairs) => {
        const found = randomisationTest(pairs, { draws: 10, rng });
        expect(found.p).toBeCloseTo(byEnumeration(pairs), 12);
        expect(found).toMatchObject({ exact: true, swaps: 2 ** found.differing });
      }),
      { numRuns: 200 },
    );
  });

  it('is certain of nothing between equal systems', () => {
    const gold = Int32Array.of(1, 2, 0);
    const system = { gold, predicted: Int32Array.of(1, 1, 1), correct: Int32Array.of(1, 1, 0) };
    expect(randomisationTest([{ a: system, b: system }], { draws: 10, rng })).toEqual({
      p: 1,
      exact: true,
      swaps: 1,
      differing: 0,
    });
  });

  it('draws close to the exact p where many differ', () => {
    const draws = 20_000;
    // 17 sentences, all differing: one more than the limit for exact counting.
    const gold = new Int32Array(17).fill(3);
    for (const [name, gained] of [
      ['one seed', [1, -1, 1, 2, -2, 1, 1, -1, 2, 1, -1, 1, 1, -2, 1, 1, -1]],
      ['clear', [1, 1, 1, 2, 1, 1, 1, -1, 2, 1, -1, 1, 1, 2, 1, 1, -1]],
    ] as const) {
      const b = { gold, predicted: new Int32Array(17).fill(2), correct: new Int32Array(17).fill(1) };
      const pairs = [1, 0].map((extra) => ({
        a: {
          gold,
          predicted: b.predicted.map((count) => count + extra),
          correct: b.correct.map((count, index) => Math.min(2, Math.max(0, count + (gained[index] ?? 0)))),
        },
        b,
      }));
      const exact = byEnumeration(pairs);
      const found = randomisationTest(pairs, { draws, rng: rng.fork(name) });
      expect(found).toMatchObject({ exact: false, swaps: draws, differing: 17 });
      // Four standard deviations of the sampled share.
      expect(Math.abs(found.p - exact)).toBeLessThan(4 * Math.sqrt((exact * (1 - exact)) / draws) + 1 / draws);
      expect(randomisationTest(pairs, { draws, rng: rng.fork(name) })).toEqual(found);
    }
  });

  it('has uniform p-values between systems that differ by chance alone', () => {
    const sets = 400;
    const draw = rng.fork('null');
    const found = Array.from({ length: sets }, () => {
      const gold = simulatedGold(80, draw);
      const pairs = [1, 2].map(() => ({
        a: simulatedSystem(gold, draw, 0.7, 0.3),
        b: simulatedSystem(gold, draw, 0.7, 0.3),
      }));
      return randomisationTest(pairs, { draws: 399, rng: draw }).p;
    }).sort((left, right) => left - right);
    // Kolmogorov-Smirnov distance; 1.95 / sqrt(n) is exceeded once in a thousand.
    const distance = Math.max(...found.map((p, index) => Math.abs(p - (index + 0.5) / sets)));
    expect(distance).toBeLessThan(1.95 / Math.sqrt(sets));
  });

  it('has small p-values between systems that do differ', () => {
    const draw = rng.fork('different');
    const gold = simulatedGold(400, draw);
    const pairs = [{ a: simulatedSystem(gold, draw, 0.85, 0.2), b: simulatedSystem(gold, draw, 0.7, 0.2) }];
    expect(randomisationTest(pairs, { draws: 999, rng: draw }).p).toBe(1 / 1000);
  });

  it('refuses nothing, and counts of other sentences', () => {
    const counts = (...gold: number[]) => {
      const found = Int32Array.from(gold);
      return { gold: found, predicted: found, correct: found };
    };
    const test = (...pairs: PairedCounts[]) => randomisationTest(pairs, { draws: 10, rng });
    const refused = (code: string) => expect.objectContaining({ code });
    expect(() => test()).toThrow(refused('significance/empty'));
    expect(() => test({ a: counts(1, 2), b: counts(1) })).toThrow(refused('significance/sentences'));
    expect(() => test({ a: counts(1, 2), b: counts(1, 3) })).toThrow(refused('significance/sentences'));
    expect(() => test({ a: counts(1), b: counts(1) }, { a: counts(2), b: counts(2) })).toThrow(
      refused('significance/sentences'),
    );
  });
});
