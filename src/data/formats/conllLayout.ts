// Detects how the columns of a CoNLL file are laid out.
import { quoted } from '../corpus/issues.ts';
import { looksLikeTag } from '../corpus/tagScheme.ts';

export interface ConllLayout {
  readonly separator: 'tab' | 'space';
  readonly columns: number;
  /** 0-based columns of token and tag. */
  readonly tokenColumn: number;
  readonly tagColumn: number;
}

/** Why no layout was found: a problem of the whole file, reported on the line where it first occurs. */
export interface LayoutFault {
  readonly code: 'corpus/empty' | 'corpus/one-column' | 'corpus/no-tag-column';
  readonly line: number | null;
  readonly message: string;
}

/** Number of rows examined; the layout of a file shows long before. */
const sampledRows = 20_000;

/**
 * Determines separator, number of columns and the token and tag columns by majority of the rows. The tag column is the last one
 * where at least half the cells look like tags and not all are `O`; the token column is the first other one, skipping a column of
 * row numbers.
 */
export function conllLayout(lines: readonly string[]): ConllLayout | LayoutFault {
  const rows: { readonly text: string; readonly line: number }[] = [];
  for (let index = 0; index < lines.length && rows.length < sampledRows; index++) {
    const text = lines[index] ?? '';
    if (!isBlank(text) && !text.startsWith('-DOCSTART-')) rows.push({ text, line: index + 1 });
  }
  // Lines that begin with # may be comments; they count only if there is nothing else.
  const certain = rows.filter(({ text }) => !text.startsWith('#'));
  const used = certain.length > 0 ? certain : rows;
  const first = used[0];
  if (first === undefined) {
    return { code: 'corpus/empty', line: null, message: 'The file has no sentences: expected rows of token and tag.' };
  }

  const withTab = used.filter(({ text }) => text.includes('\t')).length;
  const separator = 2 * withTab >= used.length ? 'tab' : 'space';
  const cells = used.map(({ text }) => splitCells(text, separator));
  const columns = mostCommon(cells.map((row) => row.length));
  if (columns < 2) {
    const line = used[cells.findIndex((row) => row.length < 2)]?.line ?? null;
    const message = `Rows have one column: expected a token and a tag with a tab or spaces between, got ${quoted(first.text)}.`;
    return { code: 'corpus/one-column', line, message };
  }

  const regular = cells.filter((row) => row.length === columns);
  const tagColumn = findTagColumn(regular, columns);
  if (tagColumn === null) {
    const line = used[cells.findIndex((row) => row.length === columns)]?.line ?? null;
    const got = quoted(regular[0]?.[columns - 1] ?? '');
    const message = `None of the ${columns} columns holds tags: expected O, B-…, I-… and the like, got ${got} in the last.`;
    return { code: 'corpus/no-tag-column', line, message };
  }
  return { separator, columns, tagColumn, tokenColumn: findTokenColumn(regular, columns, tagColumn) };
}

/** Splits a row into cells. In tab-separated rows a cell may be empty or contain spaces; runs of spaces are one separator. */
export function splitCells(text: string, separator: 'tab' | 'space'): string[] {
  if (separator === 'tab') return text.split('\t');
  const cells = text.split(/[ \t]+/);
  if (cells.length > 1 && cells[0] === '') cells.shift();
  if (cells.length > 1 && cells.at(-1) === '') cells.pop();
  return cells;
}

/** Whether a line is only white space, and so ends a sentence. */
export function isBlank(text: string): boolean {
  return text.length === 0 || text.trim().length === 0;
}

function findTagColumn(rows: readonly (readonly string[])[], columns: number): number | null {
  const shares = Array.from({ length: columns }, (_, column) => {
    const texts = rows.map((row) => (row[column] ?? '').trim());
    const tagLike = texts.filter(looksLikeTag);
    return { column, share: tagLike.length / rows.length, onlyOutside: tagLike.every((text) => text === 'O') };
  });
  const likely = shares.filter(({ share }) => share >= 0.5);
  const chosen = likely.findLast(({ onlyOutside }) => !onlyOutside) ?? likely.at(-1);
  if (chosen !== undefined) return chosen.column;
  // Mostly unknown tags: still the last column, as long as it has a known one.
  return (shares.at(-1)?.share ?? 0) > 0 ? columns - 1 : null;
}

function findTokenColumn(rows: readonly (readonly string[])[], columns: number, tagColumn: number): number {
  const others = Array.from({ length: columns }, (_, column) => column).filter((column) => column !== tagColumn);
  const [first = 0, second] = others;
  const isNumbered =
    rows.every((row) => /^\d+([-.]\d+)?$/.test(row[first] ?? '')) && /^[01]$/.test(rows[0]?.[first] ?? '');
  return isNumbered && second !== undefined ? second : first;
}

function mostCommon(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  let best = 0;
  for (const [number, count] of counts) if (count > (counts.get(best) ?? 0)) best = number;
  return best;
}
