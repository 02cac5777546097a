// Proves when a quantity agrees with its reference: sums by their size, other forward quantities absolutely, gradients relatively.
import { describe, expect, it } from 'vitest';
import { compare, sumTolerance } from '../../../../scripts/parity/referenceCase.ts';

const passes = (got: number, expected: number, kind: 'forward' | 'sum' | 'gradient') =>
  compare('x', [got], [expected], kind).passed;

describe('sums over pieces', () => {
  it('pass at a millionth of themselves', () => {
    expect(passes(5000.004, 5000, 'sum')).toBe(true);
    expect(passes(-5000.006, -5000, 'sum')).toBe(false);
    expect(passes(5000.004, 5000, 'forward')).toBe(false);
  });

  it('keep the absolute bound where they are small', () => {
    expect(sumTolerance(0.5)).toBe(1e-4);
    expect(passes(0.50009, 0.5, 'sum')).toBe(true);
    expect(passes(0.50011, 0.5, 'sum')).toBe(false);
  });

  it('are compared one by one: a large one excuses no other', () => {
    expect(compare('x', [5000, 1.001], [5000, 1], 'sum').passed).toBe(false);
  });

  it('fail where one is no number', () => {
    expect(passes(NaN, 5000, 'sum')).toBe(false);
    expect(passes(NaN, 1, 'forward')).toBe(false);
  });
});

describe('other quantities', () => {
  it('pass at 1e-4 whatever their size, and only where they count', () => {
    expect(passes(1.00009, 1, 'forward')).toBe(true);
    expect(passes(1.00011, 1, 'forward')).toBe(false);
    expect(compare('x', [1, 9], [1, 2], 'forward', (index) => index === 0).passed).toBe(true);
  });

  it('pass at a thousandth where they are gradients', () => {
    expect(passes(10.009, 10, 'gradient')).toBe(true);
    expect(passes(10.011, 10, 'gradient')).toBe(false);
    expect(passes(9e-6, 1e-14, 'gradient')).toBe(true);
  });
});
