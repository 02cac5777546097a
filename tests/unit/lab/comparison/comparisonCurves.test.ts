// Proves what the comparison charts draw: means over the seeds that reached each epoch, points by rate with their spread, and axes.
import { describe, expect, it } from 'vitest';
import type { Variant, TaskComparison, Training } from '../../../../src/lab/comparison/comparison.ts';
import { comparisonCurves, rateCurve, roundsAndSeeds } from '../../../../src/lab/comparison/comparisonCurves.ts';
import { axisOf } from '../../../../src/ui/charts/ZoomFields.tsx';
import { rateStyle } from '../../../../src/ui/charts/chartStyle.ts';

const measures = (f1: number) => ({ precision: f1, recall: f1, f1 });
function training(seed: number, round: number, curve: readonly number[], test: number | null = null): Training {
  return {
    runId: `${seed}/${round}`,
    index: 0,
    seed,
    round,
    status: test === null ? 'running' : 'finished',
    devel: test === null ? null : measures(test + 1),
    test: test === null ? null : measures(test),
    testCounts: null,
    selectedEpoch: null,
    snapshots: [],
    curve: curve.map((f1, index) => ({ epoch: index + 1, f1 })),
  };
}
const variantOf = (method: Variant['method'], rate: number | null, ...trainings: readonly Training[]): Variant => ({
  method,
  layers: rate === null ? null : rate * 4,
  rate,
  trainings,
});
const task: TaskComparison = {
  task: { corpus: { id: 'c', name: 'c', fingerprint: 'f' }, type: null },
  variants: [
    variantOf('STL', null, training(1, 0, [10, 20], 20)),
    variantOf('MTL-XC', null, training(1, 0, [])),
    variantOf('MTL-LS', 0.5, training(1, 0, [30, 40, 50], 50), training(2, 0, [34], 56), training(1, 1, [80], 62)),
  ],
};

describe('comparisonCurves', () => {
  it('is the mean over the seeds that reached the epoch, of one round', () => {
    const curves = comparisonCurves(task, { round: 0, seed: null });
    expect(curves.map(({ name, points }) => [name, points.map(({ f1 }) => f1)])).toEqual([
      ['STL', [10, 20]],
      ['MTL-LS 0.50', [32, 40, 50]],
    ]);
  });

  it('is that of one seed or of another round on request', () => {
    expect(comparisonCurves(task, { round: 0, seed: 2 }).map(({ points }) => points)).toEqual([[{ epoch: 1, f1: 34 }]]);
    expect(comparisonCurves(task, { round: 1, seed: null }).map(({ name }) => name)).toEqual(['MTL-LS 0.50']);
    expect(roundsAndSeeds(task)).toEqual({ rounds: [0, 1], seeds: [1, 2] });
  });
});

describe('rateCurve', () => {
  it('has a point per rate with its deviation, and the references', () => {
    expect(rateCurve(task, { split: 'test', over: 'trainings' })).toEqual({
      points: [{ rate: 0.5, layers: 2, f1: 56, deviation: 6 }],
      stl: 20,
      mtlXc: null,
      others: [],
    });
    expect(rateCurve(task, { split: 'devel', over: 'seeds' }).points[0]).toMatchObject({ f1: 57, deviation: 0 });
  });

  it('keeps the points of other sliced methods apart, with the level of what they start from', () => {
    const more = [
      variantOf('MTL-PL', null, training(1, 0, [44], 44)),
      variantOf('PL-LS', 0.5, training(1, 0, [45], 45)),
      variantOf('PL-LS', 1, training(1, 0, [47], 47)),
    ];
    const { points, others } = rateCurve({ ...task, variants: [...task.variants, ...more] }, { split: 'test', over: 'trainings' }); // prettier-ignore
    expect(points.map(({ f1 }) => f1)).toEqual([56]);
    expect(
      others.map(({ sliced, joint, level, points: own }) => [sliced, joint, level, own.map(({ f1 }) => f1)]),
    ).toEqual([['PL-LS', 'MTL-PL', 44, [45, 47]]]);
  });
});

describe('axisOf', () => {
  it('rounds outwards and ticks at round numbers', () => {
    expect(axisOf({ from: '', to: '' }, [83.2, 88.9])).toEqual({
      domain: [83, 89],
      ticks: [83, 84, 85, 86, 87, 88, 89],
    });
    expect(axisOf({ from: '', to: '' }, [3, 99.9])).toEqual({ domain: [0, 100], ticks: [0, 20, 40, 60, 80, 100] });
  });

  it('stays within meaningful bounds', () => {
    expect(axisOf({ from: '80', to: '90' }, [1]).domain).toEqual([80, 90]);
    expect(axisOf({ from: '90', to: '80' }, [50, 51]).domain[0]).toBeLessThan(51);
    expect(axisOf({ from: 'x', to: '101' }, [50, 51]).domain).not.toContain(101);
  });
});

describe('rateStyle', () => {
  it('distinguishes all methods and the paper’s rates by colour and by dashes', () => {
    const lines = [
      rateStyle({ method: 'STL', rate: null }),
      rateStyle({ method: 'MTL-XC', rate: null }),
      ...[0, 0.25, 0.5, 0.75, 1].map((rate) => rateStyle({ method: 'MTL-LS', rate })),
    ];
    expect(new Set(lines.map(({ stroke }) => stroke)).size).toBe(lines.length);
    expect(new Set(lines.map(({ dash }) => dash)).size).toBe(lines.length);
  });

  it('mixes the colours of neighbours in between', () => {
    expect(rateStyle({ method: 'MTL-LS', rate: 0.375 }).stroke).toBe(
      'color-mix(in oklab, var(--rate-2) 50%, var(--rate-1))',
    );
  });
});
