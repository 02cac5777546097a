// How many test sentences of each task of a category stand in its training text.
import { memo } from 'react';
import type { LeakReport } from '../../metrics/leakReport.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { TableBox } from '../components/TableBox.tsx';
import { format } from '../format.ts';
import { taskRefName } from '../runName.ts';
import { leakShare } from './leakFinding.ts';

export interface LeakTableProps {
  readonly tasks: readonly TaskRef[];
  /** One a task. */
  readonly reports: readonly LeakReport[];
  readonly near: boolean;
  /** Place of the task whose sources are shown below. */
  readonly chosen: number;
  readonly onChoose: (place: number) => void;
}

/** Not drawn anew at every step of the progress beside it. */
export const LeakTable = memo(function LeakTable({ tasks, reports, near, chosen, onChoose }: LeakTableProps) {
  return (
    <TableBox label="Leaks by test task" className="leaks">
      <thead>
        <tr>
          <th scope="col">Test of</th>
          <th scope="col" className="number">
            Compared
          </th>
          <th scope="col" className="number">
            In training text
          </th>
          <th scope="col" className="number">
            Share
          </th>
          {near && (
            <th scope="col" className="number">
              Nearly
            </th>
          )}
          <th scope="col">Most of them in</th>
        </tr>
      </thead>
      <tbody>
        {reports.map((report, place) => {
          const task = tasks[place];
          if (task === undefined) return null;
          return (
            <tr key={place} className={place === chosen ? 'chosen' : undefined}>
              <th scope="row">
                <button type="button" className="link" aria-pressed={place === chosen} onClick={() => onChoose(place)}>
                  {taskRefName(task)}
                </button>
              </th>
              <td className="number">{format.count(report.compared)}</td>
              <td className="number">{format.count(report.exact)}</td>
              <td className="number">{leakShare(report.exact, report.compared)}</td>
              {near && <td className="number">{format.count(report.near)}</td>}
              <td>{mostIn(tasks, place, report)}</td>
            </tr>
          );
        })}
      </tbody>
    </TableBox>
  );
});

function mostIn(tasks: readonly TaskRef[], place: number, { byTask }: LeakReport): string {
  const counts = byTask.map(({ exact }) => exact);
  const most = Math.max(0, ...counts);
  if (most === 0) return '–';
  const at = counts.indexOf(most);
  const task = tasks[at];
  if (task === undefined) return '–';
  return `${at === place ? 'its own text' : taskRefName(task)}, ${format.count(most)}`;
}
