// Proves that packed counts give back every number, that their totals need no unpacking, and that damaged or endless ones are refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  packCounts,
  packedTotals,
  unpackCounts,
  type PackedCounts,
} from '../../../../src/metrics/scores/packedCounts.ts';
import { totalCounts } from '../../../../src/metrics/scores/spanScore.ts';
import { smallPairs } from '../significance/simulatedCounts.ts';

const packed = (changes: Partial<PackedCounts>): PackedCounts => ({
  split: 'f',
  gold: '1 0*3',
  missed: '0*4',
  spurious: '0*4',
  ...changes,
});

describe('packCounts', () => {
  it('is undone by unpackCounts, for any counts', () => {
    fc.assert(
      fc.property(smallPairs(30), (pairs) => {
        for (const counts of pairs.flatMap(({ a, b }) => [a, b])) {
          const small = packCounts(counts, 'f');
          expect(small).not.toBeNull();
          if (small === null) return;
          expect(unpackCounts(small)).toEqual(counts);
          expect(packedTotals(small)).toEqual({ ...totalCounts(counts), sentences: counts.gold.length });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('writes runs of equal numbers once', () => {
    const counts = {
      gold: Int32Array.of(2, 0, 0, 0),
      predicted: Int32Array.of(1, 0, 0, 1),
      correct: Int32Array.of(1, 0, 0, 0),
    };
    expect(packCounts(counts, 'f')).toEqual({ split: 'f', gold: '2 0*3', missed: '1 0*3', spurious: '0*3 1' });
    const none = { gold: new Int32Array(0), predicted: new Int32Array(0), correct: new Int32Array(0) };
    expect(unpackCounts(packCounts(none, 'f') ?? packed({}))).toEqual(none);
  });

  it('packs nothing beyond its limits', () => {
    const many = new Int32Array(1_000_001);
    expect(packCounts({ gold: many, predicted: many, correct: many }, 'f')).toBeNull();
    const full = Int32Array.of(100_001);
    expect(packCounts({ gold: full, predicted: full, correct: full }, 'f')).toBeNull();
  });
});

describe('damaged counts', () => {
  it.each([
    ['of different sentences', packed({ missed: '0*3' })],
    ['with words', packed({ gold: '1 zero*3' })],
    ['negative', packed({ gold: '-1 0*3' })],
    ['with no sentence in a run', packed({ gold: '1*0 0*4' })],
    ['with doubled spaces', packed({ gold: '1  0*3' })],
    ['without end', packed({ gold: '0*9999999', missed: '0*9999999', spurious: '0*9999999' })],
    ['without end, in parts', packed({ gold: Array.from({ length: 200 }, () => '0*9999').join(' ') })],
  ])('are refused: %s', (_what, counts) => {
    expect(() => unpackCounts(counts)).toThrow(expect.objectContaining({ code: 'metrics/packed' }));
    expect(packedTotals(counts)).toBeNull();
  });

  it('are refused with more missed than annotated, which totals alone do not show', () => {
    const odd = packed({ gold: '1 1 0*2', missed: '2 0*3' });
    expect(() => unpackCounts(odd)).toThrow(expect.objectContaining({ code: 'metrics/packed' }));
  });
});
