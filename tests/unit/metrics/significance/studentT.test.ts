// Proves Student's t against printed tables and against SciPy.
import { describe, expect, it } from 'vitest';
import { criticalStudentT, pOfStudentT } from '../../../../src/metrics/significance/significance.ts';

describe('criticalStudentT', () => {
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, columns .975 and .995.
  it.each([
    [1, 12.706, 63.657],
    [2, 4.303, 9.925],
    [3, 3.182, 5.841],
    [4, 2.776, 4.604],
    [5, 2.571, 4.032],
    [9, 2.262, 3.25],
    [10, 2.228, 3.169],
    [29, 2.045, 2.756],
    [30, 2.042, 2.75],
    [100, 1.984, 2.626],
  ])('with %i degrees of freedom is %f and %f in the table', (freedom, ofFive, ofOne) => {
    expect(criticalStudentT(0.95, freedom)).toBeCloseTo(ofFive, 3);
    expect(criticalStudentT(0.99, freedom)).toBeCloseTo(ofOne, 3);
  });
});

describe('pOfStudentT', () => {
  // scipy.stats.t.sf of SciPy 1.17.1, doubled.
  it.each([
    [2.5, 1, 0.24223788318168682],
    [-2.5, 2, 0.12961172022151082],
    [4.303, 2, 0.0499925249852145],
    [1.2, 3, 0.31626211469810517],
    [3.1, 4, 0.03622111103743915],
    [0.4, 7, 0.701081667170405],
    [2.2, 10, 0.05244106844935316],
    [6, 19, 8.979235472490839e-6],
  ])('of %f with %i degrees of freedom is %f', (t, freedom, p) => {
    expect(pOfStudentT(t, freedom)).toBeCloseTo(p, 13);
  });

  it('runs from 1 to 0', () => {
    for (const freedom of [1, 2, 5, 8]) {
      expect(pOfStudentT(0, freedom)).toBe(1);
      expect(pOfStudentT(Infinity, freedom)).toBeCloseTo(0, 15);
    }
  });
});
