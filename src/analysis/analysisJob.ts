// Runs long work on a Worker's thread in short turns, to report progress and allow cancelling.
import { macrotask } from '../util/clock.ts';
import { mapWork, type Work, type Progress } from '../util/work.ts';

export interface AnalysisJob {
  readonly signal: AbortSignal;
  report(progress: Progress): void;
}

/** A message to the thread waits no longer than this, as long as the work yields more often. */
const TURN_MS = 30;

/** Runs work to its end, giving the thread back between turns. Throws the reason of the job's signal. */
export async function inTurns<Outcome>(work: Iterator<Progress, Outcome>, job: AnalysisJob): Promise<Outcome> {
  let turnEndsMs = performance.now() + TURN_MS;
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
    if (performance.now() < turnEndsMs) continue;
    job.report(next.value);
    await macrotask();
    job.signal.throwIfAborted();
    turnEndsMs = performance.now() + TURN_MS;
  }
}

/** Weighs all `phases` of the work equally in the overall progress. */
export function overPhases<Result>(work: Work<Result>, phases: number): Work<Result> {
  let phase: string | null = null;
  let before = -1;
  return mapWork(work, ({ phase: now, done, of }) => {
    if (now !== phase) before++;
    phase = now;
    return { phase: now, done: before + (of === 0 ? 1 : done / of), of: phases };
  });
}
