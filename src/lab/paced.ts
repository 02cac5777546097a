// A job's progress with the time left, told now and then.
import { createWorkedTime } from '../util/workedTime.ts';
import type { ReportProgress } from './board.ts';

/** Pieces of work come by the thousand. */
const reportEveryMs = 100;

/** Tells progress and the time left by the pace since `start` of `total`, now and then; what the machine slept through does not count. */
export function paced(report: ReportProgress, total: number, start: number): (done: number) => void {
  const workedMs = createWorkedTime();
  let reportedAt = -Infinity;
  return (done) => {
    const now = workedMs();
    if (now - reportedAt < reportEveryMs && done < total) return;
    reportedAt = now;
    const came = done - start;
    if (came > 0) report(done, total, (now / came) * (total - done));
    else report(done, total);
  };
}
