// Says how the terms of a dictionary were marked in a corpus, and lists what is ambiguous or was left out.
import type { SilverProvenance } from '../../schema/dictionaryRecord.ts';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';

/** Terms in a list. */
const SHOWN = 50;

export function SilverOrigin({ silver }: { readonly silver: SilverProvenance }) {
  const { dictionary, source, madeAt, seed, hasAnnotatedTest, withoutId, unmarked } = silver;
  return (
    <section aria-labelledby="origin-title" className="stack">
      <h2 id="origin-title">Origin</h2>
      <p>
        Terms of {dictionary.name} marked in {source}, {format.moment(madeAt)}.{' '}
        {seed !== null && `Divided into splits by seed ${seed}. `}
        {hasAnnotatedTest
          ? 'The test sentences have the annotation that the corpus came with; all others have terms alone.'
          : 'Nobody annotated these sentences: scores on them say how well the terms are found again.'}
      </p>
      <p className="soft">
        {format.count(dictionary.entries)} entries of {dictionary.file}, fingerprint{' '}
        <code title={dictionary.fingerprint}>{format.shortFingerprint(dictionary.fingerprint)}</code>
        {dictionary.licence !== '' && `, ${dictionary.licence}`}. {rulesWords(silver)}
      </p>
      <p className="soft">
        {format.count(withoutId)} mentions are terms of several ids and have none; {format.count(unmarked)} occurrences
        of terms of several types are not marked.
      </p>
      <Ambiguous silver={silver} />
      <LeftOut silver={silver} />
    </section>
  );
}

function rulesWords({ rules, type }: SilverProvenance): string {
  const { symbolLength, plurals, joins, greek, commonWords } = rules;
  const words = [
    symbolLength === 0
      ? 'Capitals do not count'
      : `Capitals count in symbols of up to ${symbolLength} letters and digits`,
    `plurals ${plurals ? 'do not count' : 'count'}`,
    `hyphens and spaces ${joins ? 'do not count' : 'count'}`,
    `Greek letters ${greek ? 'are their names' : 'are not their names'}`,
    `common words are ${commonWords ? 'left out' : 'marked'}`,
    type === null ? 'types are those of the file' : `all terms have type ${type}`,
  ];
  return `${words.join('; ')}.`;
}

function Ambiguous({ silver: { ambiguous, ambiguousCount } }: { readonly silver: SilverProvenance }) {
  if (ambiguousCount === 0) return null;
  return (
    <details className="fold">
      <summary>{format.counted(ambiguousCount, 'ambiguous term')} in the text</summary>
      <TableBox label="Ambiguous terms">
        <thead>
          <tr>
            <th scope="col">Term</th>
            <th scope="col">Ids</th>
            <th scope="col">Types</th>
            <th scope="col" className="number">
              Occurrences
            </th>
          </tr>
        </thead>
        <tbody>
          {ambiguous.slice(0, SHOWN).map(({ term, ids, types, occurrences }) => (
            <tr key={`${term} ${ids.join(' ')}`}>
              <th scope="row">{term}</th>
              <td>{ids.join(', ')}</td>
              <td>{types.join(', ')}</td>
              <td className="number">{format.count(occurrences)}</td>
            </tr>
          ))}
        </tbody>
      </TableBox>
      {ambiguousCount > SHOWN && <p className="soft">And {format.count(ambiguousCount - SHOWN)} more.</p>}
    </details>
  );
}

function LeftOut({ silver: { leftOut, leftOutCount } }: { readonly silver: SilverProvenance }) {
  if (leftOutCount === 0) return null;
  const named = leftOut.slice(0, SHOWN).map(({ term, id, reason }) => `${term} (${id}, ${reason})`);
  return (
    <details className="fold">
      <summary>{format.counted(leftOutCount, 'term')} not looked for</summary>
      <p>
        {named.join(', ')}
        {leftOutCount > SHOWN && ` and ${format.count(leftOutCount - SHOWN)} more`}
      </p>
    </details>
  );
}
