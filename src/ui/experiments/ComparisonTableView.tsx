// Shows one table of a comparison, with buttons to copy it as text.
import { useState } from 'react';
import type { ComparisonTable, TableCell } from '../../lab/comparison/comparisonTables.ts';
import type { MergedRuns } from '../../lab/comparison/mergeRuns.ts';
import { cellText, publishedText, tableText, type TableFormat } from '../../lab/comparison/tableText.ts';
import { Button } from '../parts/Button.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';

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
                <Cell key={column} cell={cell} />
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

function Cell({ cell }: { readonly cell: TableCell }) {
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
