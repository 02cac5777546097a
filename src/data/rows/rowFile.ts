// Opens a file of rows: finds its separator and header, and gives its rows as cells before it is known what columns hold.
import type { ColumnChoice } from '../corpus/corpus.ts';
import { IssueList, quoted } from '../corpus/issues.ts';
import { DialectCounts, type TagDialect } from '../corpus/tagSequences.ts';
import { decodeText, encodingFault, transcodeUtf16, type DecodedText } from './decodeText.ts';
import {
  hasQuotedCells,
  holdTagLists,
  isBlank,
  separatorOfCharacter,
  splitCells,
  splitQuoted,
  type FileRow,
  type RowSeparator,
} from './rowCells.ts';
import { isWebAnno, webAnnoRows, wordsOfSentences } from './rowForms.ts';

/** How the rows of all files of a corpus are read. */
export interface RowLayout {
  readonly choice: ColumnChoice;
  /** Whether a person made the choice. */
  readonly isChosen: boolean;
  readonly columns: number;
  /** The spelling of tags of each column. */
  readonly dialects: readonly TagDialect[];
  /** A change of the value of any of them ends a sentence, as of a document and of a sentence in it; none if blank lines alone do. */
  readonly sentenceColumns: readonly number[];
  readonly rowNumberColumn: number | null;
  /** Whether a sentence begins where row numbers begin again, because no blank line says so. */
  readonly breaksAtRowNumbers: boolean;
  /** The file the layout was found in, its separator and its header. */
  readonly file: string;
  readonly separator: RowFile['separator'];
  readonly header: readonly string[] | null;
}

export interface RowFile {
  readonly file: string;
  readonly separator: RowSeparator;
  /** Of most rows, without trailing columns that are always empty; 0 without rows. */
  readonly columns: number;
  /** Null without a header. */
  readonly header: readonly string[] | null;
  readonly faults: DecodedText['faults'];
  /** Iterates over all rows except the header. */
  readonly rows: () => Iterable<FileRow>;
}

/** Number of rows examined; the form of a file shows long before. */
export const sampledRows = 20_000;

/** Bytes of a file that are examined for the layout of its corpus. */
const surveyedBytes = 8_388_608;

/** Returns the beginning of a long file, up to the end of a line. */
export function headOfFile(bytes: Uint8Array): Uint8Array {
  const isWide = bytes[0] === 0xff || bytes[0] === 0xfe;
  if (bytes.length <= surveyedBytes || isWide) return bytes;
  const end = bytes.lastIndexOf(0x0a, surveyedBytes);
  return bytes.subarray(0, end > 0 ? end : surveyedBytes);
}

/**
 * Opens the bytes of a file of rows; null, and an error in `issues`, if they are no text. `usual` is the separator of other files of the
 * corpus, for a file too short to show its own. Never throws.
 */
export function openRowFile(
  bytes: Uint8Array,
  file: string,
  issues = new IssueList(file),
  usual: RowSeparator | null = null,
): RowFile | null {
  const transcoded = transcodeUtf16(bytes);
  const unfit = transcoded === null ? encodingFault(bytes) : encodingFault(transcoded);
  if (unfit !== null) {
    issues.add('error', unfit.code, null, unfit.message);
    return null;
  }
  if (transcoded !== null) issues.add('info', 'corpus/utf-16', null, 'The file is UTF-16 and is read as such.');
  const { lines: decoded, faults } = decodeText(transcoded ?? bytes);
  // Files joined with their byte order marks have one in the middle.
  const lines = decoded.map((line) => (line.charCodeAt(0) === 0xfeff ? line.slice(1) : line));
  if (isWebAnno(lines)) {
    const { header, rows } = webAnnoRows(lines, issues);
    return { file, separator: 'tab', columns: header.length, header, faults, rows: () => rows };
  }
  const split = splitRows(lines, issues, usual);
  const isText = (index: number) => ['token', 'sentence'].includes(meaningOfName(split.header?.[index] ?? '') ?? '');
  const words = split.columns > 1 ? wordsOfSentences(split.rows, split.columns, isText, issues) : null;
  if (words === null) return { file, faults, ...split };
  const { wordColumn, listColumns, rows } = words;
  // A column of sentences is one of tokens once their words are in rows, and another text beside them is not.
  const header = split.header?.map((name, index) => {
    const meaning = meaningOfName(name);
    if (index === wordColumn) return meaning === 'sentence' ? 'token' : name;
    return meaning === 'token' || (meaning === 'sentence' && listColumns.includes(index)) ? `whole ${name}` : name;
  });
  return { file, faults, ...split, header: header ?? null, rows };
}

