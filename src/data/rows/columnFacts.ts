// Gathers what the columns of a file of rows hold: words, numbers, tags and their types, and which of them number rows or sentences.
import type { TagParts } from '../corpus/tagScheme.ts';
import { DialectCounts, tagsOfCell, type TagDialect } from '../corpus/tagSequences.ts';
import { withUnquotedSeparator, type FileRow } from './rowCells.ts';
import { lengthOf, sampledRows, type RowFile } from './rowFile.ts';

/** The first rows of a file that have all its columns, by sentence. */
export interface SampledFile {
  readonly file: RowFile;
  readonly sentences: readonly (readonly FileRow[])[];
}

export function sampleRows(file: RowFile): SampledFile {
  const certain = sampledSentences(file, false);
  // Lines that begin with # may be comments; they count only if there is nothing else.
  return { file, sentences: certain.length > 0 ? certain : sampledSentences(file, true) };
}

function sampledSentences(file: RowFile, withMarked: boolean): FileRow[][] {
  const sentences: FileRow[][] = [];
  let sentence: FileRow[] = [];
  let count = 0;
  for (const row of file.rows()) {
    if (row.cells === null) {
      if (sentence.length > 0) sentences.push(sentence);
      sentence = [];
    } else if (isDocumentMark(row)) {
      continue;
    } else if (row.text.startsWith('#') === withMarked) {
      const cells = withUnquotedSeparator({ text: row.text, cells: row.cells }, file, null);
      if (lengthOf(cells, file.columns) !== file.columns) continue;
      sentence.push({ ...row, cells });
      if (++count >= sampledRows) break;
    }
  }
  if (sentence.length > 0) sentences.push(sentence);
  return sentences;
}

export function isDocumentMark({ text, cells }: FileRow): boolean {
  return text.startsWith('-DOCSTART-') || (cells?.some((cell) => cell.trim() === '-DOCSTART-') ?? false);
}

/** How much a column looks like one of words, from most to least. */
export const WORDS = 0;
export const IDS = 1;
export const PARTS_OF_SPEECH = 2;
export const NUMBERS = 3;
export const NOTHING = 4;

export interface ColumnFacts {
  readonly index: number;
  readonly rows: number;
  readonly wordlessness: typeof WORDS | typeof IDS | typeof PARTS_OF_SPEECH | typeof NUMBERS | typeof NOTHING;
  readonly dialect: TagDialect;
  /** Share of the cells that are tags in this dialect. */
  readonly tagShare: number;
  /** Types in order of first sight, with the number of their tags; at most `mostTypes`. */
  readonly types: ReadonlyMap<string, number>;
  /** Whether no cell is a tag other than `O`. */
  readonly isOnlyOutside: boolean;
  /** Whether some cell is `O`. */
  readonly hasOutside: boolean;
  /** Whether some cell has several tags. */
  readonly isStacked: boolean;
  /** The names, if the column holds `O` and names that are no tags; else null. */
  readonly bareTypes: readonly string[] | null;
  /** Whether the column numbers the rows of a sentence or file, and whether it begins again without a blank line. */
  readonly numbersRows: boolean;
  readonly restarts: boolean;
  /** Whether a value stays the same for some rows and then never returns. */
  readonly hasRuns: boolean;
  /** Whether all rows, of two at least, have one value. */
  readonly isConstant: boolean;
  /** Whether sentences may end where the value changes: it does, and where blank lines are, if there are any. */
  readonly mayEndSentences: boolean;
  /** Whether it may number the sentences of a file: no value returns besides. */
  readonly numbersSentences: boolean;
}

const mostTypes = 200;

/** Gathers the facts of one column from files with the same columns. */
export function columnFacts(files: readonly SampledFile[], index: number): ColumnFacts {
  const cells: string[] = [];
  for (const { sentences } of files) {
    for (const rows of sentences) for (const row of rows) cells.push((row.cells?.[index] ?? '').trim());
  }
  const counts = new DialectCounts();
  for (const cell of cells) counts.add(cell);
  const { dialect, count } = counts.best;
  const tags = typesOf(cells, dialect);
  const order = orderOf(files, index);
  return {
    index,
    rows: cells.length,
    wordlessness: wordlessnessOf(cells),
    dialect,
    tagShare: cells.length === 0 ? 0 : count / cells.length,
    hasOutside: cells.includes('O'),
    ...tags,
    bareTypes: tags.isOnlyOutside ? bareTypesOf(cells) : null,
    ...order,
  };
}

/** Share of the filled cells that decides what a column is. */
const mostCells = 0.95;

function wordlessnessOf(cells: readonly string[]): ColumnFacts['wordlessness'] {
  const filled = cells.filter((cell) => cell !== '' && cell !== '_');
  if (filled.length === 0) return NOTHING;
  // A token is in every row.
  if (2 * filled.length <= cells.length) return NUMBERS;
  const isMost = (pattern: RegExp) => filled.filter((cell) => pattern.test(cell)).length >= mostCells * filled.length;
  if (isMost(/^[-+]?\d+([.,:-]\d+)*$/)) return NUMBERS;
  if (isMost(/\d/)) return IDS;
  return isMost(partOfSpeech) && filled.some((cell) => /\p{Lu}/u.test(cell)) ? PARTS_OF_SPEECH : WORDS;
}

