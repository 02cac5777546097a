// Shows precision, recall and F1 overall and by type, under the lenient and the strict reading side by side.
import type { SpanScore } from '../../metrics/scores/spanScore.ts';
import type { TermName } from '../help/glossary.ts';
import { Term } from '../help/Term.tsx';
import { format } from '../shared/format.ts';
import { MEASURES, READINGS, type Measure, type Reading } from '../shared/selectedSnapshot.ts';
import { TableBox } from './TableBox.tsx';

const READING_WORDS: Readonly<Record<Reading, readonly [term: TermName, text: string]>> = {
  lenient: ['conlleval', 'conlleval (lenient)'],
  strict: ['strict', 'strict'],
};
const MEASURE_WORDS: Readonly<Record<Measure, string>> = { precision: 'Precision', recall: 'Recall', f1: 'F1' };

const MEASURE_TERMS: Readonly<Record<Measure, TermName>> = { precision: 'precision', recall: 'recall', f1: 'F1' };

export interface ScoreTableProps {
  readonly label: string;
  readonly types: readonly string[];
  /** The text of one score; `type` null is overall. */
  readonly cell: (reading: Reading, type: string | null, measure: Measure) => string;
  /** Counts of mentions, where each is a single number. */
  readonly countsOf?: (type: string | null) => SpanScore | undefined;
}

export function ScoreTable({ label, types, cell, countsOf }: ScoreTableProps) {
  const rows: readonly (string | null)[] = types.length > 1 ? [null, ...types] : [null];
  return (
    <TableBox label={label} className="scores">
      <thead>
        <tr className="group-row">
          <td />
          {READINGS.map((reading) => (
            <th key={reading} scope="colgroup" colSpan={MEASURES.length} className="group">
              <Term name={READING_WORDS[reading][0]}>{READING_WORDS[reading][1]}</Term>
            </th>
          ))}
          {countsOf !== undefined && (
            <th scope="colgroup" colSpan={3} className="group">
              mentions (lenient)
            </th>
          )}
        </tr>
        <tr>
          <td />
          {READINGS.flatMap((reading, index) =>
            MEASURES.map((measure) => (
              <th key={`${reading}-${measure}`} scope="col" className="number">
                {index === 0 ? (
                  <Term name={MEASURE_TERMS[measure]}>{MEASURE_WORDS[measure]}</Term>
                ) : (
                  MEASURE_WORDS[measure]
                )}
              </th>
            )),
          )}
          {countsOf !== undefined &&
            ['Gold', 'Predicted', 'Correct'].map((name) => (
              <th key={name} scope="col" className="number">
                {name}
              </th>
            ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((type) => (
          <tr key={type ?? ''} className={type === null ? 'overall' : undefined}>
            <th scope="row">{type ?? (types.length === 1 ? types[0] : 'Overall')}</th>
            {READINGS.flatMap((reading) =>
              MEASURES.map((measure) => (
                <td key={`${reading}-${measure}`} className={`number nowrap${measure === 'f1' ? ' strong' : ''}`}>
                  {cell(reading, type, measure)}
                </td>
              )),
            )}
            {countsOf !== undefined && <CountCells score={countsOf(type)} />}
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}

function CountCells({ score }: { readonly score: SpanScore | undefined }) {
  return (
    <>
      {[score?.gold, score?.predicted, score?.correct].map((value, index) => (
        <td key={index} className="number">
          {value === undefined ? '–' : format.count(value)}
        </td>
      ))}
    </>
  );
}
