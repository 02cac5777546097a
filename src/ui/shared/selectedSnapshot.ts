// Finds the snapshot whose scores represent a run, and those scores.
import type { Split } from '../../data/corpus/corpus.ts';
import type { EntityScores, SplitScores } from '../../metrics/scores/spanScore.ts';
import { mean, spread, type Spread } from '../../metrics/scores/spread.ts';
import type { RunRecord, SnapshotScores } from '../../schema/runRecord.ts';
import { ownValue } from '../../util/validate.ts';

/** Returns the snapshot selected on devel; null until the run ends. */
export function selectedSnapshot(record: RunRecord): SnapshotScores | null {
  return record.snapshots.find((snapshot) => snapshot.epoch === record.selectedEpoch) ?? null;
}

/** Returns the F1 to show in one cell, the mean over the run's tasks: of the selected snapshot, or of the latest epoch on devel until there is one. */
export function shownF1(record: RunRecord, split: Exclude<Split, 'train'>): number | null {
  const latest = split === 'devel' ? record.epochs.at(-1)?.devel : undefined;
  return meanF1(selectedSnapshot(record)?.[split] ?? latest ?? []);
}

/** Returns the mean lenient F1 over the tasks that have scores; null if none has. */
export function meanF1(tasks: readonly (SplitScores | null)[]): number | null {
  return mean(tasks.flatMap((scores) => (scores === null ? [] : [scores.lenient.overall.f1])));
}

export type Reading = 'lenient' | 'strict';
export const READINGS: readonly Reading[] = ['lenient', 'strict'];
export const MEASURES = ['precision', 'recall', 'f1'] as const;
export type Measure = (typeof MEASURES)[number];

interface SpreadOf {
  /** Index of the task in the run. */
  readonly task: number;
  readonly split: Exclude<Split, 'train'>;
  readonly reading: Reading;
  /** Null means overall. */
  readonly type: string | null;
  readonly measure: Measure;
}

/** Returns mean and deviation of a score over all snapshots that have the split; null for a type that none scored. */
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
