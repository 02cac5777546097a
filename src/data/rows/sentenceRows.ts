// Reads rows that hold a sentence each, its words in one cell and their tags in another, as a row for each word.
import { quoted, type IssueList } from '../corpus/issues.ts';
import { isBlank, type FileRow } from './rowCells.ts';
import { countTagLists, listItems, type ListStyle } from './tagLists.ts';

/** A column with an item for each word of the sentence: the words, tags, perhaps parts of speech. */
interface ListColumn {
  readonly index: number;
  readonly style: ListStyle;
}

interface RowsOfSentences {
  /** The column that has as many words as there are tags; one of names for it if several have. */
  readonly wordColumn: number;
  /** In ascending order. */
  readonly listColumns: readonly number[];
  /** Iterates over a row for each word, with a blank one after each sentence. Cells that hold no list are repeated. */
  readonly rows: () => Iterable<FileRow>;
}

/** Rows examined: the form shows in the first ones. */
const examinedRows = 2000;

/**
 * Returns the words of rows that hold a sentence each; null for any other rows. Most rows then have several tags in one cell, and as many
 * items in another. A row whose numbers differ is left out with an error; if most do, all are. `isText` says whether a column is named as one
 * of words.
 */
export function wordsOfSentences(
  rows: () => Iterable<FileRow>,
  columns: number,
  isText: (index: number) => boolean,
  issues: IssueList,
): RowsOfSentences | null {
  const found = listColumnsOf(wholeRows(rows(), columns), columns, isText);
  if (found === null) return null;
  const { listColumns, wordColumn, tagColumn, isEven } = found;
  const indices = listColumns.map(({ index }) => index);
  const names = indices.map((index) => index + 1).join(' and ');
  let firstLine: number | null = null;
  for (const row of rows()) {
    const lists = listsOf(row, columns, listColumns);
    if (lists === null) continue;
    const counts = new Set(lists.map(({ length }) => length));
    if (counts.size === 1) {
      firstLine ??= row.line;
      continue;
    }
    const got = lists.map(({ length }, at) => countOf(length, listColumns[at]?.index ?? 0, tagColumn)).join(', ');
    if (isEven) {
      const message = `Expected a tag for each word, got ${got}: the sentence is left out.`;
      issues.add('error', 'corpus/sentence-row', row.line, message);
      continue;
    }
    const message =
      `Rows hold sentences with their tags, and in most the numbers of words and tags differ: expected a tag for each word, got ${got} in ` +
      `${quoted(row.text)}. The file is left out; write a row for each word, or the words with a space between any two.`;
    issues.add('error', 'corpus/sentence-row', row.line, message);
    return { wordColumn, listColumns: indices, rows: () => [] };
  }
  const message = `Rows hold a sentence each, with an item for each word in columns ${names}: read as a row for each word.`;
  issues.add('info', 'corpus/sentence-rows', firstLine, message);
  return { wordColumn, listColumns: indices, rows: () => rowsOfWords(rows(), columns, listColumns) };
}

function countOf(count: number, column: number, tagColumn: number): string {
  return `${count} ${column === tagColumn ? 'tag' : 'word'}${count === 1 ? '' : 's'} in column ${column + 1}`;
}

function* rowsOfWords(
  rows: Iterable<FileRow>,
  columns: number,
  listColumns: readonly ListColumn[],
): Generator<FileRow> {
  for (const row of rows) {
    const { line } = row;
    const lists = listsOf(row, columns, listColumns);
    if (lists === null) {
      yield row;
      continue;
    }
    const count = lists[0]?.length ?? 0;
    for (let at = 0; at < count && lists.every(({ length }) => length === count); at++) {
      const cells = (row.cells ?? []).slice(0, columns);
      listColumns.forEach(({ index }, list) => (cells[index] = lists[list]?.[at] ?? ''));
      yield { line, text: cells.join('\t'), cells };
    }
    yield { line, text: '', cells: null };
  }
}

