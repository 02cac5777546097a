// What the types of each corpus become in a category: the name they take, or O, with how many mentions that is.
import { SPLITS } from '../../data/corpus.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { ownValue } from '../../util/ownValue.ts';
import { format } from '../format.ts';
import type { ReadCategory } from '../readPlanDraft.ts';
import { TableBox } from './TableBox.tsx';
import { TypeLabel } from './TypeLabel.tsx';

export function TypeMap({ category: { name, typeName, tasks } }: { readonly category: ReadCategory }) {
  const rows = tasks.flatMap(({ kept, type }, place) =>
    kept === null ? [] : kept.types.map((own) => ({ place, corpus: kept, own, taken: type === null || type === own })),
  );
  const left = rows.filter(({ taken }) => !taken);
  const lost = left.reduce((sum, { corpus, own }) => sum + mentionsOf(corpus, own), 0);
  return (
    <>
      <TableBox label={`Types of ${name}`}>
        <thead>
          <tr>
            <th scope="col">Corpus</th>
            <th scope="col">Type</th>
            <th scope="col" className="number">
              Mentions
            </th>
            <th scope="col">Becomes</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ place, corpus, own, taken }) => (
            <tr key={`${place}/${own}`}>
              <th scope="row">{corpus.name}</th>
              <td>
                <TypeLabel type={own} types={corpus.types} />
              </td>
              <td className="number">{format.count(mentionsOf(corpus, own))}</td>
              <td>{taken ? (typeName ?? own) : <span className="problem">O, outside the category</span>}</td>
            </tr>
          ))}
        </tbody>
      </TableBox>
      {left.length > 0 && (
        <p className="field-help">
          {format.counted(lost, 'mention')} of {format.counted(left.length, 'type')} outside the category are trained as
          O, not as mentions. Choose “all types” of a corpus to take them in.
        </p>
      )}
    </>
  );
}

function mentionsOf({ counts }: CorpusRecord, type: string): number {
  return SPLITS.reduce((sum, split) => sum + (ownValue(counts[split].perType, type) ?? 0), 0);
}
