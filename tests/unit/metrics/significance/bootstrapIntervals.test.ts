// Proves that bootstrap intervals have the stated coverage on simulated systems, and equal plain resampling.
import { describe, expect, it } from 'vitest';
import { spanScore, type SentenceCounts } from '../../../../src/metrics/scores/spanScore.ts';
import { bootstrapIntervals } from '../../../../src/metrics/significance/bootstrapIntervals.ts';
import { Rng } from '../../../../src/util/random.ts';
import { simulatedGold, simulatedSystem } from './simulatedCounts.ts';

/** F1 in percent of `simulatedSystem` over infinitely many sentences of `simulatedGold`, 1.5 mentions per sentence. */
const trueF1 = (recall: number, spurious: number) => (200 * 1.5 * recall) / (1.5 + 1.5 * recall + spurious);

describe('bootstrapIntervals', () => {
  it('are the quantiles of plainly drawn sentences', () => {
    const rng = Rng.seeded(7);
    const gold = simulatedGold(30, rng);
    const pairs = [1, 2].map(() => ({
      a: simulatedSystem(gold, rng, 0.8, 0.3),
      b: simulatedSystem(gold, rng, 0.6, 0.1),
    }));
    const draw = rng.fork('plain');
    const f1 = (counts: SentenceCounts, drawn: readonly number[]) => {
      const total = (what: keyof SentenceCounts) => drawn.reduce((sum, at) => sum + (counts[what][at] ?? 0), 0);
      return spanScore({ gold: total('gold'), predicted: total('predicted'), correct: total('correct') }).f1;
    };
    const resamples = Array.from({ length: 101 }, () => {
      const drawn = Array.from(gold, () => draw.integer(gold.length));
      const [a = 0, b = 0] = (['a', 'b'] as const).map(
        (side) => pairs.reduce((sum, pair) => sum + f1(pair[side], drawn), 0) / pairs.length,
      );
      return { a, b, difference: a - b };
    });
    const found = bootstrapIntervals(pairs, { draws: 101, level: 0.9, rng: rng.fork('plain') });
    for (const what of ['a', 'b', 'difference'] as const) {
      // Of 101 values in order, 5 % and 95 % are those with five before and after them.
      const ordered = resamples.map((resample) => resample[what]).sort((left, right) => left - right);
      expect(found[what].low).toBeCloseTo(ordered[5] ?? NaN, 9);
      expect(found[what].high).toBeCloseTo(ordered[95] ?? NaN, 9);
    }
  });

  it('cover the truth nineteen times in twenty', () => {
    const sets = 400;
    const rng = Rng.seeded(11);
    const [a, b] = [trueF1(0.8, 0.3), trueF1(0.7, 0.1)];
    const truth = { a, b, difference: a - b };
    const covered = { a: 0, b: 0, difference: 0 };
    for (let set = 0; set < sets; set++) {
      const gold = simulatedGold(120, rng);
      const pairs = [{ a: simulatedSystem(gold, rng, 0.8, 0.3), b: simulatedSystem(gold, rng, 0.7, 0.1) }];
      const found = bootstrapIntervals(pairs, { draws: 299, level: 0.95, rng });
      for (const what of ['a', 'b', 'difference'] as const) {
        if (found[what].low <= truth[what] && truth[what] <= found[what].high) covered[what]++;
      }
    }
    // Four standard deviations of a share of 400, on either side.
    const margin = 4 * Math.sqrt((0.95 * 0.05) / sets);
    for (const count of Object.values(covered)) {
      expect(count / sets).toBeGreaterThan(0.95 - margin);
      expect(count / sets).toBeLessThan(0.95 + margin);
    }
  });
});
