// Proves calibration errors against sums by hand, and the temperature against a search over the likelihood.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atTemperature, calibrationOf, fitTemperature, type MentionOutcome } from '../../../src/metrics/calibration.ts';
import { Rng } from '../../../src/util/random.ts';

const mention = fc.record({ confidence: fc.double({ min: 0, max: 1, noNaN: true }), isCorrect: fc.boolean() });
const mentions = fc.array(mention, { minLength: 1, maxLength: 40 });

describe('calibration', () => {
  it('of five mentions is that of a sum by hand', () => {
    const { bins, expectedError, brier } = calibrationOf([
      { confidence: 0.95, isCorrect: true },
      { confidence: 0.91, isCorrect: false },
      { confidence: 1, isCorrect: true },
      { confidence: 0.3, isCorrect: false },
      { confidence: 0.36, isCorrect: true },
    ]);
    expect(bins[9]).toMatchObject({ from: 0.9, to: 1, mentions: 3, accuracy: 2 / 3 });
    expect(bins[9]?.confidence).toBeCloseTo(2.86 / 3, 12);
    expect(bins[3]).toMatchObject({ mentions: 2, accuracy: 0.5 });
    expect(bins[3]?.confidence).toBeCloseTo(0.33, 12);
    expect(bins.filter((bin) => bin.mentions === 0).every((bin) => bin.accuracy === null)).toBe(true);
    expect(expectedError).toBeCloseTo((3 * (2.86 / 3 - 2 / 3) + 2 * (0.5 - 0.33)) / 5, 12);
    expect(brier).toBeCloseTo((0.05 ** 2 + 0.91 ** 2 + 0 + 0.3 ** 2 + 0.64 ** 2) / 5, 12);
  });

  it('has Wilson’s interval: 8 of 10 is 0.490 to 0.943', () => {
    const ten = Array.from({ length: 10 }, (_, index) => ({ confidence: 0.85, isCorrect: index < 8 }));
    const [low = 0, high = 0] = calibrationOf(ten).bins[8]?.interval ?? [];
    expect([low.toFixed(3), high.toFixed(3)]).toEqual(['0.490', '0.943']);
  });

  it('counts every mention in one bin', () => {
    fc.assert(
      fc.property(mentions, (some) => {
        const { bins, mentions: total } = calibrationOf(some);
        expect(bins.reduce((sum, bin) => sum + bin.mentions, 0)).toBe(total);
        for (const { from, to, confidence } of bins) {
          if (confidence !== null) expect(confidence >= from - 1e-12 && confidence <= to + 1e-12).toBe(true);
        }
      }),
    );
  });
});

/** The negative log-likelihood of the outcomes. */
function surprise(some: readonly MentionOutcome[], temperature: number): number {
  return some.reduce((sum, { confidence, isCorrect }) => {
    const p = atTemperature(confidence, temperature);
    return sum - Math.log(isCorrect ? p : 1 - p);
  }, 0);
}

describe('a temperature', () => {
  it('makes the outcomes at least as likely as any of a fine grid', () => {
    const grid = Array.from({ length: 400 }, (_, step) => 0.05 * (20 / 0.05) ** (step / 399));
    fc.assert(
      fc.property(mentions, (some) => {
        const least = surprise(some, fitTemperature(some));
        for (const temperature of grid) expect(least).toBeLessThanOrEqual(surprise(some, temperature) + 1e-6);
      }),
    );
  });

  it('is found again where confidences were made too sure by it', () => {
    const rng = Rng.seeded(3);
    const drawn = Array.from({ length: 20_000 }, () => {
      const truth = 0.02 + 0.96 * rng.uniform();
      return { confidence: atTemperature(truth, 1 / 2.5), isCorrect: rng.uniform() < truth };
    });
    const temperature = fitTemperature(drawn);
    expect(temperature).toBeGreaterThan(2.35);
    expect(temperature).toBeLessThan(2.65);
    const corrected = drawn.map((one) => ({ ...one, confidence: atTemperature(one.confidence, temperature) }));
    expect(calibrationOf(drawn).expectedError).toBeGreaterThan(0.1);
    expect(calibrationOf(corrected).expectedError).toBeLessThan(0.02);
  });

  it('stays within bounds where all are correct, none are, or there are none', () => {
    const sure = (isCorrect: boolean) => [{ confidence: 0.9, isCorrect }];
    expect(fitTemperature(sure(true))).toBeCloseTo(0.05, 6);
    expect(fitTemperature(sure(false))).toBeCloseTo(20, 6);
    expect(fitTemperature([])).toBe(1);
  });

  it('keeps the order of confidences', () => {
    fc.assert(
      fc.property(mention, mention, fc.double({ min: 0.05, max: 20, noNaN: true }), (left, right, temperature) => {
        const [low, high] = [left.confidence, right.confidence].sort((one, two) => one - two);
        expect(atTemperature(low ?? 0, temperature)).toBeLessThanOrEqual(atTemperature(high ?? 0, temperature));
      }),
    );
  });
});
