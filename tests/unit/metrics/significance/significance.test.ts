// Proves each verdict on a difference with counts constructed for it, against manually calculated figures.
import { describe, expect, it } from 'vitest';
import type { SentenceCounts } from '../../../../src/metrics/scores/spanScore.ts';
import { significanceDefaults, type PairedTraining } from '../../../../src/metrics/significance/bootstrapIntervals.ts';
import { pairedSpread, significance, type Significance } from '../../../../src/metrics/significance/significance.ts';

const sentences = 200;

/** A system that finds exactly the one mention of each of the first `found` sentences and nothing else: F1 is 200 found / (200 + found). */
function finds(found: number): SentenceCounts {
  const correct = Int32Array.from({ length: sentences }, (_, sentence) => (sentence < found ? 1 : 0));
  return { gold: new Int32Array(sentences).fill(1), predicted: correct, correct };
}

const f1Of = (found: number) => (200 * found) / (sentences + found);

/** One training of each system, seeds counted from 1. */
const seeds = (...found: readonly (readonly [number, number])[]): PairedTraining[] =>
  found.map(([a, b], index) => ({ seed: index + 1, round: 0, a: finds(a), b: finds(b), snapshots: [] }));

function judge(comparisons: readonly PairedTraining[][], options: Partial<typeof significanceDefaults> = {}) {
  const steps = significance(comparisons, { ...significanceDefaults, draws: 1999, resamples: 199, ...options });
  const progress = [];
  for (;;) {
    const step = steps.next();
    if (step.done) return { progress, results: step.value };
    progress.push(step.value);
  }
}

const one = (trainings: PairedTraining[]): Significance => {
  const [result] = judge([trainings]).results;
  if (result === undefined) throw new Error('no result');
  return result;
};

describe('significance', () => {
  it('says sentences where a few of them make the difference', () => {
    const result = one(seeds([103, 100], [104, 101], [102, 99]));
    expect(result.verdict).toBe('sentences');
    // A is ahead on each of the differing sentences, 99 to 103, so only with none or all of them swapped is it as far ahead.
    expect(result.sentences).toMatchObject({ p: 2 / 32, exact: true, differing: 5, swaps: 32 });
  });

  it('says oneSeed where nothing is known of seeds, however many rounds there are', () => {
    const rounds = seeds([150, 100], [151, 99]).map((training, round) => ({ ...training, seed: 1, round }));
    const result = one(rounds);
    expect(result).toMatchObject({ verdict: 'oneSeed', seeds: null });
    expect(result.p).toBe(result.sentences.p);
    expect(result.spread.rounds?.deviation).not.toBeNull();
    expect(result.spread.seeds).toMatchObject({ count: 1, deviation: null });
  });

  it('says seeds where they differ more than the systems', () => {
    const result = one(seeds([150, 100], [101, 100], [120, 100]));
    expect(result.sentences.p).toBeLessThan(0.05);
    expect(result.verdict).toBe('seeds');
    expect(result.p).toBe(result.seeds?.p);
    expect(result.difference.mean).toBeLessThan(result.seeds?.halfWidth ?? 0);
  });

  it('says yes where the difference is more than both', () => {
    const result = one(seeds([150, 100], [148, 101], [151, 99]));
    expect(result).toMatchObject({ verdict: 'yes', family: 1 });
    expect(result.a.mean).toBeCloseTo((f1Of(150) + f1Of(148) + f1Of(151)) / 3, 10);
    expect(result.b.mean).toBeCloseTo((f1Of(100) + f1Of(101) + f1Of(99)) / 3, 10);
    expect(result.difference.mean).toBeCloseTo(result.a.mean - result.b.mean, 10);
    for (const { low, mean, high } of [result.a, result.b, result.difference]) {
      expect(low).toBeLessThan(mean);
      expect(mean).toBeLessThan(high);
    }
  });

  it('is, for one comparison, the rule of t times the standard error', () => {
    for (const second of [101, 103, 105, 110, 120, 130, 140, 145]) {
      const result = one(seeds([150, 100], [second, 100], [150, 100]));
      const beyond = Math.abs(result.difference.mean) > (result.seeds?.halfWidth ?? NaN);
      expect(result.verdict).toBe(beyond ? 'yes' : 'seeds');
    }
    expect(one(seeds([150, 100], [101, 100], [150, 100])).verdict).toBe('seeds');
    expect(one(seeds([150, 100], [145, 100], [150, 100])).verdict).toBe('yes');
  });

  it('tests two seeds with t of one degree of freedom', () => {
    const { seeds: test, spread } = one(seeds([150, 100], [140, 100]));
    expect(test?.count).toBe(2);
    expect(test?.halfWidth).toBeCloseTo((12.7062 * (spread.seeds?.deviation ?? NaN)) / Math.SQRT2, 3);
  });

  it('takes back a yes among many comparisons, and judges in order with progress', () => {
    const clear = seeds([150, 100], [125, 100], [151, 101]);
    const nothing = seeds([100, 100], [100, 100], [101, 101]);
    expect(one(clear).verdict).toBe('yes');
    const many = judge([nothing, clear, ...Array.from({ length: 8 }, () => nothing)]);
    expect(many.results.map(({ verdict }) => verdict)).toEqual(['sentences', 'seeds', ...Array(8).fill('sentences')]);
    expect(many.results[1]).toMatchObject({ family: 10, p: one(clear).p });
    expect(many.results[1]?.adjusted).toBeCloseTo(10 * one(clear).p, 10);
    expect(many.progress[0]).toEqual({ phase: 'testing significance', done: 1, of: 10 });
    expect(many.progress).toHaveLength(10);
  });

  it('gives equal systems p of 1', () => {
    expect(one(seeds([100, 100], [90, 90]))).toMatchObject({
      p: 1,
      verdict: 'sentences',
      difference: { mean: 0, low: 0, high: 0 },
    });
  });
});

describe('pairedSpread', () => {
  it('keeps seeds, rounds and snapshots apart', () => {
    const spread = pairedSpread([
      { seed: 1, difference: 1, snapshots: [1, 3] },
      { seed: 1, difference: 3, snapshots: [] },
      { seed: 2, difference: 5, snapshots: [4, 5, 6] },
      { seed: 2, difference: 9, snapshots: [] },
    ]);
    expect(spread).toEqual({
      trainings: { mean: 4.5, deviation: Math.sqrt((3.5 ** 2 + 1.5 ** 2 + 0.5 ** 2 + 4.5 ** 2) / 3), count: 4 },
      // Means 2 and 7 of the seeds.
      seeds: { mean: 4.5, deviation: Math.sqrt(12.5), count: 2 },
      // Squares 2 and 8 over one degree of freedom each.
      rounds: { mean: 4.5, deviation: Math.sqrt(10 / 2), count: 4 },
      // Squares 2 and 2 over one and two degrees of freedom.
      snapshots: { mean: 19 / 5, deviation: Math.sqrt(4 / 3), count: 5 },
    });
  });

  it('has no deviation where there is one of a kind', () => {
    expect(pairedSpread([{ seed: 1, difference: 2, snapshots: [] }])).toEqual({
      trainings: { mean: 2, deviation: null, count: 1 },
      seeds: { mean: 2, deviation: null, count: 1 },
      rounds: { mean: 2, deviation: null, count: 1 },
      snapshots: null,
    });
  });
});
