// Proves that the curve through scores of rates is the best one with a single peak, smooth, and never moved by what already fits.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smoothnessOf, unimodalFit, unimodalRegression } from '../../../../src/metrics/racing/race.ts';
import { Rng } from '../../../../src/util/random.ts';

const values = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 8 });

function squares(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, index) => sum + (value - (other[index] ?? NaN)) ** 2, 0);
}

function hasOnePeak(curve: readonly number[]): boolean {
  const peak = curve.indexOf(Math.max(...curve));
  const rises = curve.slice(1, peak + 1).every((value, index) => value >= (curve[index] ?? NaN) - 1e-9);
  return rises && curve.slice(peak + 1).every((value, index) => value <= (curve[peak + index] ?? NaN) + 1e-9);
}

/** The least squares of all curves with one peak: such a curve is constant on blocks, each at its mean, so all partitions into blocks are tried. */
function leastSquares(wanted: readonly number[]): number {
  let least = Infinity;
  for (let cuts = 0; cuts < 2 ** (wanted.length - 1); cuts++) {
    const blocks: number[][] = [[]];
    for (const [index, value] of wanted.entries()) {
      if (index > 0 && (cuts >> (index - 1)) % 2 === 1) blocks.push([]);
      blocks.at(-1)?.push(value);
    }
    const curve = blocks.flatMap((block) => {
      const mean = block.reduce((sum, value) => sum + value, 0) / block.length;
      return block.map(() => mean);
    });
    if (hasOnePeak(curve)) least = Math.min(least, squares(curve, wanted));
  }
  return least;
}

describe('the regression with one peak', () => {
  it('has one peak, and the least squares of all such curves', () => {
    fc.assert(
      fc.property(values, (wanted) => {
        const fit = unimodalRegression(wanted);
        expect(hasOnePeak(fit)).toBe(true);
        expect(squares(fit, wanted)).toBeCloseTo(leastSquares(wanted), 8);
      }),
    );
  });
});

describe('the weight of roughness', () => {
  const positions = [0, 0.25, 0.5, 0.75, 1];

  it('is large where noise explains the roughness, and small where the curve bends far more than that', () => {
    const bent = { positions, values: [30, 45, 78, 70, 55] };
    expect(smoothnessOf(bent, 1)).toBeLessThan(0.01);
    expect(smoothnessOf(bent, 1000)).toBe(10);
    expect(smoothnessOf({ ...bent, expected: bent.values }, 1)).toBe(10);
  });

  it('is on average that of the noise over that of the curve', () => {
    const rng = Rng.seeded(2);
    const weights = Array.from({ length: 300 }, () => {
      const values = Array.from({ length: 40 }, () => 2 * rng.normal());
      const bends = Array.from({ length: 40 }, () => rng.normal());
      // A curve whose second differences have variance 9, seen through noise of variance 4.
      const curve: number[] = [0, 0];
      for (let index = 2; index < 40; index++) curve.push(2 * (curve[index - 1] ?? 0) - (curve[index - 2] ?? 0) + 3 * (bends[index] ?? 0)); // prettier-ignore
      return smoothnessOf({ positions: curve.map((_, index) => index), values: curve.map((value, index) => value + (values[index] ?? 0)) }, 4); // prettier-ignore
    });
    const median = weights.sort((one, other) => one - other)[150] ?? 0;
    expect(median).toBeGreaterThan(0.3);
    expect(median).toBeLessThan(0.7);
  });
});

describe('the smooth curve', () => {
  const positions = [0, 0.25, 0.5, 0.75, 1];

  it('leaves a straight line as it is, at any distances, and two values', () => {
    const uneven = [0, 0.1, 0.5, 0.6, 1];
    const line = uneven.map((at) => 70 + 3 * at);
    for (const [index, value] of unimodalFit({ positions: uneven, values: line }, 10).entries()) {
      expect(value).toBeCloseTo(line[index] ?? NaN, 9);
    }
    expect(unimodalFit({ positions: [0, 1], values: [3, 2] }, 1)).toEqual([3, 2]);
  });

  it('minimises distance and roughness: no other curve near it is better, before the peak is made the only one', () => {
    const wanted = [70, 74, 75, 73, 70]; // concave, so that the smooth curve has one peak itself
    const cost = (curve: readonly number[]): number => {
      const second = [1, 2, 3].map((at) => (curve[at - 1] ?? 0) - 2 * (curve[at] ?? 0) + (curve[at + 1] ?? 0));
      return squares(curve, wanted) + 0.5 * second.reduce((sum, value) => sum + value * value, 0);
    };
    const fit = unimodalFit({ positions, values: wanted }, 0.5);
    for (let index = 0; index < fit.length; index++) {
      for (const step of [-1e-3, 1e-3]) {
        expect(cost(fit.map((value, at) => (at === index ? value + step : value)))).toBeGreaterThan(cost(fit));
      }
    }
  });

  it('gives a rate that lies below both of its neighbours their strength', () => {
    const [, , middle = 0] = unimodalFit({ positions, values: [70, 75, 72, 75, 70] }, 1);
    expect(middle).toBeGreaterThan(73);
  });

  it('has the shape of other tasks where that is expected', () => {
    const shape = [60, 66, 61, 64, 60];
    const fit = unimodalFit({ positions, values: shape.map((value) => value + 9), expected: shape }, 1e6);
    // Smoothing changes nothing, as all differences are equal; what is left is the nearest curve with one peak.
    for (const [index, value] of unimodalRegression(shape).entries()) expect(fit[index]).toBeCloseTo(value + 9, 6);
  });
});
