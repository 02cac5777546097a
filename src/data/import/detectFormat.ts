// Detects the type of a dropped file from its name and first bytes, and its split from its name.
import { isPageWithResult } from '../../util/html.ts';
import { SPLITS, type DocumentSource, type Split } from '../corpus/corpus.ts';
import { tagDialects, tagsOfCell } from '../corpus/tagSequences.ts';
import { isAnnotations } from '../formats/brat.ts';
import { looksLikePubTator } from '../formats/pubTator.ts';
import { isColumnDescription } from '../formats/tokenItem.ts';
import { encodingOfXml } from '../rows/decodeText.ts';
import { holdTagLists, isBlank, splitCells, tagListStyle, type RowSeparator } from '../rows/rowCells.ts';
import { hasTagColumn, lengthOf } from '../rows/rowFile.ts';
import { isModelFile } from './modelFiles.ts';

/** Returns the document format of a file; null if it has none. `head` is its first bytes or all of it. */
export function corpusFormatOf(path: string, head: Uint8Array): DocumentSource['format'] | null {
  if (isAnnotations(path)) return 'BRAT';
  if (/\.pubtator$/i.test(path)) return 'PubTator';
  if (isColumnDescription(path)) return 'JSONL';
  const text = new TextDecoder('utf-8').decode(head);
  if (looksLikePubTator(text)) return 'PubTator';
  if (isXml(path, text)) return /<([\w.-]+:)?collection\b/.test(decodeLoosely(head)) ? 'BioC' : null;
  if (!/^\s*[{[]/.test(text)) return null;
  if (/"passages"\s*:/.test(text)) return 'BioC';
  return looksLikeItems(path, text) || isNamedAsItems(path, text)
    ? /\.parquet$/i.test(path)
      ? 'Parquet'
      : 'JSONL'
    : null;
}

/** Whether a BioC file is XML rather than JSON. */
export function isXml(path: string, text: string): boolean {
  return /\.xml$/i.test(path) || /^\s*</.test(text);
}

function decodeLoosely(head: Uint8Array): string {
  try {
    return new TextDecoder(encodingOfXml(head)).decode(head);
  } catch {
    return new TextDecoder('utf-8').decode(head);
  }
}

/** JSON of texts or tokens; a lone object must also have mentions, or any configuration would be a corpus. */
function looksLikeItems(path: string, text: string): boolean {
  const isPairs = /^\s*(\[|\{.{0,4096}"annotations"\s*:\s*\[)\s*\[\s*"/s.test(text);
  if (isPairs) return /"(entities|spans)"\s*:/.test(text);
  if (!/"(text|data|content|sentences?|tokens|words|tokenized_text)"\s*:/.test(text)) return false;
  const isList = /\.(jsonl|ndjson|parquet)$/i.test(path) || /^\s*\[/.test(text);
  return (
    isList || /"(entities|ents|spans|labels?|annotations?|completions|predictions|ner|mentions|\w*tags)"\s*:/.test(text)
  );
}

/** JSON lines, items of Parquet, or a list named after a split: meant as a corpus, so that its reader says what is wrong. */
function isNamedAsItems(path: string, text: string): boolean {
  if (/\.(jsonl|ndjson|parquet)$/i.test(path)) return true;
  return /\.json$/i.test(path) && /^\s*\[/.test(text) && splitOfName(path.slice(path.lastIndexOf('/') + 1)) !== null;
}

/** Enough of a file to detect its type. */
export const leadingBytes = 65_536;

/**
 * `corpus` is a file of any supported format, `scores` a table of scores, `gzip` and `parquet` one to unpack like a zip, `model` a part of a model folder, `result` and
 * `plan` the lab's own JSON, a result also as a page that carries it; the lab reads nothing else.
 */
type FileFormat = 'corpus' | 'zip' | 'gzip' | 'parquet' | 'model' | 'result' | 'plan' | 'scores' | 'other';

/** Names of files of rows. */
export const corpusExtensions = /\.(tsv|conll[ux]?|conll\d+|iob[12]?|iobes|bio|bioes|ner|tags)$/i;
const otherExtensions =
  /\.(md|rst|html?|xml|pdf|png|jpe?g|gif|svg|css|js|ts|py|sh|ya?ml|toml|json|jsonl|ann|gz|tgz|bz2|xz|tar|7z|rar)$/i;
/** Names of files that are rows if they have a column of tags, and tables of anything else if not. */
export const tableExtensions = /\.csv$/i;
/** Names of spreadsheets and of documents of word processors, which are zips. */
const officeNames = /\.(xls[xmb]|ods|numbers|doc[xm]|odt|pages|pptx|epub)$/i;
/** Names of files about a corpus. */
export const documentNames = /^(readme|licen[cs]e|copying|notice|changes|changelog|authors|citation)\b/i;

/**
 * Detects the type of a file. `head` is the file's first `leadingBytes` or all of it. A file with a corpus extension always counts
 * as a corpus, so that its problems are listed; any other name is classified by content.
 */
export function detectFormat(path: string, head: Uint8Array): FileFormat {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name.startsWith('.') || documentNames.test(name)) return 'other';
  if (isModelFile(name)) return 'model';
  if (isZip(head)) return officeNames.test(name) ? 'other' : 'zip';
  if (startsWith(head, '\xd0\xcf\x11\xe0')) return 'other';
  if (isGzip(head)) return 'gzip';
  if (startsWith(head, 'PAR1')) return 'parquet';
  if (corpusExtensions.test(name)) return 'corpus';
  const text = decodeLoosely(head);
  if (isPageWithResult(text)) return 'result';
  if (tableExtensions.test(name) && isTableOfScores(text)) return 'scores';
  if (tableExtensions.test(name)) return looksLikeRows(text) ? 'corpus' : 'other';
  const ownFormat = /^\s*\{/.test(text) ? formatOfJson(text) : 'other';
  if (ownFormat !== 'other') return ownFormat;
  if (corpusFormatOf(path, head) !== null) return 'corpus';
  if (otherExtensions.test(name)) return 'other';
  if (/^\s*\{/.test(text)) return 'other';
  // Binary or empty, but meant as a corpus: its reader reports what is wrong.
  const isBroken = head.includes(0) || isBlank(text);
  if (isBroken) return splitOfName(name) !== null || /\.txt$/i.test(name) ? 'corpus' : 'other';
  return splitOfName(name) !== null || looksLikeRows(text) ? 'corpus' : 'other';
}

function startsWith(head: Uint8Array, magic: string): boolean {
  return Array.from(magic).every((character, index) => head[index] === character.charCodeAt(0));
}

/** Whether the first line of a table names a task and an F1, as tables of scores do and rows of tokens do not. */
function isTableOfScores(text: string): boolean {
  const [first = ''] = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/, 1);
  const names = first.split(/[,;\t]/).map((cell) => cell.replace(/^\s*"?|"?\s*$/g, '').toLowerCase());
  return names.includes('f1') && names.includes('task');
}

/** Whether a file begins as gzip does. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}

function isZip(head: Uint8Array): boolean {
  // A local file header, or the end record that an empty archive begins with.
  return head[0] === 0x50 && head[1] === 0x4b && ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6));
}

/** A result contains a plan, so the outer `format` counts; in the head of a long file it is the first one. */
function formatOfJson(text: string): 'result' | 'plan' | 'other' {
  let format: unknown;
  try {
    const value: unknown = JSON.parse(text);
    format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  } catch {
    format = /"format"\s*:\s*"([^"]*)"/.exec(text)?.[1];
  }
  if (format === 'bioner-lab-result') return 'result';
  return format === 'bioner-lab-plan' ? 'plan' : 'other';
}

/** With more columns, space-separated words are prose. */
const MOST_COLUMNS = 10;

/**
 * Whether at least half of the lines, apart from comments, are rows of columns with a tag among them. Prose is also
 * space-separated, and contains words such as `B` and `S-phase`, and commas: without tabs there must be two or more rows of the same
 * width, with an `O` among the tags of one column.
 */
export function looksLikeRows(text: string): boolean {
  if (text.startsWith('#FORMAT=WebAnno TSV 3')) return true;
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  // The last line of a head is cut off.
  if (lines.length > 1) lines.pop();
  const rows = lines.filter(
    (line) => !isBlank(line) && !line.startsWith('#') && !line.startsWith('-DOCSTART-') && !/^"?sep=."?$/i.test(line),
  );
  const isHalf = (count: number, of: number): boolean => count > 0 && 2 * count >= of;
  const cellsOf = (row: string, separator: RowSeparator) => {
    const cells = splitCells(row, separator).map((cell) => cell.trim());
    return cells.slice(0, lengthOf(cells, 1));
  };
  if (rows.some((row) => row.includes('\t'))) {
    const tagged = rows.filter((row) => {
      const cells = cellsOf(row, row.includes('\t') ? 'tab' : 'space');
      return cells.length >= 2 && cells.some((cell) => isTag(cell) || tagListStyle(cell) !== null);
    });
    // Tabs may only follow the last column.
    if (isHalf(tagged.length, rows.length)) return true;
  }
  const isTable = (['comma', 'semicolon'] as const).some((separator) => {
    const cells = rows.map((row) => cellsOf(row, separator));
    return hasColumnOfTags(
      cells,
      (column) =>
        holdTagLists(column) ||
        (column.includes('O') &&
          hasTagColumn(
            column.map((cell) => [cell]),
            1,
          )),
    );
  });
  const cells = rows.map((row) => cellsOf(row, 'space'));
  return isTable || hasColumnOfTags(cells, (column) => column.includes('O') && isHalf(column.filter(isTag).length, column.length)); // prettier-ignore
}

function hasColumnOfTags(
  cells: readonly (readonly string[])[],
  isTags: (column: readonly string[]) => boolean,
): boolean {
  return Array.from({ length: MOST_COLUMNS - 1 }, (_, index) => index + 2).some((width) => {
    const alike = cells.filter(({ length }) => length === width);
    if (alike.length < 2 || 2 * alike.length < cells.length) return false;
    return Array.from({ length: width }, (_, column) => alike.map((row) => row[column] ?? '')).some(isTags);
  });
}

/** Whether a cell, in quotes or not, may be a tag, or several, in some spelling. */
function isTag(written: string): boolean {
  const cell = written.replace(/^"(.*)"$/, '$1');
  return tagDialects.some((dialect) => tagsOfCell(cell, dialect) !== null);
}

const splitWords: Readonly<Record<Split, readonly string[]>> = {
  // The shared task of JNLPBA calls its files Genia4ERtask1 and Genia4EReval1.
  train: ['train', 'training', 'trainset', 'trn', 'ertask'],
  // testa and testb are CoNLL-2003's names for its two evaluation files.
  devel: ['dev', 'devel', 'develop', 'development', 'devset', 'valid', 'validation', 'val', 'testa'],
  test: ['test', 'testing', 'testset', 'eval', 'evaluation', 'testb', 'ereval'],
};

/** Returns the split stated by a word of a file name; null if none is, or two are, as in `train_dev.tsv`. */
export function splitOfName(name: string): Split | null {
  const found = new Set(wordsOf(name).flatMap((word) => splitOfWord(word) ?? []));
  return found.size === 1 ? ([...found][0] ?? null) : null;
}

export function wordsOf(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
}

export function splitOfWord(word: string): Split | null {
  // PubTator corpora write `CDR_TrainingSet` and `NCBIdevelopset`.
  const bare = /(train|training|dev|devel|develop|development|test)set$/.exec(word)?.[1] ?? word;
  return SPLITS.find((split) => splitWords[split].includes(bare)) ?? null;
}
