// What was found of leaks, in one sentence.
import type { TrainingSplit } from '../../metrics/leakReport.ts';
import type { LeakReport } from '../../metrics/leakReport.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { format } from '../format.ts';
import { taskRefName } from '../runName.ts';

export const TRAINING_SPLITS: readonly TrainingSplit[] = ['train', 'devel'];

/** A share that is told beside its counts: one decimal, never rounded up to 100. */
export function leakShare(part: number, whole: number): string {
  return whole === 0 ? '–' : `${(Math.floor((1000 * part) / whole) / 10).toFixed(1)} %`;
}

/** What was found for the task at `place`, the most telling first. */
export function leakFinding(tasks: readonly TaskRef[], place: number, report: LeakReport): string {
  const { compared, exact, near, byTask } = report;
  const name = nameAt(tasks, place);
  if (compared === 0) return `${name} has no test sentence of five tokens or more to compare.`;
  const text = tasks.length === 1 ? 'its own train and devel text' : 'train and devel text of the category';
  const nearly = near > 0 ? ` ${format.count(near)} more nearly do.` : '';
  if (exact === 0) {
    return `None of the ${format.counted(compared, 'compared test sentence')} of ${name} stands in ${text}.${nearly}`;
  }
  const most = byTask.reduce((best, { exact: count }, task) => (count > (byTask[best]?.exact ?? 0) ? task : best), 0);
  const where =
    tasks.length === 1
      ? ''
      : `, ${format.count(byTask[most]?.exact ?? 0)} of them in ${most === place ? 'its own' : `that of ${nameAt(tasks, most)}`}`;
  return `${format.count(exact)} of ${format.counted(compared, 'test sentence')} of ${name} ${exact === 1 ? 'stands' : 'stand'} in ${text}${where}.${nearly}`;
}

function nameAt(tasks: readonly TaskRef[], place: number): string {
  const task = tasks[place];
  return task === undefined ? '' : taskRefName(task);
}
