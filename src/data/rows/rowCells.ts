// Splits rows into cells: at tabs, spaces, commas or semicolons, with quoted cells as spreadsheets write them.
import type { ConllSource } from '../corpus/corpusSource.ts';

/** A line of a file of rows. Its cells are null if it is blank or not readable, and so ends a sentence. */
export interface FileRow {
  /** 1-based. */
  readonly line: number;
  readonly text: string;
  readonly cells: readonly string[] | null;
  /** Whether the row has spaces where others of the file have tabs. */
  readonly hasSpaces?: boolean;
}

export type RowSeparator = ConllSource['separator'];

const characters: Readonly<Record<Exclude<RowSeparator, 'space'>, string>> = { tab: '\t', comma: ',', semicolon: ';' };

/** Returns the separator that is written as this character; null if none is. */
export function separatorOfCharacter(character: string): RowSeparator | null {
  if (character === '\t') return 'tab';
  if (character === ',') return 'comma';
  return character === ';' ? 'semicolon' : null;
}

/** Whether a line is only white space, and so ends a sentence. */
export function isBlank(text: string): boolean {
  return text.length === 0 || text.trim().length === 0;
}

/**
 * Splits a row into cells. Runs of spaces and tabs are one separator; with any other separator a cell may be empty or contain spaces.
 * Commas and semicolons within a quoted cell belong to it.
 */
export function splitCells(text: string, separator: RowSeparator): string[] {
  if (separator === 'tab') return text.split('\t');
  if (separator !== 'space') return quotedCells(text, characters[separator]) ?? text.split(characters[separator]);
  const cells = text.split(/[ \t]+/);
  if (cells.length > 1 && cells[0] === '') cells.shift();
  if (cells.length > 1 && cells.at(-1) === '') cells.pop();
  return cells;
}

/** Lines that a quoted cell may span; tokens are rarely line breaks, and a lone quote must not swallow a file. */
const mostJoinedLines = 5;

/**
 * Splits the row that begins at `lines[index]`, joined with the next lines if a quoted cell has line breaks. `used` is the number of
 * lines. A quote that nothing closes is a character like others.
 */
export function splitQuoted(
  lines: readonly string[],
  index: number,
  separator: RowSeparator,
): { readonly cells: string[]; readonly used: number } {
  const row = lines[index] ?? '';
  if (separator === 'space') return { cells: splitCells(row, separator), used: 1 };
  const character = characters[separator];
  if (!row.includes('"')) return { cells: row.split(character), used: 1 };
  let joined = row;
  for (let used = 1; used <= mostJoinedLines; used++) {
    const cells = quotedCells(joined, character);
    // Rows between two lone quotes are no cell.
    const isRows = cells?.some((cell) => cell.includes('\n') && cell.includes(character)) ?? false;
    if (cells !== null && !isRows) return { cells, used };
    const next = lines[index + used];
    if (next === undefined) break;
    joined += `\n${next}`;
  }
  return { cells: row.split(character), used: 1 };
}

/** Null if a quoted cell is not closed, or something other than a separator follows it. */
function quotedCells(text: string, separator: string): string[] | null {
  if (!text.includes('"')) return text.split(separator);
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    while (text.charAt(at) === ' ') at++;
    if (text.charAt(at) !== '"') {
      const end = text.indexOf(separator, at);
      cells.push(end < 0 ? text.slice(at) : text.slice(at, end));
      if (end < 0) return cells;
      at = end + 1;
      continue;
    }
    let cell = '';
    at++;
    for (;;) {
      const quote = text.indexOf('"', at);
      if (quote < 0) return null;
      cell += text.slice(at, quote);
      at = quote + 1;
      if (text.charAt(at) !== '"') break;
      cell += '"';
      at++;
    }
    while (text.charAt(at) === ' ') at++;
    cells.push(cell);
    if (at >= text.length) return cells;
    if (text.charAt(at) !== separator) return null;
    at++;
  }
}

/**
 * Returns the cells of a row with a separator for a token that is not in quotes: the row then has two empty cells, and one cell too
 * many. `tokenColumn` is null while it is not known: the row is then changed only if there is one place for the token. Returns `cells`
 * itself for any other row.
 */
export function withUnquotedSeparator(
  { text, cells }: { readonly text: string; readonly cells: readonly string[] },
  { separator, columns }: { readonly separator: RowSeparator; readonly columns: number },
  tokenColumn: number | null,
): readonly string[] {
  if (separator !== 'comma' && separator !== 'semicolon') return cells;
  if (cells.length !== columns + 1 || text.includes('"')) return cells;
  const isEmpty = (column: number) => cells[column]?.trim() === '' && cells[column + 1]?.trim() === '';
  const candidates = tokenColumn === null ? Array.from({ length: columns - 1 }, (_, column) => column) : [tokenColumn];
  const [place, another] = candidates.filter((column) => column < columns - 1 && isEmpty(column));
  if (place === undefined || another !== undefined) return cells;
  return [...cells.slice(0, place), characters[separator], ...cells.slice(place + 2)];
}

/**
 * Whether the cells of a tab-separated file are quoted, as spreadsheets do: every cell that begins with a quote ends with one, quotes
 * inside are doubled, and some are. Anywhere else a quote is a token.
 */
export function hasQuotedCells(rows: readonly (readonly string[])[]): boolean {
  let doubled = false;
  for (const cell of rows.flat()) {
    if (!cell.startsWith('"')) continue;
    if (cell.length < 2 || !/^"(?:[^"]|"")*"$/.test(cell)) return false;
    if (cell.slice(1, -1).includes('""')) doubled = true;
  }
  return doubled;
}
