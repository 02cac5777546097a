// The snapshot a run is judged by, and the scores shown for it.
import type { Split } from '../../data/corpus/corpus.ts';
import type { EntityScores, SplitScores } from '../../metrics/scores/spanScore.ts';
import { mean, spread, type Spread } from '../../metrics/scores/spread.ts';
import type { RunRecord, SnapshotScores } from '../../schema/runRecord.ts';
import { ownValue } from '../../util/validate.ts';

/** The snapshot chosen on devel; null before the end. */
export function selectedSnapshot(record: RunRecord): SnapshotScores | null {
  return record.snapshots.find((snapshot) => snapshot.epoch === record.selectedEpoch) ?? null;
}

/** F1 to show in one cell, the mean over the run's tasks: of the chosen snapshot, or of the latest epoch's devel while there is none. */
export function shownF1(record: RunRecord, split: Exclude<Split, 'train'>): number | null {
  const latest = split === 'devel' ? record.epochs.at(-1)?.devel : undefined;
  return meanF1(selectedSnapshot(record)?.[split] ?? latest ?? []);
}

/** Mean lenient F1 over the tasks that have scores; null when none has. */
export function meanF1(tasks: readonly (SplitScores | null)[]): number | null {
  return mean(tasks.flatMap((scores) => (scores === null ? [] : [scores.lenient.overall.f1])));
}

export type Reading = 'lenient' | 'strict';
export const READINGS: readonly Reading[] = ['lenient', 'strict'];
export const MEASURES = ['precision', 'recall', 'f1'] as const;
export type Measure = (typeof MEASURES)[number];

interface SpreadOf {
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
