// The kept snapshots of a run with their devel and test scores.
import type { RunRecord } from '../../schema/runRecord.ts';
import { format } from '../format.ts';
import { TableBox } from './TableBox.tsx';

const SCORES = ['Devel F1', 'Test precision', 'Test recall', 'Test F1', 'Test F1, strict'] as const;

export function SnapshotTable({ record }: { readonly record: RunRecord }) {
  return (
    <TableBox label="Snapshots">
      <thead>
        <tr>
          <th scope="col">Epoch</th>
          {SCORES.map((name) => (
            <th key={name} scope="col" className="number">
              {name}
            </th>
          ))}
          <th scope="col">Selected</th>
        </tr>
      </thead>
      <tbody>
        {record.snapshots.map(({ epoch, devel, test }) => (
          <tr key={epoch} className={epoch === record.selectedEpoch ? 'chosen' : undefined}>
            <th scope="row">{epoch}</th>
            <td className="number">{format.percent(devel?.lenient.overall.f1)}</td>
            <td className="number">{format.percent(test?.lenient.overall.precision)}</td>
            <td className="number">{format.percent(test?.lenient.overall.recall)}</td>
            <td className="number">{format.percent(test?.lenient.overall.f1)}</td>
            <td className="number">{format.percent(test?.strict.overall.f1)}</td>
            <td>{epoch === record.selectedEpoch ? 'selected' : ''}</td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}
