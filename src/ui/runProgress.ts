// How far a run is, in words and as a share.
import type { EpochPoint, RunRecord, RunStatus } from '../schema/runRecord.ts';
import { meanF1 } from './selectedSnapshot.ts';

export const STATUS_WORDS: Readonly<Record<RunStatus, string>> = {
  queued: 'Queued',
  running: 'Running',
  paused: 'Paused',
  stopped: 'Stopped',
  failed: 'Failed',
  finished: 'Finished',
};

/** Share of steps done, in [0, 1]; 0 before the run knows how many there are. */
export function runProgress(record: RunRecord): number {
  if (record.status === 'finished') return 1;
  return record.totalSteps === 0 ? 0 : Math.min(1, record.step / record.totalSteps);
}

/** The epoch with the highest lenient devel F1, the mean over the run's tasks, the latest among equals. */
export function bestEpoch(record: RunRecord): { readonly point: EpochPoint; readonly f1: number } | null {
  let best: { readonly point: EpochPoint; readonly f1: number } | null = null;
  for (const point of record.epochs) {
    const f1 = meanF1(point.devel);
    if (f1 !== null && (best === null || f1 >= best.f1)) best = { point, f1 };
  }
  return best;
}
