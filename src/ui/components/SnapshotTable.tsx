// The kept snapshots of a run with their devel and test scores.
import type { RunRecord } from '../../schema/runRecord.ts';
import { format } from '../format.ts';
import { Button } from './Button.tsx';
import { TableBox } from './TableBox.tsx';

const SCORES = ['Devel F1', 'Test precision', 'Test recall', 'Test F1', 'Test F1, strict'] as const;

export interface SnapshotTableProps {
  readonly record: RunRecord;
  /** Place of the task in the run. */
  readonly task: number;
  readonly label: string;
  /** Saves what a snapshot predicts on test; null where the snapshots are not here. */
  readonly onPredictions: ((epoch: number) => Promise<void>) | null;
  /** Saves a snapshot as a model; null where the snapshots are not here, and beside another task's table that offers it. */
  readonly onModel: ((epoch: number, precision: 'F32' | 'F16') => Promise<void>) | null;
}

export function SnapshotTable({ record, task, label, onPredictions, onModel }: SnapshotTableProps) {
  return (
    <TableBox label={label}>
      <thead>
        <tr>
          <th scope="col">Epoch</th>
          {SCORES.map((name) => (
            <th key={name} scope="col" className="number">
              {name}
            </th>
          ))}
          <th scope="col">Selected</th>
          {onPredictions !== null && <th scope="col">Predictions</th>}
          {onModel !== null && <th scope="col">Download model</th>}
        </tr>
      </thead>
      <tbody>
        {record.snapshots.map(({ epoch, devel, test }) => (
          <tr key={epoch} className={epoch === record.selectedEpoch ? 'chosen' : undefined}>
            <th scope="row">{epoch}</th>
            <td className="number">{format.percent(devel[task]?.lenient.overall.f1)}</td>
            <td className="number">{format.percent(test[task]?.lenient.overall.precision)}</td>
            <td className="number">{format.percent(test[task]?.lenient.overall.recall)}</td>
            <td className="number">{format.percent(test[task]?.lenient.overall.f1)}</td>
            <td className="number">{format.percent(test[task]?.strict.overall.f1)}</td>
            <td>{epoch === record.selectedEpoch ? 'selected' : ''}</td>
            {onPredictions !== null && (
              <td>
                <Button onAct={() => onPredictions(epoch)} label={`Save predictions, epoch ${epoch}`}>
                  Save
                </Button>
              </td>
            )}
            {onModel !== null && (
              <td>
                <div className="actions">
                  {(['F32', 'F16'] as const).map((precision) => (
                    <Button
                      key={precision}
                      onAct={() => onModel(epoch, precision)}
                      label={`Model in ${precision}, epoch ${epoch}`}
                    >
                      {precision}
                    </Button>
                  ))}
                </div>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}
