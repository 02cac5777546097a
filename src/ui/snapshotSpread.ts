// Scores over the kept snapshots of a run: mean and standard deviation.
import type { Split } from '../data/corpus.ts';
import type { SnapshotScores } from '../schema/runRecord.ts';
import type { EntityScores } from '../schema/scores.ts';

export interface Spread {
  readonly mean: number;
  /** Sample standard deviation (n - 1); null for a single value. */
  readonly deviation: number | null;
}

export function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return { mean, deviation: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

export type Reading = 'lenient' | 'strict';
export const READINGS: readonly Reading[] = ['lenient', 'strict'];
export const MEASURES = ['precision', 'recall', 'f1'] as const;
export type Measure = (typeof MEASURES)[number];

/** One score over all snapshots that have the split; `type` null means overall. A type no snapshot scored gives null. */
export function snapshotSpread(
  snapshots: readonly SnapshotScores[],
  split: Exclude<Split, 'train'>,
  reading: Reading,
  type: string | null,
  measure: Measure,
): Spread | null {
  const values = snapshots.flatMap((snapshot) => {
    const scores = snapshot[split];
    const score = scores === null ? undefined : scoreOf(scores[reading], type);
    return score === undefined ? [] : [score[measure]];
  });
  return spread(values);
}

export function scoreOf(scores: EntityScores, type: string | null) {
  return type === null ? scores.overall : scores.perType[type];
}
