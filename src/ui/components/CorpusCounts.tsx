// Sentences, tokens and mentions of a corpus by split and type.
import { SPLITS } from '../../data/corpus.ts';
import type { SplitCounts } from '../../data/corpusSource.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { ownValue } from '../../util/ownValue.ts';
import { format } from '../format.ts';
import { TableBox } from './TableBox.tsx';
import { TypeLabel } from './TypeLabel.tsx';

const ROWS: readonly (readonly [name: string, of: (counts: SplitCounts) => number])[] = [
  ['Sentences', (counts) => counts.sentences],
  ['Tokens', (counts) => counts.tokens],
  ['Longest sentence, tokens', (counts) => counts.longest],
  ['Mentions', (counts) => counts.mentions],
];

export function CorpusCounts({ corpus }: { readonly corpus: CorpusRecord }) {
  return (
    <TableBox label="Counts">
      <thead>
        <tr>
          <td />
          {SPLITS.map((split) => (
            <th key={split} scope="col" className="number">
              {split}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {ROWS.map(([name, of]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {SPLITS.map((split) => (
              <td key={split} className="number">
                {format.count(of(corpus.counts[split]))}
              </td>
            ))}
          </tr>
        ))}
        {corpus.types.map((type) => (
          <tr key={type}>
            <th scope="row" className="indent">
              <TypeLabel type={type} types={corpus.types} />
            </th>
            {SPLITS.map((split) => (
              <td key={split} className="number">
                {format.count(ownValue(corpus.counts[split].perType, type) ?? 0)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}