function splitRows(
  lines: readonly string[],
  issues: IssueList,
  usual: RowSeparator | null,
): Omit<RowFile, 'file' | 'faults'> {
  const stated = /^"?sep=(.)"?\s*$/i.exec(lines[0] ?? '')?.[1] ?? null;
  const start = stated === null ? 0 : 1;
  const sample = sampleOf(lines, start);
  const separator = (stated === null ? null : separatorOfCharacter(stated)) ?? separatorOf(sample, usual);
  const literal = sample.map(({ text }) => splitCells(text, separator));
  const isQuoted =
    separator === 'comma' || separator === 'semicolon' || (separator === 'tab' && hasQuotedCells(literal));
  const sampled = isQuoted ? sample.map(({ text }) => splitQuoted([text], 0, separator).cells) : literal;
  if (isQuoted && separator === 'tab') {
    issues.add('info', 'corpus/quoted-cells', null, 'Cells are in quotes, as spreadsheets write them: read without.');
  }
  const [first, ...others] = sampled;
  const isTable = separator === 'comma' || separator === 'semicolon';
  // Tokens such as 1,000 that are not in quotes spill over into the columns after the last one.
  const found = columnsOf(sampled, isTable ? commaShare : 1);
  const hasHeader = first !== undefined && found > 1 && isHeader(first, others);
  const columns = hasHeader ? lengthOf(first, 2) : found;
  const headerIndex = hasHeader ? (sample[0]?.index ?? null) : null;
  if (headerIndex !== null) {
    const names = quoted(first?.map((name) => name.trim()).join(', ') ?? '');
    issues.add('info', 'corpus/header', headerIndex + 1, `The row is a header, not a token: ${names}.`);
  }
  const named = statedColumns(lines) ?? (hasHeader ? first.map((name) => name.trim()) : null);
  return {
    separator,
    columns,
    header: named,
    *rows() {
      for (let index = start; index < lines.length; index++) {
        if (index === headerIndex) continue;
        const text = lines[index] ?? '';
        const line = index + 1;
        if (isBlank(text)) {
          yield { line, text: '', cells: null };
        } else if (isQuoted) {
          const { cells, used } = splitQuoted(lines, index, separator);
          yield { line, text, cells };
          index += used - 1;
        } else {
          const cells = splitCells(text, separator);
          // Some rows of tab-separated files have spaces for tabs.
          const hasSpaces = cells.length === 1 && columns > 1 && !text.startsWith('#');
          yield hasSpaces ? { line, text, cells: splitCells(text, 'space'), hasSpaces } : { line, text, cells };
        }
      }
    },
  };
}

interface SampledRow {
  readonly text: string;
  readonly index: number;
}

/** Returns the first rows. Lines that begin with # may be comments; they count only if there is nothing else. */
function sampleOf(lines: readonly string[], start: number): readonly SampledRow[] {
  const rows: SampledRow[] = [];
  for (let index = start; index < lines.length && rows.length < sampledRows; index++) {
    const text = lines[index] ?? '';
    if (!isBlank(text) && !text.startsWith('-DOCSTART-')) rows.push({ text, index });
  }
  const certain = rows.filter(({ text }) => !text.startsWith('#'));
  return certain.length > 0 ? certain : rows;
}

/** Shares of the rows that have to have a tab, or the same number of commas or semicolons. */
const tabShare = 0.5;
const commaShare = 0.8;

function separatorOf(sample: readonly SampledRow[], usual: RowSeparator | null): RowSeparator {
  const found = separatorInRows(sample);
  const columns = (separator: RowSeparator) => columnsOf(sample.map(({ text }) => splitCells(text, separator)));
  return usual !== null && usual !== found && columns(found) < 2 && columns(usual) > 1 ? usual : found;
}

function separatorInRows(sample: readonly SampledRow[]): RowSeparator {
  const split = (separator: RowSeparator) => sample.map(({ text }) => splitCells(text, separator));
  const withTab = sample.filter(({ text }) => text.includes('\t')).length;
  if (withTab > 0 && withTab >= tabShare * sample.length) {
    // Tabs after the last cell alone separate nothing.
    const cells = split('tab');
    if (columnsOf(cells) > 1 || columnsOf(split('space')) < 2) return 'tab';
    return 'space';
  }
  const candidates = (['comma', 'semicolon'] as const).filter((separator) => {
    const cells = split(separator);
    const columns = columnsOf(cells);
    const regular = cells.filter((row) => lengthOf(row, columns) === columns);
    const isTable = regular.length >= commaShare * cells.length && hasTagColumn(regular, columns);
    // Where a comma is the token itself, no row has two cells with something in them.
    const hasCells = cells.some((row) => row.filter((cell) => cell.trim() !== '').length > 1);
    return columns > 1 && hasCells && (isTable || endsWords(sample, separator));
  });
  return candidates[0] ?? 'space';
}

/** Whether most rows have a word that ends with the separator, as in `p53, B-Gene`; other rows may have one for a token. */
function endsWords(sample: readonly SampledRow[], separator: 'comma' | 'semicolon'): boolean {
  const pattern = separator === 'comma' ? /[^\s,],\s+\S/ : /[^\s;];\s+\S/;
  return 2 * sample.filter(({ text }) => pattern.test(text)).length >= sample.length;
}

