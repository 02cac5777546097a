// Proves that the snapshot with the best devel F1 is selected, ties to the latest, the last one without devel.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SplitScores } from '../../../src/metrics/scores/spanScore.ts';
import type { SnapshotScores } from '../../../src/schema/runRecord.ts';
import { selectedEpoch } from '../../../src/training/evaluate.ts';

function scores(f1: number): SplitScores {
  const overall = { gold: 9, predicted: 9, correct: 9, precision: f1, recall: f1, f1 };
  const strict = { ...overall, f1: 100 - f1 }; // reversed, so that the test fails if it decides
  return { sentences: 1, tokens: 9, accuracy: 50, lenient: { overall, perType: {} }, strict: { overall: strict, perType: {} }, discarded: 0 }; // prettier-ignore
}

/** Test scores are opposite to devel: they must not decide. */
function snapshots(develF1: readonly (number | null)[], firstEpoch = 1): SnapshotScores[] {
  return develF1.map((f1, index) => ({
    epoch: firstEpoch + index,
    devel: [f1 === null ? null : scores(f1)],
    test: [scores(100 - (f1 ?? index))],
  }));
}

describe('selectedEpoch', () => {
  it.each([
    ['the best', [10, 30, 20], 6],
    ['the latest of equals', [30, 10, 30, 20], 7],
    ['the first when it is best', [40, 30, 20], 5],
    ['the last without devel', [null, null, null], 7],
    ['the last when nothing was found', [0, 0, 0], 7],
    ['the only one', [0], 5],
  ])('is %s', (_what, develF1, expected) => {
    expect(selectedEpoch(snapshots(develF1, 5))).toBe(expected);
  });

  it('is null without snapshots', () => {
    expect(selectedEpoch([])).toBeNull();
  });

  it('has no better epoch anywhere and no tied one after it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1 }), (develF1) => {
        const epoch = selectedEpoch(snapshots(develF1)) ?? NaN;
        const chosen = develF1[epoch - 1] as number;
        expect(develF1.every((f1, index) => f1 < chosen || (f1 === chosen && index < epoch))).toBe(true);
      }),
    );
  });
});