/** The tags of the Penn Treebank and of Universal Dependencies. */
const partOfSpeech =
  /^(NNP?S?|VB[DGNPZ]?|JJ[RS]?|RB[RS]?|DT|PDT|WDT|IN|CC|CD|TO|PRP\$?|WP\$?|WRB|MD|EX|FW|POS|RP|UH|SYM|LS|HYPH|NFP|ADD|AFX|GW|XX|-[LR]RB-|NOUN|VERB|ADJ|ADV|ADP|AUX|CCONJ|SCONJ|DET|INTJ|NUM|PART|PRON|PROPN|PUNCT|X|[^\p{L}\p{N}\s]+)$/u;

function typesOf(
  cells: readonly string[],
  dialect: TagDialect,
): Pick<ColumnFacts, 'types' | 'isOnlyOutside' | 'isStacked'> {
  const known = new Map<string, readonly TagParts[] | null>();
  const types = new Map<string, number>();
  let isOnlyOutside = true;
  let isStacked = false;
  for (const cell of cells) {
    if (cell === 'O') continue;
    let tags = known.get(cell);
    if (tags === undefined) {
      tags = tagsOfCell(cell, dialect);
      if (tags !== null) known.set(cell, tags);
    }
    if (tags === null || tags.length === 0) continue;
    isOnlyOutside = false;
    if (tags.length > 1) isStacked = true;
    for (const { type } of tags)
      if (types.size < mostTypes || types.has(type)) types.set(type, (types.get(type) ?? 0) + 1);
  }
  return { types, isOnlyOutside, isStacked };
}

/** Names of types without a prefix, but not tags with a prefix that no scheme has. */
const typePattern = /^\p{L}[\p{L}\p{N}_ ./&-]+$/u;
const oddTag = /^\p{L}[-_:/.]/u;

/** Among `O`, which are a quarter of the cells at least, a few names. */
function bareTypesOf(cells: readonly string[]): readonly string[] | null {
  const others = cells.filter((cell) => cell !== 'O');
  if (others.length === 0 || 4 * (cells.length - others.length) < cells.length) return null;
  const names = new Set(others);
  const isName = (cell: string) => typePattern.test(cell) && !oddTag.test(cell);
  if (names.size > Math.max(20, others.length / 4) || ![...names].every(isName)) return null;
  return [...names];
}

/** Follows the values of a column from row to row. An empty cell repeats the one above, as in Kaggle's files. */
function orderOf(
  files: readonly SampledFile[],
  index: number,
): Pick<ColumnFacts, 'numbersRows' | 'restarts' | 'hasRuns' | 'isConstant' | 'mayEndSentences' | 'numbersSentences'> {
  let [rows, runs, returns, changesWithin, changes, steps, pairs, restarts] = [0, 0, 0, 0, 0, 0, 0, 0];
  let hasBlankLines = false;
  // An underscore says that there is no value, so such a column is no order of sentences.
  let hasMissing = false;
  for (const { sentences } of files) {
    const seen = new Set<string>();
    let value: string | null = null;
    if (sentences.length > 1) hasBlankLines = true;
    for (const sentence of sentences) {
      let previous: number | null = null;
      sentence.forEach((row, at) => {
        const cell = (row.cells?.[index] ?? '').trim();
        rows++;
        if (cell === '_') hasMissing = true;
        if (cell !== '' && cell !== value) {
          if (value !== null) changes++;
          if (value !== null && at > 0) changesWithin++;
          if (seen.has(cell)) returns++;
          seen.add(cell);
          runs++;
          value = cell;
        }
        const number = /^\d+$/.test(cell) ? Number(cell) : null;
        if (number !== null && previous !== null) {
          pairs++;
          if (number === previous + 1) steps++;
          else if (number < 2 && previous > number) restarts++;
        }
        previous = number ?? previous;
      });
    }
  }
  const mayEndSentences = !hasMissing && runs > 1 && (!hasBlankLines || changesWithin <= 0.1 * changes);
  const hasRuns = !hasMissing && returns === 0 && runs > 1 && rows >= 2 * runs;
  return {
    numbersRows: steps > 0 && steps + restarts >= 0.9 * pairs,
    restarts: restarts > 0 && !hasBlankLines,
    hasRuns,
    isConstant: runs === 1 && rows > 1,
    mayEndSentences,
    numbersSentences: mayEndSentences && returns === 0,
  };
}

/**
 * Whether a column numbers the sentences of each document, which another column names: no pair of their values returns, and pairs stay
 * for some rows. No cell of numbers is empty.
 */
export function numbersWithin(files: readonly SampledFile[], documentColumn: number, column: number): boolean {
  let [rows, runs] = [0, 0];
  for (const { sentences } of files) {
    const seen = new Set<string>();
    let [document, pair] = ['', ''];
    for (const { cells } of sentences.flat()) {
      const number = (cells?.[column] ?? '').trim();
      if (number === '') return false;
      document = (cells?.[documentColumn] ?? '').trim() || document;
      rows++;
      const value = `${document}\t${number}`;
      if (value === pair) continue;
      if (seen.has(value)) return false;
      seen.add(value);
      runs++;
      pair = value;
    }
  }
  return runs > 1 && rows >= 2 * runs;
}
