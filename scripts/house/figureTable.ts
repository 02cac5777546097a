// Prints figures as text, and writes them into a column of a Markdown table.
import type { Figure } from './figures.ts';

/** Lays out figures for a terminal, with listed items below each. */
export function figureTable(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ value }) => value.length));
  return figures
    .flatMap(({ label, value, names = [] }) => [
      `${value.padStart(width)}  ${label}`,
      ...names.map((name) => `${' '.repeat(width)}    ${name}`),
    ])
    .join('\n');
}

export type Column = 'before' | 'after';

const head = ['', 'before', 'after'] as const;

/**
 * Replaces one column of the first table of a Markdown text, and leaves the other column and the surrounding text unchanged. Rows
 * are matched by label; figures without one get a new row.
 */
export function withFigures(markdown: string, figures: readonly Figure[], column: Column): string {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.startsWith('|'));
  const from = start < 0 ? lines.length : start;
  const length = lines.slice(from).findIndex((line) => !line.startsWith('|'));
  const to = length < 0 ? lines.length : from + length;
  const known = new Map(lines.slice(from + 2, to).map((line) => rowOf(line)));
  const rows = figures.map(({ label, value }): readonly string[] => {
    const [before = '', after = ''] = known.get(label) ?? [];
    return column === 'before' ? [label, value, after] : [label, before, value];
  });
  return [...lines.slice(0, from), ...tableLines([head, ...rows]), ...lines.slice(to)].join('\n');
}

function rowOf(line: string): readonly [label: string, values: readonly string[]] {
  const [label = '', ...values] = line.split('|').slice(1, -1).map((cell) => cell.trim()); // prettier-ignore
  return [label, values];
}

/** Formats a table like Prettier: every cell is padded to the widest of its column. */
function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((_, at) => Math.max(3, ...rows.map((row) => (row[at] ?? '').length)));
  const lineOf = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const [first = [], ...others] = rows;
  return [lineOf(first), lineOf(widths.map((width) => '-'.repeat(width))), ...others.map((row) => lineOf(row))];
}
