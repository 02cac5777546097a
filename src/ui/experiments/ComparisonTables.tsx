// Shows the tables of a comparison, to copy as text, and every trained tagger on every test set as a table coloured by F1.
import { useMemo, useState, type CSSProperties } from 'react';
import type { FoundScore, IntervalScore } from '../../analysis/questions/systemsQuery.ts';
import { taskKey, type Comparison } from '../../lab/comparison/comparison.ts';
import type { ComparisonTable, TableCell } from '../../lab/comparison/comparisonTables.ts';
import {
  askedCells,
  cellScores,
  crossMatrix,
  lackingRequests,
  matrixRows,
  type MatrixCell,
  type MatrixRow,
} from '../../lab/comparison/crossMatrix.ts';
import type { MergedRuns } from '../../lab/comparison/mergeRuns.ts';
import { cellText, publishedText, tableText, type TableFormat } from '../../lab/comparison/tableText.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { csvText } from '../../util/csv.ts';
import { Term } from '../help/Term.tsx';
import { AnalysisWait, PredictOffer, shownAnswer, useAnalysis } from '../parts/AnalysisWait.tsx';
import { Button } from '../parts/Button.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { saveFile } from '../shared/saveFile.ts';
import { useLab } from '../shared/useLab.ts';
import { useOwnRunIds } from './experiments.ts';

const FORMATS: readonly (readonly [TableFormat, string])[] = [
  ['markdown', 'Markdown'],
  ['latex', 'LaTeX'],
  ['csv', 'CSV'],
];

