// Sums up the errors of a run's selected snapshot on test, with the interval of its F1: from the record alone, so also for imported runs.
import { useState } from 'react';
import type { PackedCounts } from '../../metrics/scores/packedCounts.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { AnalysisWait } from '../parts/AnalysisWait.tsx';
import { Button } from '../parts/Button.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { useAnalysis } from '../shared/useAnalysis.ts';

const COLUMNS = ['Sentences', 'Without error', 'Missed', 'Spurious', 'F1', '95 % interval'];

/** Nothing for a run that is not finished; why there are no totals for one of an earlier version. */
export function SentenceTotals({ record }: { readonly record: RunRecord }) {
  const { spec, snapshots, selectedEpoch } = record;
  const selected = snapshots.find(({ epoch }) => epoch === selectedEpoch);
  if (selected === undefined || selected.test.every((scores) => scores === null)) return null;
  const known = spec.tasks.flatMap((task, index) => {
    const counts = selected.testCounts?.[index] ?? null;
    return counts === null ? [] : [{ name: taskRefName(task), counts }];
  });
  return (
    <section aria-labelledby="totals-title">
      <h2 id="totals-title">Errors on test</h2>
      {known.length === 0 ? (
        <p className="soft">
          This run has scores, but no counts of its sentences: it was trained by an earlier version of the lab. Its
          errors cannot be summed up from here, nor its differences tested.
        </p>
      ) : (
        <Totals key={spec.id} known={known} />
      )}
    </section>
  );
}

interface TotalsProps {
  readonly known: readonly { readonly name: string; readonly counts: PackedCounts }[];
}

function Totals({ known }: TotalsProps) {
  const [isAsked, setAsked] = useState(false);
  const found = useAnalysis('errorTotals', isAsked ? known.map(({ counts }) => counts) : null);
  if (!isAsked) {
    return (
      <div className="actions">
        <Button onAct={() => setAsked(true)}>Sum up errors</Button>
      </div>
    );
  }
  if (found.status !== 'ready')
    return <AnalysisWait state={found} doing="Summing up errors and resampling sentences" />;
  return (
    <>
      <TableBox label="Errors on test">
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
          {found.answer.map((totals, index) => (
            <tr key={index}>
              <th scope="row">{known[index]?.name}</th>
              {[totals.sentences, totals.withoutError, totals.missed, totals.spurious].map((number, column) => (
                <td key={column} className="number">
                  {format.count(number)}
                </td>
              ))}
              <td className="number">{format.percent(totals.f1.mean)}</td>
              <td className="number nowrap">
                {format.percent(totals.f1.low)} to {format.percent(totals.f1.high)}
              </td>
            </tr>
          ))}
        </tbody>
      </TableBox>
      <p className="soft share-totals">
        Missed: annotated mentions that were not found with exact boundaries and type. Spurious: what was marked and is
        no such mention. The interval is a bootstrap over sentences.
      </p>
    </>
  );
}