/** The items of the list columns; null if the row is blank, or lacks a column, as comments do. */
function listsOf({ cells }: FileRow, columns: number, listColumns: readonly ListColumn[]): string[][] | null {
  if (cells === null || !isWhole(cells, columns)) return null;
  return listColumns.map(({ index, style }) => listItems(cells[index] ?? '', style));
}

function isWhole(cells: readonly string[], columns: number): boolean {
  return cells.length >= columns && cells.slice(columns).every(isBlank);
}

function wholeRows(rows: Iterable<FileRow>, columns: number): (readonly string[])[] {
  const whole: (readonly string[])[] = [];
  for (const { cells } of rows) {
    if (cells === null || !isWhole(cells, columns)) continue;
    whole.push(cells);
    if (whole.length >= examinedRows) break;
  }
  return whole;
}

/** In this order, because a comma after a word belongs to it. */
const wordStyles: readonly ListStyle[] = ['brackets', 'space', 'comma', 'bar', 'semicolon'];

interface FoundColumns {
  /** In order of index. */
  readonly listColumns: readonly ListColumn[];
  readonly wordColumn: number;
  readonly tagColumn: number;
  /** Whether most rows have as many words as tags. */
  readonly isEven: boolean;
}

function listColumnsOf(
  rows: readonly (readonly string[])[],
  columns: number,
  isText: (index: number) => boolean,
): FoundColumns | null {
  const all = Array.from({ length: columns }, (_, index) => ({ index, style: tagStyleOf(rows, index) }));
  const tags = all.findLast(({ style }) => style !== null);
  if (tags === undefined || tags.style === null) return null;
  const { index: tagColumn, style: tagStyle } = tags;
  const telling = rows.flatMap((cells) => {
    const { length } = listItems(cells[tagColumn] ?? '', tagStyle);
    return length > 1 ? [{ cells, length }] : [];
  });
  const others = all.filter(({ index }) => index !== tagColumn);
  const found = (words: ListColumn, more: readonly ListColumn[], isEven: boolean): FoundColumns => {
    const listColumns = [words, ...more, { index: tagColumn, style: tagStyle }];
    listColumns.sort((left, right) => left.index - right.index);
    return { listColumns, wordColumn: words.index, tagColumn, isEven };
  };

  const even = others.map(({ index, style: ownTags }) => {
    const counts = wordStyles.map((style) => {
      const agreeing = telling.filter(({ cells, length }) => listItems(cells[index] ?? '', style).length === length);
      return { index, style, ownTags, agreeing };
    });
    return counts.reduce((best, one) => (one.agreeing.length > best.agreeing.length ? one : best));
  });
  const rank = ({ index, style, agreeing }: (typeof even)[number]) =>
    agreeing.length + (isText(index) ? telling.length : 0) + (style === 'brackets' ? 0.5 : 0);
  const [words] = even
    .filter(({ ownTags, agreeing }) => ownTags === null && 2 * agreeing.length >= telling.length)
    .sort((left, right) => rank(right) - rank(left));
  if (words !== undefined) {
    const { agreeing } = words;
    const more = even.filter((one) => one !== words && agreeing.every((row) => one.agreeing.includes(row)));
    return found(words, more, true);
  }
  const isPhrases = (index: number) =>
    2 * telling.filter(({ cells }) => /\S\s+\S/.test(cells[index] ?? '')).length >= telling.length;
  const uneven = others.find(({ index, style }) => style === null && isPhrases(index));
  return uneven === undefined ? null : found({ index: uneven.index, style: 'space' }, [], false);
}

/** What is between the tags of a column, if half of its cells hold several, and half of these `O`, which nested tags lack. */
function tagStyleOf(rows: readonly (readonly string[])[], index: number): ListStyle | null {
  const { lists, withOutside, style } = countTagLists(rows.map((cells) => cells[index] ?? ''));
  return 2 * lists < rows.length || 2 * withOutside < lists ? null : style;
}