export function ComparisonTableView({ table }: { readonly table: ComparisonTable }) {
  const [copied, setCopied] = useState<string | null>(null);
  const titleId = `${table.id}-title`;
  return (
    <section aria-labelledby={titleId} className="comparison-table">
      <div className="title-row">
        <h2 id={titleId}>{table.title}</h2>
        <div className="actions" role="group" aria-label={`Copy ${table.title}`}>
          {FORMATS.map(([textFormat, name]) => (
            <Button
              key={textFormat}
              kind="quiet"
              label={`Copy ${table.title} as ${name}`}
              onAct={async () => {
                await navigator.clipboard.writeText(tableText(table, textFormat));
                setCopied(name);
              }}
            >
              Copy as {name}
            </Button>
          ))}
          <span className="soft" aria-live="polite">
            {copied === null ? '' : `Copied as ${copied}`}
          </span>
        </div>
      </div>
      <TableBox label={table.title} className="compared">
        <Head table={table} />
        <tbody>
          {table.rows.map(({ name, cells }, index) => (
            <tr key={index}>
              <th scope="row">{name}</th>
              {cells.map((cell, column) => (
                <TextCell key={column} cell={cell} />
              ))}
            </tr>
          ))}
        </tbody>
      </TableBox>
      {table.notes.length > 0 && (
        <ul className="table-notes">
          {table.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Head({ table: { columns } }: { readonly table: ComparisonTable }) {
  const groups: { readonly group: string; span: number }[] = [];
  for (const { group } of columns) {
    const last = groups.at(-1);
    if (last?.group === group) last.span++;
    else groups.push({ group, span: 1 });
  }
  return (
    <thead>
      <tr className="group-row">
        <td />
        {groups.map(({ group, span }) => (
          <th key={group} scope="colgroup" colSpan={span} className="group">
            {group}
          </th>
        ))}
      </tr>
      <tr>
        <th scope="col">Task</th>
        {columns.map(({ group, name }) => (
          <th key={`${group} ${name}`} scope="col" className="number">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function TextCell({ cell }: { readonly cell: TableCell }) {
  const published = publishedText(cell);
  const text = cellText(cell);
  return (
    <td className="number nowrap">
      {cell.kind !== 'text' && cell.best ? <strong>{text}</strong> : text}
      {published !== null && <span className="published">{published}</span>}
    </td>
  );
}

/** Lists where compared runs come from, and inputs of the same name but different content. */
export function MergeNotes({ merged: { runs, repeated, conflicts } }: { readonly merged: MergedRuns }) {
  const files = [...new Set(runs.flatMap(({ sources }) => sources))].filter((source) => source !== null);
  if (files.length === 0 && conflicts.length === 0) return null;
  return (
    <div className="stack">
      {files.length > 0 && (
        <p className="soft">
          {format.counted(runs.length, 'run')} from{' '}
          {runs.some(({ sources }) => sources.includes(null)) && 'this browser and '}
          {files.join(', ')}
          {repeated > 0 && `; ${format.counted(repeated, 'run')} found in several places, counted once`}.
        </p>
      )}
      {conflicts.length > 0 && (
        <ul className="problem-list" aria-label="Conflicting inputs">
          {conflicts.map(({ noun, name, versions }) => (
            <li key={`${noun} ${name}`}>
              The {noun} {name} has different content in{' '}
              {versions
                .map(
                  ({ fingerprint, sources }) =>
                    `${sources.map(sourceName).join(', ')} (${format.shortFingerprint(fingerprint)})`,
                )
                .join(' and ')}
              : its runs are not pooled.
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function sourceName(source: string | null): string {
  return source ?? 'this browser';
}

// Shows every trained tagger of an experiment on every test set as a table coloured by F1, and offers to predict what is missing.

interface MatrixPanelProps {
  readonly experiment: Comparison;
  readonly records: readonly RunRecord[];
}

export function MatrixPanel({ experiment, records }: MatrixPanelProps) {
  const ownIds = useOwnRunIds();
  const corpora = useLab((state) => state.corpora);
  const [chosen, setChosen] = useState<string | null>(null);
  const [version, setVersion] = useState(0);
  const matrix = useMemo(
    () => crossMatrix(experiment, { records, own: new Set(ownIds), corpora }),
    [experiment, records, ownIds, corpora],
  );
  const variants = [...new Set(matrix.rows.map(({ variant }) => variant))];
  const rows = useMemo(
    () => matrix.rows.filter(({ variant }) => chosen === null || variant === chosen),
    [matrix, chosen],
  );
  const asked = useMemo(() => askedCells(rows), [rows]);
  const state = useAnalysis('testScores', asked, version);
  const found: readonly FoundScore[] | null = shownAnswer(state);
  if (matrix.rows.length === 0) {
    return <p className="soft">No run of this experiment has finished yet: the first row comes when one does.</p>;
  }
  // The answer to another choice of rows has other cells.
  const answers = state.status === 'ready' ? state.answer : found?.length === asked.length ? found : [];
  const scores = cellScores(rows, answers);
  const lacking = lackingRequests(asked, answers);
  return (
    <section className="matrix" aria-labelledby="matrix-title">
      <div className="title-row">
        <h2 id="matrix-title">Every tagger on every test set</h2>
        <div className="actions">
          <Button
            kind="quiet"
            onAct={() =>
              saveFile('across-corpora.csv', new Blob([csvText(matrixRows({ rows }, scores))], { type: 'text/csv' }))
            }
          >
            Save as CSV
          </Button>
        </div>
      </div>
      <div className="filters">
        <label>
          Method
          <select
            value={chosen ?? ''}
            onChange={(event) => setChosen(event.target.value === '' ? null : event.target.value)}
          >
            <option value="">all</option>
            {variants.map((variant) => (
              <option key={variant} value={variant}>
                {variant}
              </option>
            ))}
          </select>
        </label>
        <span className="soft" aria-live="polite">
          {statusText(rows, scores)}
        </span>
      </div>
      {lacking.length > 0 && (
        <PredictOffer lacking={lacking} onEnd={() => setVersion((current) => current + 1)}>
          {format.counted(lacking.length, 'prediction')} on test sets that a tagger was not trained with{' '}
          {lacking.length === 1 ? 'is' : 'are'} not stored yet. Predicting uses the device, like training, and can be
          cancelled; what is predicted is saved with the run.
        </PredictOffer>
      )}
      {state.status !== 'ready' && <AnalysisWait state={state} doing="Scoring taggers on test sets" />}
      <TableBox label="Test F1 of every tagger on every test set" className="heat">
        <thead>
          <tr>
            <th scope="col">Method</th>
            <th scope="col">Trained on</th>
            {matrix.columns.map((task) => (
              <th key={taskKey(task)} scope="col" className="number">
                {taskRefName(task)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ variant, task, cells }, row) => (
            <tr key={`${variant} ${task === null ? '' : taskKey(task)}`}>
              <th scope="row">{variant}</th>
              <td>{task === null ? 'all together' : taskRefName(task)}</td>
              {cells.map((cell, column) => (
                <ScoreCell key={taskKey(cell.column)} cell={cell} score={scores[row]?.[column] ?? null} />
              ))}
            </tr>
          ))}
        </tbody>
      </TableBox>
      <ul className="table-notes">
        <li>
          Test F1 in percent, the mean over trainings, above its <Term name="bootstrap interval">95 % interval</Term>{' '}
          over test sentences; the darker, the higher. A frame is a corpus that the tagger was trained on.
        </li>
        <li>
          A tagger is tested where it marks the type. Types of different names count as one where MTL-XC trains them as
          one.
        </li>
      </ul>
    </section>
  );
}

interface CellProps {
  readonly cell: MatrixCell;
  readonly score: IntervalScore | null;
}

function ScoreCell({ cell: { asked, isOwn, absent }, score }: CellProps) {
  if (score === null) {
    const words = asked === null ? 'other type' : absent > 0 ? 'not in this browser' : 'not predicted';
    return <td className="number soft none">{words}</td>;
  }
  const { f1, low, high } = score;
  return (
    <td className={isOwn ? 'number own' : 'number'} style={{ '--heat': `${f1.toFixed(1)}%` } as CSSProperties}>
      <span className="f1">{format.percent(f1)}</span>
      {isOwn && <span className="visually-hidden">, trained on it</span>}
      <span className="interval">
        <span className="visually-hidden">, interval </span>
        {low.toFixed(1)} to {high.toFixed(1)}
      </span>
    </td>
  );
}

function statusText(rows: readonly MatrixRow[], scores: readonly (readonly (IntervalScore | null)[])[]): string {
  const cells = rows.flatMap((row) => row.cells).filter(({ asked }) => asked !== null).length;
  const known = scores.flat().filter((score) => score !== null).length;
  return `${format.counted(rows.length, 'tagger')}, ${format.count(known)} of ${format.counted(cells, 'score')} known`;
}
