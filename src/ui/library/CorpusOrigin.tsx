// Shows where the labels of a corpus come from: columns of rows, to choose beside a preview, or the terms of a dictionary.
import { Fragment, useId, useState } from 'react';
import {
  TAG_LAYERS,
  type ColumnChoice,
  type ColumnQuestion,
  type ColumnRole,
  type SurveyedColumn,
  type TagLayer,
} from '../../data/corpus/corpus.ts';
import type { SilverProvenance } from '../../schema/corpusRecord.ts';
import { Button } from '../parts/Button.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { goTo } from '../shared/route.ts';
import { useLabActions } from '../shared/useLab.ts';

// Lets a person choose which columns of rows are tokens and tags, beside a preview of the first sentences.

const ROLE_WORDS: Readonly<Record<ColumnRole, string>> = {
  token: 'words',
  tag: 'tags',
  'bare types': 'types without prefix',
  chunk: 'phrase tags',
  number: 'numbers',
  other: 'other text',
};

const SEPARATOR_WORDS: Readonly<Record<string, string>> = { tab: 'tabs', space: 'white space' };

const LAYER_WORDS: Readonly<Record<TagLayer, string>> = {
  only: 'One layer: the chosen column as it is',
  outer: 'Outer mentions: of overlapping ones the longest',
  inner: 'Inner mentions: of overlapping ones the shortest',
  each: 'Every layer, each as a corpus',
};

/** Returns the choice of a column of tags; types without a prefix are read as such. */
function withTagColumn(choice: ColumnChoice, { index, role }: SurveyedColumn): ColumnChoice {
  const layerColumns = choice.layerColumns.includes(index) ? choice.layerColumns : [index];
  return { ...choice, tagColumn: index, layerColumns, readsBareTypes: role === 'bare types' };
}

export function ColumnPicker({ question }: { readonly question: ColumnQuestion }) {
  const { id, name, corpusIds, survey } = question;
  const lab = useLabActions();
  const titleId = useId();
  const [choice, setChoice] = useState(survey.chosen);
  const isRefused = corpusIds.length === 0;
  const isValid = choice.tokenColumn !== choice.tagColumn;
  const read = async () => {
    const [corpusId] = await lab.chooseColumns(id, choice);
    if (corpusId !== undefined) goTo({ page: 'corpus', corpusId });
  };
  return (
    <section className="panel column-picker" aria-labelledby={titleId}>
      <h2 id={titleId}>Which columns of {name} are the words and the tags?</h2>
      <p>
        {isRefused ? 'The files were not imported. ' : 'The corpus was imported as marked below. '}
        {survey.doubts.join(' ')}
      </p>
      <Preview question={question} choice={choice} onChoice={setChoice} />
      {survey.isNested && (
        <fieldset>
          <legend>Nested mentions</legend>
          {TAG_LAYERS.map((layer) => (
            <label key={layer} className="check">
              <input
                type="radio"
                name={`${titleId}-layer`}
                checked={choice.layer === layer}
                onChange={() => setChoice({ ...choice, layer })}
              />
              {LAYER_WORDS[layer]}
            </label>
          ))}
        </fieldset>
      )}
      {!isValid && <p className="problem">The words and the tags must be two columns.</p>}
      <div className="actions">
        <Button kind="primary" disabled={!isValid} onAct={read}>
          Read with these columns
        </Button>
        <Button kind="quiet" onAct={() => lab.dismissColumns(id)}>
          {isRefused ? 'Leave it out' : 'Leave it as it is'}
        </Button>
      </div>
    </section>
  );
}

interface PreviewProps {
  readonly question: ColumnQuestion;
  readonly choice: ColumnChoice;
  readonly onChoice: (choice: ColumnChoice) => void;
}

/** Shows the first sentences column by column, with a choice of words and tags above each. */
function Preview({ question, choice, onChoice }: PreviewProps) {
  const { columns, preview, separator } = question.survey;
  const group = useId();
  const roleOf = (index: number) =>
    index === choice.tokenColumn ? 'words-column' : index === choice.tagColumn ? 'tags-column' : undefined;
  return (
    <>
      <p className="soft">Columns are separated by {SEPARATOR_WORDS[separator] ?? separator}.</p>
      <TableBox label={`The first sentences of ${question.name}`}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.index} scope="col" className={roleOf(column.index)}>
                <ColumnHead column={column} />
                <label className="check">
                  <input
                    type="radio"
                    name={`${group}-words`}
                    aria-label={`Words in ${columnName(column)}`}
                    checked={choice.tokenColumn === column.index}
                    onChange={() => onChoice({ ...choice, tokenColumn: column.index })}
                  />
                  words
                </label>
                <label className="check">
                  <input
                    type="radio"
                    name={`${group}-tags`}
                    aria-label={`Tags in ${columnName(column)}`}
                    checked={choice.tagColumn === column.index}
                    onChange={() => onChoice(withTagColumn(choice, column))}
                  />
                  tags
                </label>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {preview.map((row, rowIndex) => (
            <Fragment key={rowIndex}>
              {row.length === 0 ? (
                <tr>
                  <td colSpan={columns.length} className="sentence-end">
                    <span className="faint">end of sentence</span>
                  </td>
                </tr>
              ) : (
                <tr>
                  {columns.map(({ index }) => (
                    <td key={index} className={roleOf(index)}>
                      {row[index] ?? ''}
                    </td>
                  ))}
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </TableBox>
    </>
  );
}

function ColumnHead({ column }: { readonly column: SurveyedColumn }) {
  const { role, scheme, types } = column;
  return (
    <>
      <div>{columnName(column)}</div>
      <div className="soft">
        {ROLE_WORDS[role]}
        {scheme !== null && scheme !== 'none' && ` (${scheme})`}
      </div>
      {types.length > 0 && <div className="faint">{types.join(', ')}</div>}
    </>
  );
}

function columnName({ header, index }: SurveyedColumn): string {
  return header ?? `Column ${index + 1}`;
}

// Says how the terms of a dictionary were marked in a corpus, and lists what is ambiguous or was left out.

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
