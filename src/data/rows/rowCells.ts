// Splits rows into cells, and cells that hold a whole sentence into its words or tags.
import type { ConllSource } from '../corpus/corpus.ts';
import { tagOfDialect } from '../corpus/tagScheme.ts';
import { tagDialects, tagInDialect } from '../corpus/tagSequences.ts';

// Splits rows into cells: at tabs, spaces, commas or semicolons, with quoted cells as spreadsheets write them.

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

// Splits cells that hold a whole sentence, its words or its tags, with spaces, commas or other marks between, or in brackets.

/** What is between the items of a cell; `brackets`: a list as Python writes it. */
export type ListStyle = 'brackets' | 'comma' | 'bar' | 'semicolon' | 'slash' | 'space';

/** In this order, because tags with a comma and a space between are tags at spaces, too, with a comma at the end of each type. */
const listStyles: readonly ListStyle[] = ['brackets', 'comma', 'bar', 'semicolon', 'slash', 'space'];

const separators: Readonly<Record<Exclude<ListStyle, 'brackets'>, string | RegExp>> = {
  comma: ',',
  bar: '|',
  semicolon: ';',
  slash: '/',
  space: /\s+/,
};

const brackets = /^\[.*\]$/s;
/** An item in quotes, within which quotes have a backslash, or one without quotes. What is not closed ends the cell, so that time is linear. */
const bracketed = /'((?:[^'\\]|\\.?)*)(?:'|$)|"((?:[^"\\]|\\.?)*)(?:"|$)|([^\s,'"]+)/gs;

/** Returns the items of a cell; none if it is empty, or not in brackets where they are expected. */
export function listItems(written: string, style: ListStyle): string[] {
  const cell = written.trim();
  if (cell === '') return [];
  if (style !== 'brackets') return cell.split(separators[style]).map((item) => item.trim());
  if (!brackets.test(cell)) return [];
  return Array.from(cell.slice(1, -1).matchAll(bracketed), ([, single, double, bare]) =>
    (bare ?? (single ?? double ?? '').replace(/\\(.)/gs, '$1')).trim(),
  );
}

/** Returns what is between the tags of a cell that holds several and nothing else; null for any other cell. */
export function tagListStyle(written: string): ListStyle | null {
  const cell = written.trim();
  // Most cells are no lists: their first word shows it.
  const first = /^\[?\s*['"]?([^\s,|;/'"\]]+)['"]?./s.exec(cell)?.[1];
  if (first === undefined || first.length === cell.length || !isTag(first)) return null;
  const style = listStyles.find((one) => {
    const items = listItems(cell, one);
    return items.length > 1 && items.every(isTag);
  });
  return style ?? null;
}

function isTag(text: string): boolean {
  if (text === 'O') return true;
  return tagDialects.some((dialect) => {
    const tag = tagInDialect(text, dialect);
    return tag !== null && tagOfDialect(tag) !== null;
  });
}

/** How many cells hold several tags, in how many of these one is `O`, and what is between the tags of most. */
export function countTagLists(cells: readonly string[]) {
  const styles = new Map<ListStyle, number>();
  let [lists, withOutside] = [0, 0];
  for (const cell of cells) {
    const style = tagListStyle(cell);
    if (style === null) continue;
    lists++;
    styles.set(style, (styles.get(style) ?? 0) + 1);
    if (listItems(cell, style).includes('O')) withOutside++;
  }
  const [usual] = [...styles].sort((left, right) => right[1] - left[1]);
  return { lists, withOutside, style: usual?.[0] ?? null };
}

/** Whether half of the cells or more hold several tags, and one of them `O`: the tags of sentences, not nested ones. */
export function holdTagLists(cells: readonly string[]): boolean {
  const { lists, withOutside } = countTagLists(cells);
  return withOutside > 0 && 2 * lists >= cells.length;
}
