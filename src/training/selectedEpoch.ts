// Which snapshot stands for a run.
import type { SnapshotScores } from '../schema/runRecord.ts';

/** The epoch with the best devel F1, the mean over tasks, the latest among equals; the last one when there is no devel. Null without snapshots. */
export function selectedEpoch(snapshots: readonly SnapshotScores[]): number | null {
  let best: SnapshotScores | null = null;
  const f1 = ({ devel }: SnapshotScores): number => {
    const known = devel.filter((scores) => scores !== null);
    return known.length === 0 ? -1 : known.reduce((sum, { lenient }) => sum + lenient.overall.f1, 0) / known.length;
  };
  for (const snapshot of snapshots) if (best === null || f1(snapshot) >= f1(best)) best = snapshot;
  return best?.epoch ?? null;
}
