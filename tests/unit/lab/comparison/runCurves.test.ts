// Proves that smoothing keeps what is constant and undoes nothing, and that a thinned curve keeps its ends, its extremes and its order.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { develCurve, lossCurve, smoothed, thinned } from '../../../../src/lab/comparison/comparisonCurves.ts';
import { fakeCorpus, fakeCorpusSentences, fakeModel, fakeRun } from '../../../fixtures/fakeRecords.ts';

const points = (values: readonly number[]) => values.map((y, x) => ({ x, y }));
const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });

describe('smoothing', () => {
  it('starts at the first value and follows with the weight of the past', () => {
    expect(smoothed(points([4, 0]), 0.5).map(({ y }) => y)).toEqual([4, 4 / 3]);
  });

  it('changes nothing without weight, and nothing of a constant curve', () => {
    const curve = points([3, 1, 2]);
    expect(smoothed(curve, 0)).toBe(curve);
    for (const { y } of smoothed(points(Array<number>(500).fill(7)), 0.99)) expect(y).toBeCloseTo(7, 9);
  });

  it('stays between lowest and highest value, at the same places', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), fc.integer({ min: 0, max: 99 }), (values, percent) => {
        const smooth = smoothed(points(values), percent / 100);
        expect(smooth.map(({ x }) => x)).toEqual(values.map((_, index) => index));
        const [low, high] = [Math.min(...values), Math.max(...values)];
        for (const { y } of smooth) {
          expect(y).toBeGreaterThanOrEqual(low - 1e-6);
          expect(y).toBeLessThanOrEqual(high + 1e-6);
        }
      }),
      { seed: 17 },
    );
  });
});

describe('thinning', () => {
  it('keeps ends, extremes and order within the limit', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 4, max: 60 }),
        (values, limit) => {
          const all = points(values);
          const left = thinned(all, limit, ({ y }) => y);
          expect(left.length).toBeLessThanOrEqual(Math.max(limit, Math.min(all.length, limit)));
          expect([left[0], left.at(-1)]).toEqual([all[0], all.at(-1)]);
          expect(Math.max(...left.map(({ y }) => y))).toBe(Math.max(...values));
          expect(Math.min(...left.map(({ y }) => y))).toBe(Math.min(...values));
          const places = left.map(({ x }) => x);
          expect(places).toEqual([...new Set(places)].sort((one, other) => one - other));
        },
      ),
      { seed: 17 },
    );
  });

  it('brings 100,000 points down to a few hundred, the peak among them', () => {
    const many = points(
      Array.from({ length: 100_000 }, (_, index) => Math.sin(index / 900) + (index === 61_803 ? 9 : 0)),
    );
    const left = thinned(many, 600, ({ y }) => y);
    expect(left.length).toBeLessThanOrEqual(600);
    expect(left.some(({ x }) => x === 61_803)).toBe(true);
  });
});

describe('the curves of a run', () => {
  const corpus = fakeCorpus('c', ['Cell'], fakeCorpusSentences({ train: 60, devel: 10, test: 10 }, ['Cell']));
  const run = fakeRun(corpus, fakeModel('m', true, 1_900_000), { status: 'finished' });

  it('are across steps, epochs or minutes', () => {
    const [first] = run.steps;
    expect(lossCurve(run, 'steps')[0]).toEqual({ x: first?.step, y: first?.loss });
    expect(lossCurve(run, 'epochs')[0]?.x).toBe(first?.epoch);
    expect(lossCurve(run, 'minutes').at(-1)?.x).toBe((run.steps.at(-1)?.elapsedMs ?? 0) / 60_000);
    const develF1 = run.epochs.map(({ epoch, devel }) => ({ x: epoch, y: devel[0]?.lenient.overall.f1 }));
    expect(develCurve(run, 'epochs')).toEqual(develF1);
  });
});
