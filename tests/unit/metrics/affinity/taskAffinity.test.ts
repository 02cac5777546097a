// Proves that projections preserve inner products within their variance, that fits are minima, and that subsets, cosines and gains are those of brute force.
import { describe, expect, it } from 'vitest';
import {
  fitShift,
  GradientProjection,
  innerProduct,
  linearised,
  marginLoss,
  shiftedLosses,
  type SequenceGradient,
  type WeightedSequence,
} from '../../../../src/metrics/affinity/linearisedTagger.ts';
import { taskAffinity, taskSubsets, type TaskGradients } from '../../../../src/metrics/affinity/taskAffinity.ts';
import { finishWork } from '../../../../src/util/clock.ts';
import { Rng } from '../../../../src/util/random.ts';

const normals = (rng: Rng, count: number): Float32Array => Float32Array.from({ length: count }, () => rng.normal());

describe('GradientProjection', () => {
  it('keeps inner products without bias, with the variance of dense random signs', () => {
    const rng = Rng.seeded(3);
    const x = normals(rng, 300);
    const y = x.map((value, index) => 0.5 * value + (index % 3) - 1);
    const exact = innerProduct(x, y);
    const bound = (innerProduct(x, x) * innerProduct(y, y) + exact ** 2) / 64;
    const errors = Array.from({ length: 400 }, (_, seed) => {
      const projection = new GradientProjection(64, seed, new Map([['a', 100], ['b', 200]])); // prettier-ignore
      const [left, right] = [x, y].map((values) =>
        projection.project([['a', values.subarray(0, 100)], ['b', values.subarray(100)]]),
      ); // prettier-ignore
      return innerProduct(left ?? [], right ?? []) - exact;
    });
    const meanError = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const variance = errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length;
    expect(Math.abs(meanError)).toBeLessThan(4 * Math.sqrt(bound / errors.length));
    expect(variance).toBeLessThan(1.25 * bound);
    expect(variance).toBeGreaterThan(0.5 * bound);
  });

  it('depends on the seed and the names, not on the order of tensors, and is linear', () => {
    const sizes = new Map([['b', 5], ['a', 7]]); // prettier-ignore
    const [a, b] = [normals(Rng.seeded(1), 7), normals(Rng.seeded(2), 5)];
    const one = new GradientProjection(16, 9, sizes);
    const other = new GradientProjection(16, 9, new Map([...sizes].reverse()));
    expect(one.project([['a', a], ['b', b]])).toEqual(other.project([['b', b], ['a', a]])); // prettier-ignore
    expect(new GradientProjection(16, 10, sizes).project([['a', a]])).not.toEqual(one.project([['a', a]]));
    const halved = one.project([['a', a]], 2);
    expect([...halved]).toEqual([...one.project([['a', a]])].map((value) => Math.fround(value / 2)));
    expect(() => new GradientProjection(7, 1, sizes)).toThrow(expect.objectContaining({ code: 'affinity/dimensions' }));
  });
});

describe('the linearised tagger', () => {
  it('has the loss of each sequence at the snapshot, and its gradient by finite differences', () => {
    const rng = Rng.seeded(4);
    for (const loss of [0.01, 0.3, 2, 40]) {
      const gradient = normals(rng, 6);
      const one = linearised({ loss, gradient });
      expect(marginLoss(one.margin)).toBeCloseTo(loss, 10);
      for (let index = 0; index < 6; index++) {
        const shift = (size: number) => new Float64Array(6).map((_, at) => (at === index ? size : 0));
        const [up = 0] = shiftedLosses([one], shift(1e-5));
        const [down = 0] = shiftedLosses([one], shift(-1e-5));
        expect((up - down) / 2e-5).toBeCloseTo(gradient[index] ?? NaN, 4);
      }
    }
  });

  it('fits the minimum: no step of 400 random ones is better, and the gradient vanishes', () => {
    const rng = Rng.seeded(5);
    const sequences = Array.from({ length: 30 }, (): WeightedSequence => ({
      ...linearised({ loss: 3 * rng.uniform(), gradient: normals(rng, 8) }),
      weight: 1 + rng.integer(3),
    }));
    const ridge = 0.7;
    const value = (shift: Float64Array): number =>
      sequences.reduce((sum, one) => sum + one.weight * (shiftedLosses([one], shift)[0] ?? 0), 0) +
      (ridge / 2) * innerProduct(shift, shift);
    const found = fitShift(sequences, ridge, 8);
    for (let trial = 0; trial < 400; trial++) {
      const size = 10 ** -(trial % 5);
      expect(value(found.map((one) => one + size * rng.normal()))).toBeGreaterThanOrEqual(value(found) - 1e-9);
    }
    expect(value(found)).toBeLessThan(value(new Float64Array(8)));
  });
});

