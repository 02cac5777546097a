// Lets a person choose which columns of rows are tokens and tags, beside a preview of the first sentences.
import { Fragment, useId, useState } from 'react';
import {
  TAG_LAYERS,
  type ColumnChoice,
  type ColumnRole,
  type SurveyedColumn,
  type TagLayer,
} from '../../data/corpus/columnChoice.ts';
import type { ColumnQuestion } from '../../lab/state/labState.ts';
import { Button } from '../parts/Button.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { goTo } from '../shared/route.ts';
import { useLabActions } from '../shared/useLab.ts';

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
