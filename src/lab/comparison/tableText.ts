// Formats comparison tables as Markdown, LaTeX and CSV for papers and spreadsheets.
import { csvText } from '../../util/csv.ts';
import { DISTINCT_MARK, type ComparisonTable, type TableCell } from './comparisonTables.ts';

export type TableFormat = 'markdown' | 'latex' | 'csv';

/** Formats a table. Markdown and LaTeX cells are `mean ± deviation (published, difference)`; CSV has a column for each. */
export function tableText(table: ComparisonTable, format: TableFormat): string {
  if (format === 'csv') return csv(table);
  return format === 'markdown' ? markdown(table) : latex(table);
}

/** The lab's mean minus the published figure, signed; null if either is missing. */
export function differenceText(cell: TableCell): string | null {
  if (cell.kind !== 'score' || cell.value === null || cell.published === null) return null;
  const difference = cell.value.mean - cell.published;
  return `${difference < 0 ? '−' : '+'}${Math.abs(difference).toFixed(2)}`;
}

/** `86.44 ± 0.31`, or `86.44† ± 0.31` if distinct from STL; a dash for no value. */
export function cellText(cell: TableCell): string {
  if (cell.kind === 'text') return cell.text;
  if (cell.kind === 'number') return cell.value === null ? '–' : cell.value.toFixed(2);
  if (cell.value === null) return '–';
  const { mean, deviation } = cell.value;
  const text = `${mean.toFixed(2)}${cell.distinct ? DISTINCT_MARK : ''}`;
  return deviation === null ? text : `${text} ± ${deviation.toFixed(2)}`;
}

/** The text after a score, in parentheses in files: the published figure and the difference, labelled; null without a published figure. */
export function publishedText(cell: TableCell): string | null {
  if (cell.kind !== 'score' || cell.published === null) return null;
  const difference = differenceText(cell);
  const text = `published ${cell.published.toFixed(2)}`;
  return difference === null ? text : `${text}, ${difference}`;
}

function markdown({ title, columns, rows, notes }: ComparisonTable): string {
  // Escapes less than `markdownText`, to keep the source readable: only HTML, links, emphasis and cell separators.
  const escape = (text: string): string => oneLine(text).replace(/[\\`*_[\]<>|~]/g, '\\$&');
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = [
    line(['Task', ...columns.map(({ group, name }) => escape(headName(group, name)))]),
    line(['---', ...columns.map(() => '---:')]),
    ...rows.map(({ name, cells }) =>
      line([escape(name), ...cells.map((cell) => markedText(cell, (text) => `**${text}**`, escape))]),
    ),
  ];
  return [`**${escape(title)}**`, '', ...lines, '', ...notes.map((note) => `- ${escape(note)}`), ''].join('\n');
}

function latex({ title, columns, rows, notes }: ComparisonTable): string {
  const line = (cells: readonly string[]): string => `${cells.join(' & ')} \\\\`;
  const bold = (text: string): string => `\\textbf{${text}}`;
  return [
    ...notes.map((note) => `% ${oneLine(note)}`),
    '\\begin{table}',
    `\\caption{${latexText(title)}}`,
    `\\begin{tabular}{l${'r'.repeat(columns.length)}}`,
    '\\hline',
    line(['Task', ...columns.map(({ group, name }) => latexText(headName(group, name)))]),
    '\\hline',
    ...rows.map(({ name, cells }) =>
      line([latexText(name), ...cells.map((cell) => markedText(cell, bold, latexText))]),
    ),
    '\\hline',
    '\\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
}

function csv({ columns, rows, tested }: ComparisonTable): string {
  const scored = columns.map((_, index) => rows.some(({ cells }) => cells[index]?.kind === 'score'));
  const head = columns.flatMap(({ group, name }, index) => {
    const full = headName(group, name);
    if (!scored[index]) return [full];
    const beside = [full, `${full} deviation`, `${full} published`, `${full} difference`];
    return tested ? [...beside, `${full} distinct from STL`] : beside;
  });
  const body = rows.map(({ name, cells }) => [name, ...cells.flatMap((cell) => csvCells(cell, tested))]);
  return csvText([['Task', ...head], ...body]);
}

function csvCells(cell: TableCell, tested: boolean): readonly (string | null)[] {
  if (cell.kind === 'text') return [cell.text];
  if (cell.kind === 'number') return [cell.value?.toFixed(2) ?? null];
  const { value, published } = cell;
  const difference = value === null || published === null ? null : (value.mean - published).toFixed(2);
  return [
    value?.mean.toFixed(2) ?? null,
    value?.deviation?.toFixed(2) ?? null,
    published?.toFixed(2) ?? null,
    difference,
    ...(tested ? [cell.distinct ? 'yes' : null] : []),
  ];
}

function markedText(cell: TableCell, bold: (text: string) => string, escape = (text: string): string => text): string {
  const text = escape(cellText(cell));
  const published = publishedText(cell);
  const marked = cell.kind !== 'text' && cell.best ? bold(text) : text;
  return published === null ? marked : `${marked} (${escape(published)})`;
}

function headName(group: string, name: string): string {
  return group === name || group === '' ? name : `${group} ${name}`;
}

function latexText(text: string): string {
  return text
    .replace(/[\\{}&%$#_^~]/g, (sign) => LATEX_SIGNS[sign] ?? `\\${sign}`)
    .replaceAll(DISTINCT_MARK, '$^\\dagger$')
    .replaceAll('±', '$\\pm$')
    .replaceAll('α', '$\\alpha$')
    .replaceAll('−', '$-$')
    .replaceAll('·', '$\\cdot$')
    .replaceAll('–', '--');
}

const LATEX_SIGNS: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
};

/** Replaces line breaks, which would end a comment or a table row. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\u2028\u2029]+/g, ' ');
}
