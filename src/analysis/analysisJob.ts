// Names the job that a question is answered in, and weighs the phases of its work.
import { mapWork, type Work, type WorkControl } from '../util/work.ts';

export type AnalysisJob = WorkControl;

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