/** Sequences whose gradients point along one of two axes, or against it. */
function axisTask(axis: number, sign: number, seed: number): TaskGradients {
  const rng = Rng.seeded(seed);
  const sequence = (): SequenceGradient => {
    const gradient = normals(rng, 8).map((value) => 0.05 * value);
    gradient[axis] = sign * (1 + 0.1 * rng.normal());
    return { loss: 0.7, gradient };
  };
  return { train: Array.from({ length: 20 }, sequence), devel: Array.from({ length: 20 }, sequence), shown: 100 };
}

describe('taskAffinity', () => {
  const tasks = [axisTask(0, 1, 1), axisTask(0, 1, 2), axisTask(0, -1, 3), axisTask(1, 1, 4)];
  const found = finishWork(taskAffinity(tasks, 1));

  it('has cosines near 1, -1 and 0 for tasks that agree, oppose and have nothing to do with each other', () => {
    const [first = []] = found.cosines;
    expect(first[0]).toBeCloseTo(1, 12);
    expect(first[1]).toBeGreaterThan(0.99);
    expect(first[2]).toBeLessThan(-0.99);
    expect(Math.abs(first[3] ?? 1)).toBeLessThan(0.1);
  });

  it('finds that the opposed task harms, and leaves it out of the best subset', () => {
    expect(found.subsets).toHaveLength(15);
    expect(found.gains[0]?.[2]).toBeLessThan(0);
    expect(found.gains[0]?.[1]).toBeGreaterThan(0);
    expect(found.gains[0]?.[0]).toBeNull();
    expect(found.best[0]?.subset).toEqual(expect.arrayContaining([0, 1]));
    expect(found.best[0]?.subset).not.toContain(2);
    expect(found.best[0]?.gain.low).toBeGreaterThan(0);
    expect(found.startLosses[0]).toBeCloseTo(0.7, 6);
  });

  it('has the gains of its losses, averaged over subsets by hand, and is the same every time', () => {
    const lossesOf = (isWith: boolean) =>
      found.subsets.flatMap((subset, index) => (subset.includes(0) && subset.includes(3) === isWith ? [found.losses[index]?.[0] ?? NaN] : [])); // prettier-ignore
    const [without, together] = [lossesOf(false), lossesOf(true)].map((all) => all.reduce((sum, one) => sum + one, 0) / all.length); // prettier-ignore
    expect(found.gains[0]?.[3]).toBeCloseTo((without ?? NaN) - (together ?? NaN), 12);
    expect(finishWork(taskAffinity(tasks, 1))).toEqual(found);
  });

  it('tries every subset of few tasks, and a limited, seeded number of many', () => {
    expect(taskSubsets(3, 127, 1)).toEqual([[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]);
    const many = taskSubsets(12, 127, 1);
    expect(many).toHaveLength(127);
    expect(new Set(many.map((subset) => subset.join())).size).toBe(127);
    expect(many.slice(0, 12)).toEqual(Array.from({ length: 12 }, (_, task) => [task]));
    expect(many.at(-1)).toHaveLength(12);
    expect(taskSubsets(12, 127, 1)).toEqual(many);
    expect(taskSubsets(12, 127, 2)).not.toEqual(many);
  });
});
