// How much of a run's test text stands in its training text.
import { useId } from 'react';
import type { RunRecord } from '../../schema/runRecord.ts';
import { format } from '../format.ts';
import { taskRefName } from '../runName.ts';
import { TableBox } from './TableBox.tsx';

const COLUMNS = ['Test sentences compared', 'In training text', 'Nearly', 'Training sentences left out'] as const;

/** Nothing for a run that was never started, or trained by an earlier version. */
export function RunLeaks({ record: { spec, leaks } }: { readonly record: RunRecord }) {
  const titleId = useId();
  if (leaks === undefined) return null;
  return (
    <section aria-labelledby={titleId}>
      <h2 id={titleId}>Leaks</h2>
      <TableBox label="Leaks">
        <thead>
          <tr>
            <th scope="col">Task</th>
            {COLUMNS.map((name) => (
              <th key={name} scope="col" className="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {spec.tasks.map((task, place) => (
            <tr key={place}>
              <th scope="row">{taskRefName(task)}</th>
              <td className="number">{count(leaks[place]?.compared)}</td>
              <td className="number">{count(leaks[place]?.exact)}</td>
              <td className="number">{count(leaks[place]?.near)}</td>
              <td className="number">{count(leaks[place]?.leftOut)}</td>
            </tr>
          ))}
        </tbody>
      </TableBox>
      <p className="soft">
        Test sentences of at least five tokens, and how many of them stand in the training text of the run’s{' '}
        {spec.tasks.length === 1 ? 'task' : 'tasks'}, apart from case and spaces, or have a near duplicate there, before
        anything is left out.
        {spec.parent !== null && ' What the run that this one starts from was trained on is counted there.'}
      </p>
    </section>
  );
}

function count(value: number | undefined): string {
  return value === undefined ? '–' : format.count(value);
}
