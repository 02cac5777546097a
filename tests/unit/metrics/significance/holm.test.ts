// Proves Holm's adjusted p-values against statsmodels and against the closed test of every subset.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holm } from '../../../../src/metrics/significance/significance.ts';

/** The largest Bonferroni p of any subset that contains the comparison (Marcus, Peritz and Gabriel 1976), which Holm's equals. */
function byClosedTest(pValues: readonly number[]): number[] {
  return pValues.map((_, index) => {
    let largest = 0;
    for (let subset = 1; subset < 2 ** pValues.length; subset++) {
      if (((subset >> index) & 1) === 0) continue;
      const inside = pValues.filter((_value, other) => ((subset >> other) & 1) === 1);
      largest = Math.max(largest, Math.min(1, inside.length * Math.min(...inside)));
    }
    return largest;
  });
}

describe('holm', () => {
  it('equals multipletests(method="holm") of statsmodels 0.15.0', () => {
    const adjusted = holm([0.012, 0.33, 0.0004, 0.049, 0.012, 0.8, 0.0031, 0.21]);
    [0.072, 0.66, 0.0032, 0.196, 0.072, 0.8, 0.0217, 0.63].forEach((p, index) => {
      expect(adjusted[index]).toBeCloseTo(p, 12);
    });
  });

  it('equals the closed test', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }), (pValues) => {
        const expected = byClosedTest(pValues);
        holm(pValues).forEach((p, index) => {
          expect(p).toBeCloseTo(expected[index] ?? NaN, 12);
        });
      }),
    );
  });

  it('leaves one comparison as it is', () => {
    expect(holm([0.04])).toEqual([0.04]);
    expect(holm([])).toEqual([]);
  });
});
