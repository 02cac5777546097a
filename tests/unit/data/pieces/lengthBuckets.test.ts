// Proves that a length gets the smallest bucket that holds it, and that every allowed maxPieces has one.
import { describe, expect, it } from 'vitest';
import { LENGTH_BUCKETS, lengthBucket } from '../../../../src/data/pieces/sequences.ts';
import { LabError } from '../../../../src/util/labError.ts';

describe('lengthBucket', () => {
  it.each([
    [1, 16],
    [16, 16],
    [17, 32],
    [33, 48],
    [65, 96],
    [126, 128],
    [129, 192],
    [513, 768],
    [1024, 1024],
  ])('%i -> %i', (length, bucket) => {
    expect(lengthBucket(length)).toBe(bucket);
  });

  it('wastes less than half of a sequence above the smallest bucket', () => {
    for (let length = 17; length <= 1024; length++) {
      expect(lengthBucket(length)).toBeGreaterThanOrEqual(length);
      expect(lengthBucket(length)).toBeLessThan(2 * length);
    }
    expect(LENGTH_BUCKETS).toHaveLength(12);
  });

  it('refuses what no bucket holds', () => {
    expect(() => lengthBucket(1025)).toThrow(LabError);
  });
});
