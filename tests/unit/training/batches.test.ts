// Proves that an epoch shows every sequence once, in an order that depends on seed and epoch alone, with little padding.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sequence } from '../../../src/data/pieces/sequences.ts';
import { lengthBucket } from '../../../src/data/pieces/sequences.ts';
import {
  batchSizes,
  epochSteps,
  evaluationBatches,
  padBatch,
  stepsPerEpoch,
  taggingBatches,
} from '../../../src/training/batches.ts';

const lengthsArbitrary = fc.array(fc.integer({ min: 3, max: 128 }), { minLength: 1, maxLength: 400 });
const all = (lengths: readonly number[]): number[] => lengths.map((_, index) => index);
const sizes = fc.record({ batchSize: fc.integer({ min: 1, max: 40 }), micro: fc.integer({ min: 1, max: 40 }) });

describe('batchSizes', () => {
  it('are the distinct sizes that micro-batches are padded to', () => {
    fc.assert(
      fc.property(lengthsArbitrary, fc.integer({ min: 1, max: 20 }), (lengths, microBatchSize) => {
        const steps = epochSteps(lengths, all(lengths), { batchSize: 20, microBatchSize }, 1, 0);
        const sequences = lengths.map((length) => ({
          pieceIds: new Array<number>(length).fill(7),
          segmentIds: new Array<number>(length).fill(0),
          crfPositions: [0],
          tags: [0],
          words: [],
        }));
        const padded = steps.flat().map((indices) => padBatch(sequences as unknown as Sequence[], indices));
        const expected = new Set(padded.map(({ size, pieces }) => `${size} ${pieces}`));
        const found = batchSizes(steps, lengths).map(({ size, pieces }) => `${size} ${pieces}`);
        expect(found.sort()).toEqual([...expected].sort());
      }),
    );
  });
});

describe('epochSteps', () => {
  it('contains every sequence exactly once, in batches and micro-batches of the configured sizes', () => {
    fc.assert(
      fc.property(lengthsArbitrary, sizes, fc.nat(), fc.nat(50), (lengths, { batchSize, micro }, seed, epoch) => {
        const microBatchSize = Math.min(micro, batchSize);
        const steps = epochSteps(lengths, all(lengths), { batchSize, microBatchSize }, seed, epoch);
        expect(steps.flat(2).sort((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
        expect(steps).toHaveLength(stepsPerEpoch(lengths.length, batchSize));
        for (const step of steps) {
          expect(step.flat().length).toBeLessThanOrEqual(batchSize);
          for (const batch of step) expect(batch.length).toBeLessThanOrEqual(microBatchSize);
        }
      }),
    );
  });

  it('is the same again for the same seed and epoch, another order for another epoch or seed', () => {
    const lengths = Array.from({ length: 300 }, (_, index) => 5 + ((index * 37) % 60));
    const order = (seed: number, epoch: number): string =>
      JSON.stringify(epochSteps(lengths, all(lengths), { batchSize: 8, microBatchSize: 8 }, seed, epoch));
    expect(order(1, 0)).toBe(order(1, 0));
    expect(order(1, 0)).not.toBe(order(1, 1));
    expect(order(1, 0)).not.toBe(order(2, 0));
  });

  it('pads less than batches in file order would', () => {
    const lengths = Array.from({ length: 2000 }, (_, index) => 5 + ((index * 7919) % 100));
    const waste = (batches: readonly (readonly number[])[]): number =>
      batches.reduce((sum, batch) => {
        const own = batch.map((index) => lengths[index] as number);
        return sum + own.length * Math.max(...own) - own.reduce((a, b) => a + b, 0);
      }, 0);
    const ours = epochSteps(lengths, all(lengths), { batchSize: 20, microBatchSize: 20 }, 1, 0).map((step) =>
      step.flat(),
    );
    const inFileOrder = Array.from({ length: 100 }, (_, batch) =>
      Array.from({ length: 20 }, (_, row) => batch * 20 + row),
    );
    expect(waste(ours)).toBeLessThan(waste(inFileOrder) / 5);
  });
});

it('evaluation batches contain every sequence once, shortest first', () => {
  fc.assert(
    fc.property(lengthsArbitrary, fc.integer({ min: 1, max: 50 }), (lengths, batchSize) => {
      const order = evaluationBatches(lengths, batchSize).flat();
      expect([...order].sort((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
      const inOrder = order.map((index) => lengths[index] as number);
      expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b));
    }),
  );
});

it('taggingBatches have every sequence once, in one bucket each, in few sizes, however many there are', () => {
  const long = fc.array(fc.integer({ min: 3, max: 1024 }), { minLength: 1, maxLength: 2000 });
  fc.assert(
    fc.property(long, fc.integer({ min: 1, max: 40 }), (lengths, least) => {
      const batches = taggingBatches(lengths, least);
      expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
      for (const batch of batches) {
        const buckets = new Set(batch.map((index) => lengthBucket(lengths[index] as number)));
        expect(buckets.size).toBe(1);
        expect(Number.isInteger(Math.log2(batch.length))).toBe(true);
        const [bucket = 0] = buckets;
        expect(batch.length * bucket).toBeLessThanOrEqual(Math.max(4096, least * bucket));
      }
    }),
  );
});
