// Which snapshot stands for a run.
import type { SnapshotScores } from '../schema/runRecord.ts';

/** The epoch with the best devel F1, the latest among equals; the last one when there is no devel. Null without snapshots. */
export function selectedEpoch(snapshots: readonly SnapshotScores[]): number | null {
  let best: SnapshotScores | null = null;
  const f1 = ({ devel }: SnapshotScores): number => devel?.lenient.overall.f1 ?? -1;
  for (const snapshot of snapshots) if (best === null || f1(snapshot) >= f1(best)) best = snapshot;
  return best?.epoch ?? null;
}
