// Runs long work on a Worker's thread in short turns, to report progress and allow cancelling.
import { macrotask } from '../util/clock.ts';
import { mapWork, type Work, type WorkProgress } from '../util/work.ts';

export interface AnalysisJob {
  readonly signal: AbortSignal;
  /** `total` is 0 if unknown. */
  report(done: number, total: number): void;
}

/** What long work yields between two steps. */
export type WorkDone = Omit<WorkProgress, 'phase'>;

/** The longest a message to the thread waits, as long as the work yields more often. */
const TURN_MS = 30;

/** Runs work to its end, yielding the thread between turns. Throws the abort reason of the job's signal. */
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

/** Weighs all `phases` of the work equally in the overall progress. */
export function overPhases<Result>(work: Work<Result>, phases: number): Generator<WorkDone, Result, void> {
  let phase: string | null = null;
  let before = -1;
  return mapWork(work, ({ phase: now, done, total }) => {
    if (now !== phase) before++;
    phase = now;
    return { done: before + (total === 0 ? 1 : done / total), total: phases };
  });
}
