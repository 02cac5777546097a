// Proves how often each task is seen: proportional shows every sequence once, the others split the same total, evenly over epochs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharesOf, taskMixer } from '../../../src/training/batches.ts';

const sizesArbitrary = fc
  .array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 5 })
  .filter((sizes) => sizes.some((size) => size > 0));
const mixings = fc.constantFrom('proportional', 'squareRoot', 'uniform' as const);

describe('taskMixer', () => {
  it('proportional: every sequence of every task once an epoch', () => {
    fc.assert(
      fc.property(sizesArbitrary, fc.nat(), fc.nat(20), (sizes, seed, epoch) => {
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const shown = [...taskMixer(sizes, 'proportional', seed, epoch)].sort((a, b) => a - b);
        expect(shown).toEqual(Array.from({ length: total }, (_, index) => index));
      }),
    );
  });

  it('any mixing: the same total, each task its share, no index outside its task', () => {
    fc.assert(
      fc.property(sizesArbitrary, mixings, fc.nat(), fc.nat(20), (sizes, mixing, seed, epoch) => {
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const shown = taskMixer(sizes, mixing, seed, epoch);
        expect(shown).toHaveLength(total);
        let from = 0;
        for (const [task, size] of sizes.entries()) {
          const own = shown.filter((index) => index >= from && index < from + size);
          expect(own).toHaveLength(sharesOf(sizes, mixing)[task] as number);
          from += size;
        }
      }),
    );
  });

  it('over epochs the sequences of a task are seen equally often, give or take one', () => {
    fc.assert(
      fc.property(sizesArbitrary, mixings, fc.nat(), fc.integer({ min: 1, max: 12 }), (sizes, mixing, seed, epochs) => {
        const seen = sizes.flatMap((size) => new Array<number>(size).fill(0));
        for (let epoch = 0; epoch < epochs; epoch++) {
          for (const index of taskMixer(sizes, mixing, seed, epoch)) seen[index] = (seen[index] as number) + 1;
        }
        let from = 0;
        for (const size of sizes) {
          const own = seen.slice(from, from + size);
          if (size > 0) expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
          from += size;
        }
      }),
    );
  });

  it('square root: a task four times as large is seen twice as often; uniform: equally often', () => {
    expect(sharesOf([400, 100], 'squareRoot')).toEqual([333, 167]);
    expect(sharesOf([400, 100], 'uniform')).toEqual([250, 250]);
    expect(sharesOf([400, 100], 'proportional')).toEqual([400, 100]);
  });
});
