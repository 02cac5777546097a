// Proves that random streams repeat by seed, fork without disturbing each other, and have the distributions they claim.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/util/random.ts';

const draws = (rng: Rng, count: number) => Array.from({ length: count }, () => rng.uniform());

describe('Rng', () => {
  it('repeats for a seed and differs between seeds', () => {
    expect(draws(Rng.seeded(7), 20)).toEqual(draws(Rng.seeded(7), 20));
    const firsts = Array.from({ length: 1000 }, (_, seed) => Rng.seeded(seed).nextUint32());
    expect(new Set(firsts).size).toBe(1000);
  });

  it('gives neighbouring seeds, and neighbouring forks, streams that share no two draws in a row', () => {
    const root = Rng.seeded(7);
    const streams = [0, 1, 2, 3].flatMap((number) => [Rng.seeded(number), root.fork('epoch', number)]);
    const pairs = streams.flatMap((stream) => {
      const values = Array.from({ length: 2000 }, () => stream.nextUint32());
      return values.slice(1).map((value, index) => `${values[index]} ${value}`);
    });
    expect(new Set(pairs).size).toBe(pairs.length);
  });

  it('forks by name, whatever was drawn before and in whatever order', () => {
    const fresh = Rng.seeded(7);
    const used = Rng.seeded(7);
    draws(used, 13);
    used.fork('other');
    expect(draws(used.fork('epoch', 3), 20)).toEqual(draws(fresh.fork('epoch', 3), 20));
    expect(draws(used, 5)).toEqual(draws(Rng.seeded(7), 18).slice(13));
  });

  it('forks streams that differ from each other and from their parent', () => {
    const rng = Rng.seeded(7);
    const streams = [rng, rng.fork('epoch', 1), rng.fork('epoch', 2), rng.fork('epoch'), rng.fork(1), rng.fork('1')];
    expect(new Set(streams.map((stream) => stream.nextUint32())).size).toBe(streams.length);
  });

  it('draws uniform numbers evenly (chi-square over 100 bins)', () => {
    const count = 100_000;
    const bins = new Array<number>(100).fill(0);
    for (const value of draws(Rng.seeded(1), count)) {
      expect(value >= 0 && value < 1).toBe(true);
      const bin = Math.floor(value * 100);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    const expected = count / bins.length;
    const chiSquare = bins.reduce((sum, observed) => sum + (observed - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(148.2); // 0.999 quantile at 99 degrees of freedom.
  });

  it('draws consecutive numbers without correlation', () => {
    const count = 50_000;
    const values = draws(Rng.seeded(3), count + 1).map((value) => value - 0.5);
    let sum = 0;
    for (let index = 0; index < count; index++) sum += (values[index] ?? 0) * (values[index + 1] ?? 0);
    expect(Math.abs((12 * sum) / count)).toBeLessThan(4 / Math.sqrt(count));
  });

  it('draws normal numbers of mean 0, variance 1 and kurtosis 3', () => {
    const rng = Rng.seeded(5);
    const values = Array.from({ length: 50_000 }, () => rng.normal());
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.02);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.03);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.2);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('draws integers below their limit, each of them', () => {
    const rng = Rng.seeded(9);
    const seen = new Set(Array.from({ length: 2000 }, () => rng.integer(7)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('shuffles a copy that holds the same items', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (items, seed) => {
        const before = [...items];
        const shuffled = Rng.seeded(seed).shuffled(items);
        expect(items).toEqual(before);
        expect([...shuffled].sort()).toEqual([...items].sort());
      }),
    );
  });

  it('shuffles into every order equally often', () => {
    const counts = new Map<string, number>();
    const rng = Rng.seeded(11);
    for (let round = 0; round < 24_000; round++) {
      const order = rng.shuffled(['a', 'b', 'c', 'd']).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(49.7); // 0.999 quantile at 23 degrees of freedom.
  });
});
