// Long work on a Worker's thread in short turns, so that it tells its progress and can be cancelled.
import type { WorkProgress } from '../metrics/work.ts';
import { macrotask } from '../util/macrotask.ts';

export interface AnalysisJob {
  readonly signal: AbortSignal;
  /** `total` is 0 when unknown. */
  report(done: number, total: number): void;
}

/** What long work yields between two pieces of itself. */
export type WorkDone = Omit<WorkProgress, 'phase'>;

/** A message to the thread waits no longer than this, as long as the work yields more often. */
const TURN_MS = 30;

/** Runs work to its end, giving the thread back between turns. Throws the reason of the job's signal. */
export async function inTurns<Outcome>(work: Iterator<WorkDone, Outcome>, job: AnalysisJob): Promise<Outcome> {
  let turnEndsMs = performance.now() + TURN_MS;
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
    if (performance.now() < turnEndsMs) continue;
    job.report(next.value.done, next.value.total);
    await macrotask();
    job.signal.throwIfAborted();
    turnEndsMs = performance.now() + TURN_MS;
  }
}
