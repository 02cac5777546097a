// What took a run off the device that nobody asked for, and how it went on.
import { useId } from 'react';
import type { RunRecord } from '../../schema/runRecord.ts';
import { LabError } from '../../util/labError.ts';
import { format } from '../format.ts';
import { TableBox } from './TableBox.tsx';

/** Nothing for a run that was never interrupted. */
export function RunInterruptions({ record: { spec, interruptions } }: { readonly record: RunRecord }) {
  const titleId = useId();
  if (interruptions === undefined || interruptions.length === 0) return null;
  return (
    <section aria-labelledby={titleId}>
      <h2 id={titleId}>Interruptions</h2>
      <TableBox label="Interruptions">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What happened</th>
            <th scope="col" className="number">
              Went on from step
            </th>
            <th scope="col" className="number">
              Micro-batch
            </th>
          </tr>
        </thead>
        <tbody>
          {interruptions.map(({ at, step, failure, microBatchSize }, place) => (
            <tr key={place}>
              <td className="nowrap">{format.moment(at)}</td>
              <th scope="row">{LabError.describe(failure)}</th>
              <td className="number">{format.count(step)}</td>
              <td className="number">{microBatchSize}</td>
            </tr>
          ))}
        </tbody>
      </TableBox>
      <p className="soft">
        The run went on by itself from its last resume point, to the numbers of one that was never interrupted
        {interruptions.some(({ microBatchSize }) => microBatchSize < spec.config.microBatchSize) &&
          '; with fewer sequences at once for want of memory, but the same batches: dropout is drawn otherwise then'}
        .
      </p>
    </section>
  );
}
