// Prints tables of measurements as text.
import type { BenchTable } from './benchReport.ts';

export function printBenchTable({ title, columns, rows, notes }: BenchTable): string {
  const widths = columns.map((column, at) => Math.max(...[column, ...rows.map((row) => row[at] ?? '')].map((cell) => cell.length))); // prettier-ignore
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, at) => (at === 0 ? (cells[at] ?? '').padEnd(width) : (cells[at] ?? '').padStart(width)))
      .join('  ')
      .trimEnd();
  return [title, ...[columns, ...rows].map(line).map((text) => `  ${text}`), ...notes].join('\n');
}
