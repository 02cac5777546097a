// Scores of strata of mentions with the counts they are made of, of one run or of two.
import type { StratumScore } from '../../metrics/strata.ts';
import { TableBox } from '../components/TableBox.tsx';
import { format } from '../format.ts';
import { MEASURES } from '../snapshotSpread.ts';
import { stratumValue } from './stratumValue.ts';

const COLUMNS = ['Predicted', 'Correct', 'Precision', 'Recall', 'F1'] as const;

export interface StrataTableProps {
  readonly label: string;
  readonly nameOf: (stratum: StratumScore) => string;
  /** What the strata are of, as the head of their column. */
  readonly head: string;
  /** Of each run, the same strata. */
  readonly strata: readonly (readonly StratumScore[])[];
  readonly names: readonly string[];
}

export function StrataTable({ label, nameOf, head, strata, names }: StrataTableProps) {
  const [first = []] = strata;
  return (
    <TableBox label={label} className="strata">
      <thead>
        {strata.length > 1 && (
          <tr className="group-row">
            <td colSpan={2} />
            {names.map((name) => (
              <th key={name} scope="colgroup" colSpan={COLUMNS.length} className="group">
                {name}
              </th>
            ))}
          </tr>
        )}
        <tr>
          <th scope="col">{head}</th>
          <th scope="col" className="number">
            Annotated
          </th>
          {strata.flatMap((_, run) =>
            COLUMNS.map((name) => (
              <th key={`${run}-${name}`} scope="col" className="number">
                {name}
              </th>
            )),
          )}
        </tr>
      </thead>
      <tbody>
        {first.map((stratum, place) => (
          <tr key={stratum.from}>
            <th scope="row">{nameOf(stratum)}</th>
            <td className="number">{format.count(stratum.score.gold)}</td>
            {strata.flatMap((ofRun, run) => {
              const score = ofRun[place]?.score;
              return [
                <td key={`${run}-predicted`} className="number">
                  {format.count(score?.predicted ?? 0)}
                </td>,
                <td key={`${run}-correct`} className="number">
                  {format.count(score?.correct ?? 0)}
                </td>,
                ...MEASURES.map((measure) => (
                  <td key={`${run}-${measure}`} className={`number${measure === 'f1' ? ' strong' : ''}`}>
                    {format.percent(stratumValue(score, measure))}
                  </td>
                )),
              ];
            })}
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}
