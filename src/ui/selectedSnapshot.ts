// The snapshot a run is judged by, and the scores shown for it.
import type { RunRecord, SnapshotScores } from '../schema/runRecord.ts';
import type { SplitScores } from '../schema/scores.ts';

/** The snapshot chosen on devel; null before the end. */
export function selectedSnapshot(record: RunRecord): SnapshotScores | null {
  return record.snapshots.find((snapshot) => snapshot.epoch === record.selectedEpoch) ?? null;
}

/** Devel scores to show in one cell: of the chosen snapshot, or of the latest epoch while there is none. */
export function shownDevel(record: RunRecord): SplitScores | null {
  return selectedSnapshot(record)?.devel ?? record.epochs.at(-1)?.devel ?? null;
}

export function shownTest(record: RunRecord): SplitScores | null {
  return selectedSnapshot(record)?.test ?? null;
}
