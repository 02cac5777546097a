// Counts of leaks as rows of a table with a head, for the CSV file.
import type { LeakReport } from '../../metrics/leakReport.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { taskRefName } from '../runName.ts';

/** One row a test task and training text; train and devel together last. */
export function leakRows(
  tasks: readonly TaskRef[],
  reports: readonly LeakReport[],
  near: boolean,
): readonly (readonly (string | number | null)[])[] {
  const head = ['test task', 'compared', 'training task', 'split', 'exact', ...(near ? ['near'] : [])];
  const cells = (counts: { readonly exact: number; readonly near: number }) => [
    counts.exact,
    ...(near ? [counts.near] : []),
  ];
  const rows = reports.flatMap((report, place) => {
    const start = [nameAt(tasks, place), report.compared];
    return [
      ...report.bySource.map((source) => [...start, nameAt(tasks, source.task), source.split, ...cells(source)]),
      ...report.byTask.map((counts, task) => [...start, nameAt(tasks, task), 'train+devel', ...cells(counts)]),
      [...start, 'any', 'train+devel', ...cells(report)],
    ];
  });
  return [head, ...rows];
}

function nameAt(tasks: readonly TaskRef[], place: number): string {
  const task = tasks[place];
  return task === undefined ? '' : taskRefName(task);
}
