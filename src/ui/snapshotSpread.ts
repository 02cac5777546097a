// Scores over the kept snapshots of a run: mean and standard deviation.
import type { Split } from '../data/corpus.ts';
import { spread, type Spread } from '../metrics/spread.ts';
import type { SnapshotScores } from '../schema/runRecord.ts';
import type { EntityScores } from '../metrics/spanScore.ts';
import { ownValue } from '../util/ownValue.ts';

export type Reading = 'lenient' | 'strict';
export const READINGS: readonly Reading[] = ['lenient', 'strict'];
export const MEASURES = ['precision', 'recall', 'f1'] as const;
export type Measure = (typeof MEASURES)[number];

export interface SpreadOf {
  /** Place of the task in the run. */
  readonly task: number;
  readonly split: Exclude<Split, 'train'>;
  readonly reading: Reading;
  /** Null means overall. */
  readonly type: string | null;
  readonly measure: Measure;
}

/** One score over all snapshots that have the split. A type no snapshot scored gives null. */
export function snapshotSpread(
  snapshots: readonly SnapshotScores[],
  { task, split, reading, type, measure }: SpreadOf,
): Spread | null {
  const values = snapshots.flatMap((snapshot) => {
    const scores = snapshot[split][task];
    const score = scores == null ? undefined : scoreOf(scores[reading], type);
    return score === undefined ? [] : [score[measure]];
  });
  return spread(values);
}

export function scoreOf(scores: EntityScores, type: string | null) {
  return type === null ? scores.overall : ownValue(scores.perType, type);
}
