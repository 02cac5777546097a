// Proves that ticks are whole for what is counted, lie within the axis, and are neither too many nor missing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountAxis, countAxis, logAxis } from '../../../../src/ui/charts/chartStyle.ts';

describe('an axis of counts', () => {
  it.each([
    [1, 1, [1]],
    [1, 2, [1, 2]],
    [1, 5, [1, 2, 3, 4, 5]],
    [1, 30, [1, 5, 10, 15, 20, 25, 30]],
    [1, 100, [1, 20, 40, 60, 80, 100]],
    [0, 38, [0, 10, 20, 30]],
  ])('from %d to %d has ticks at %j', (low, high, ticks) => {
    expect(countAxis(low, high).ticks).toEqual(ticks);
  });

  it('has whole ticks within its bounds, at most eight', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 2_000_000 }), (low, more) => {
        const { domain, ticks } = countAxis(low, low + more);
        expect(ticks.every((tick) => Number.isInteger(tick) && tick >= domain[0] && tick <= domain[1])).toBe(true);
        expect(ticks.length).toBeGreaterThan(0);
        expect(ticks.length).toBeLessThanOrEqual(8);
      }),
      { seed: 17 },
    );
  });
});

describe('an axis of amounts', () => {
  it('begins at zero and ends at a round number above every value', () => {
    expect(amountAxis([0.4, 13.2])).toEqual({ domain: [0, 15], ticks: [0, 5, 10, 15] });
    expect(amountAxis([]).ticks).toEqual([0, 1]);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const { domain, ticks } = amountAxis(values);
        expect(domain[1]).toBeGreaterThanOrEqual(Math.max(...values) * (1 - 1e-9));
        expect(ticks.at(-1)).toBe(domain[1]);
        expect(ticks.length).toBeLessThanOrEqual(7);
      }),
      { seed: 17 },
    );
  });
});

describe('a logarithmic axis', () => {
  it('has powers of ten around positive values and leaves the others out', () => {
    expect(logAxis([0, -3, 0.02, 40])).toEqual({ domain: [0.01, 100], ticks: [0.01, 0.1, 1, 10, 100] });
    expect(logAxis([2, 9])).toEqual({ domain: [1, 10], ticks: [1, 2, 5, 10] });
    expect(logAxis([0]).domain).toEqual([0.1, 1]);
  });
});
