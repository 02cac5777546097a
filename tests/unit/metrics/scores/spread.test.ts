// Proves means and standard deviations against manual calculations.
import { describe, expect, it } from 'vitest';
import { mean, spread, spreadWithin } from '../../../../src/metrics/scores/spanScore.ts';

describe('mean', () => {
  it('is the sum over the count, and nothing for no values', () => {
    expect(mean([1, 2, 6])).toBe(3);
    expect(mean([])).toBeNull();
  });
});

describe('spread', () => {
  it('is the mean and the sample standard deviation', () => {
    expect(spread([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, deviation: Math.sqrt(32 / 7), count: 8 });
    expect(spread([88.26])).toEqual({ mean: 88.26, deviation: null, count: 1 });
    expect(spread([])).toBeNull();
  });
});

describe('spreadWithin', () => {
  it('pools squares over degrees of freedom, so that what differs between groups does not count', () => {
    // Squares 2 around 11 and 2 + 0 + 2 around 52: sqrt((2 + 8) / (1 + 2)).
    expect(
      spreadWithin([
        [10, 12],
        [50, 52, 54],
      ]),
    ).toEqual({ mean: 178 / 5, deviation: Math.sqrt(10 / 3), count: 5 });
    expect(
      spreadWithin([
        [10, 12],
        [90, 92],
      ])?.deviation,
    ).toBe(Math.sqrt(4 / 2));
  });

  it('has no deviation without two values in a group', () => {
    expect(spreadWithin([[1], [2]])).toEqual({ mean: 1.5, deviation: null, count: 2 });
    expect(spreadWithin([[], []])).toBeNull();
  });
});
