// Work of several phases as one whole, so that its progress never starts anew.
import type { Work } from '../metrics/work.ts';
import type { WorkDone } from './analysisJob.ts';

/** `phases`: how many different ones the work goes through; each counts the same. */
export function* overPhases<Result>(work: Work<Result>, phases: number): Generator<WorkDone, Result, void> {
  let phase: string | null = null;
  let before = -1;
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    const { phase: now, done, total } = step.value;
    if (now !== phase) before++;
    phase = now;
    yield { done: before + (total === 0 ? 1 : done / total), total: phases };
  }
}