/** Whether most cells of some column are `O` or tags, or all tags of a sentence, or many are `O`, as among types without a prefix. */
export function hasTagColumn(rows: readonly (readonly string[])[], columns: number): boolean {
  return Array.from({ length: columns }, (_, column) => column).some((column) => {
    const cells = rows.map((row) => (row[column] ?? '').trim());
    const counts = new DialectCounts();
    cells.forEach((cell) => counts.add(cell));
    const outside = cells.filter((cell) => cell === 'O').length;
    return 2 * counts.best.count >= cells.length || 4 * outside >= cells.length || holdTagLists(cells);
  });
}

/** Returns the number of cells in most rows, without trailing columns that are empty in this share of these rows. */
function columnsOf(rows: readonly (readonly string[])[], emptyShare = 1): number {
  const counts = new Map<number, number>();
  for (const { length } of rows) counts.set(length, (counts.get(length) ?? 0) + 1);
  let columns = 0;
  for (const [length, count] of counts) if (count > (counts.get(columns) ?? 0)) columns = length;
  const regular = rows.filter(({ length }) => length === columns);
  const isEmpty = (column: number) =>
    regular.filter((row) => (row[column] ?? '').trim() === '').length >= emptyShare * regular.length;
  while (columns > 1 && isEmpty(columns - 1)) columns--;
  return columns;
}

/** Returns the number of cells of a row of a file with this number of columns: empty cells after these do not count. */
export function lengthOf(cells: readonly string[], columns: number): number {
  let { length } = cells;
  while (length > columns && (cells[length - 1] ?? '').trim() === '') length--;
  return length;
}

const tokenNames = ['token', 'tokens', 'word', 'words', 'wordform', 'form', 'text', 'surface', 'tokentext'];
const tagNames = [
  ...['tag', 'tags', 'label', 'labels', 'class', 'annotation', 'entity', 'entities', 'entitytag', 'entitylabel'],
  ...['ner', 'nertag', 'nertags', 'nerlabel', 'ne', 'netag', 'namedentity', 'namedentityvalue', 'gold', 'goldtag'],
  ...['iob', 'iob1', 'iob2', 'iobtag', 'iobtags', 'bio', 'biotag', 'biotags', 'bioes', 'bilou', 'iobes'],
];
const chunkNames = ['chunk', 'chunks', 'chunktag', 'chunktags', 'np', 'phrase'];
const otherNames = [
  ...['id', 'idx', 'index', 'no', 'nr', 'number', 'doc', 'docid', 'document', 'documentid', 'pmid', 'file', 'filename'],
  ...['start', 'end', 'begin', 'offset', 'from', 'to', 'lemma', 'lemmas', 'stem', 'pos', 'postag', 'postags'],
  ...['upos', 'xpos', 'feats', 'head', 'deprel', 'deps', 'misc'],
];

type HeaderMeaning = 'token' | 'tag' | 'chunk' | 'sentence' | 'other' | null;

/** What a column of this name holds: `other` for names of anything else that is known, null for names that are not. */
export function meaningOfName(name: string): HeaderMeaning {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (tokenNames.includes(plain)) return 'token';
  if (tagNames.includes(plain)) return 'tag';
  if (chunkNames.includes(plain)) return 'chunk';
  if (/^sent(ence)?(s|id|idx|index|no|nr|num|number)?$/.test(plain)) return 'sentence';
  return otherNames.includes(plain) ? 'other' : null;
}

/** Words of a sentence may be names of columns, too; several together, none of which is a tag or a number, are a header. */
function isHeader(first: readonly string[], others: readonly (readonly string[])[]): boolean {
  const cells = first.map((cell) => cell.trim());
  const counts = new DialectCounts();
  cells.forEach((cell) => counts.add(cell));
  // A tag may also have a prefix that no scheme has.
  const isValue = (cell: string) => /^[\d.,:-]+$/.test(cell) || /^\p{Lu}[-_]|[-_]\p{Lu}$/u.test(cell);
  if (counts.best.count > 0 || cells.some(isValue)) return false;
  const meanings = cells.map(meaningOfName);
  if (!meanings.some((meaning) => meaning === 'token' || meaning === 'tag' || meaning === 'sentence')) return false;
  if (meanings.filter((meaning) => meaning !== null).length > 1) return true;
  // A single known name: the others must not be values of their columns.
  return cells.every(
    (cell, column) => meanings[column] !== null || others.every((row) => row[column]?.trim() !== cell),
  );
}

/** Returns the names in CoNLL-U Plus' comment `# global.columns = ID FORM …`; null without it. */
function statedColumns(lines: readonly string[]): readonly string[] | null {
  const stated = /^#\s*global\.columns\s*=\s*(.+)$/.exec(lines[0]?.trim() ?? '')?.[1];
  return stated === undefined ? null : stated.trim().split(/\s+/);
}
