// The snapshot a run is judged by, and the scores shown for it.
import type { Split } from '../data/corpus.ts';
import { mean } from '../metrics/spread.ts';
import type { RunRecord, SnapshotScores } from '../schema/runRecord.ts';
import type { SplitScores } from '../metrics/spanScore.ts';

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
