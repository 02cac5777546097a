// Reads and writes tables of terms: a header that names its columns, or an id and a term on each line.
import type { Work } from '../../util/clock.ts';
import { csvRows } from '../../util/csv.ts';
import { quoted, type IssueList } from '../corpus/issues.ts';
import { EntryCollector, type DictionaryEntry } from './dictionary.ts';

interface TableReading {
  readonly entries: readonly DictionaryEntry[];
  readonly understood: string;
}

interface TableRow {
  readonly line: number;
  readonly cells: readonly string[];
}

type Column = 'id' | 'name' | 'synonyms' | 'type' | 'altIds' | 'xrefs';

/** Names of columns, in lower case without signs; of several columns that fit, the first that is named like the first pattern. */
const NAMES: readonly (readonly [Column, readonly RegExp[]])[] = [
  ['id', [/^(id|identifier|conceptid|curie|cui|accession)$/, /^(?!alt|parent|tax)[a-z]+id$/]],
  [
    'name',
    [/^(name|term|preferredname|preferredterm|preferredlabel)$/, /^(label|symbol|mention|text)$/, /^[a-z]+name$/],
  ],
  ['synonyms', [/^(synonyms?|alias(es)?|othernames|alternativenames|altnames|exactsynonyms?)$/]],
  ['type', [/^(type|entitytype|semantictype|semtype|category|class)$/]],
  ['altIds', [/^alt[a-z]*ids?$/]],
  ['xrefs', [/^(xrefs?|dbxrefs?)$/]],
];

const ROWS_A_STEP = 5000;

/**
 * Reads the rows of a table. With a header that names at least a term, columns are known by their names; without one the first column is the id and the
 * second the term, and a single column of terms is both. Rows with the same id are one entry. What cannot be read is listed with its line.
 */
export function* readTable(lines: readonly string[], isCsv: boolean, issues: IssueList): Work<TableReading> {
  const { header, rows } = yield* rowsOf(lines, isCsv);
  const columns = header === null ? null : columnsOf(header.cells);
  const [first] = rows;
  if (columns === null && first !== undefined && lacksTerms(first.cells)) {
    const got = first.cells.map(quoted).join(', ');
    issues.add('error', 'dictionary/columns', first.line, `Expected a header that names a column of terms, such as "name" or "term", got ${got}: no row is read.`); // prettier-ignore
    return { entries: [], understood: 'a header without a column of terms' };
  }
  const widest = rows.slice(0, 100).reduce((most, { cells }) => Math.max(most, cells.length), 0);
  const isList = columns === null && widest <= 1;
  const at: ReadonlyMap<Column, number> =
    columns ?? new Map<Column, number>(isList ? [['id', 0], ['name', 0]] : [['id', 0], ['name', 1]]); // prettier-ignore
  const id = at.get('id') ?? at.get('name') ?? 0;
  const name = at.get('name') ?? 0;
  const collector = new EntryCollector();
  for (const [index, { line, cells }] of rows.entries()) {
    if (index % ROWS_A_STEP === 0) yield { phase: 'reading terms', done: index, of: rows.length };
    const cell = (column: Column): string => cells[at.get(column) ?? -1]?.trim() ?? '';
    const [ownId, ownName] = [cells[id]?.trim() ?? '', cells[name]?.trim() ?? ''];
    if (ownId === '' || ownName === '') {
      const expected = isList ? 'a term' : `an id in column ${id + 1} and a term in column ${name + 1}`;
      issues.add('error', 'dictionary/row', line, `Expected ${expected}, got ${quoted(cells.join(isCsv ? ',' : '\t'))}: the row is left out.`); // prettier-ignore
      continue;
    }
    const [altIds, xrefs] = [listIn(cell('altIds')), listIn(cell('xrefs'))];
    collector.add({
      id: ownId,
      name: ownName,
      type: cell('type') === '' ? null : cell('type'),
      synonyms: listIn(cell('synonyms')).map((text) => ({ text, scope: null })),
      ...(altIds.length > 0 && { altIds }),
      ...(xrefs.length > 0 && { xrefs }),
    });
  }
  yield { phase: 'reading terms', done: rows.length, of: rows.length };
  if (columns === null && widest > 2) {
    issues.add('warning', 'dictionary/columns', first?.line ?? null, `The rows have ${widest} columns and no header such as "id", "name", "synonyms", "type": the first is read as the id, the second as the term, and the others are not read.`); // prettier-ignore
  }
  return { entries: collector.entries(), understood: understoodWords(header, columns, isList) };
}

function understoodWords(
  header: TableRow | null,
  columns: ReadonlyMap<Column, number> | null,
  isList: boolean,
): string {
  if (columns === null) return isList ? 'one term on each line, which is its own id' : 'no header: id, then term';
  const named = [...columns].map(([column, index]) => `${COLUMN_WORDS[column]} in ${quoted(header?.cells[index]?.trim() ?? '')}`); // prettier-ignore
  return `a header: ${named.join(', ')}${columns.has('id') ? '' : '; a term is its own id'}`;
}

const COLUMN_WORDS: Readonly<Record<Column, string>> = {
  id: 'ids',
  name: 'names',
  synonyms: 'synonyms',
  type: 'types',
  altIds: 'earlier ids',
  xrefs: 'other ids',
};

/** Splits the lines into cells, and finds the header: the first row, or a comment before it, that names a term and something else. */
function* rowsOf(
  lines: readonly string[],
  isCsv: boolean,
): Work<{ readonly header: TableRow | null; readonly rows: readonly TableRow[] }> {
  let header: TableRow | null = null;
  const rows: TableRow[] = [];
  // Quoted cells of CSV may have line breaks in them.
  const all: Iterable<TableRow> = isCsv ? csvRows(lines.join('\n')) : tabRows(lines);
  for (const { line, cells } of all) {
    if (line % ROWS_A_STEP === 0) yield { phase: 'splitting rows', done: line, of: lines.length };
    if (cells.every((cell) => cell.trim() === '')) continue;
    const isComment = cells[0]?.startsWith('#') === true;
    const bare = isComment ? [cells[0]?.replace(/^#+\s*/, '') ?? '', ...cells.slice(1)] : cells;
    if (rows.length === 0 && header === null && columnsOf(bare) !== null) header = { line, cells: bare };
    else if (!isComment || (rows.length === 0 && bare.length > 1 && lacksTerms(bare))) rows.push({ line, cells: bare });
  }
  return { header, rows };
}

function* tabRows(lines: readonly string[]): Generator<TableRow, void> {
  for (const [index, text] of lines.entries()) {
    yield { line: index + 1, cells: text.split('\t').map((cell) => (/^".*"$/s.test(cell) && cell.length > 1 ? cell.slice(1, -1).replaceAll('""', '"') : cell)) }; // prettier-ignore
  }
}

/** Whether a row names columns alone, ids among them, but none of terms. Words such as "amyloid" are no names of columns here. */
function lacksTerms(cells: readonly string[]): boolean {
  const columns = cells.map((cell) => {
    const name = cell.toLowerCase().replace(/[^a-z]/g, '');
    return NAMES.find(([, [usual]]) => usual?.test(name) === true)?.[0];
  });
  return columns.includes('id') && !columns.includes('name') && !columns.includes(undefined);
}

/** Null for a row that is no header: without a column of terms, or with nothing but that in a table of several columns. */
function columnsOf(cells: readonly string[]): ReadonlyMap<Column, number> | null {
  const names = cells.map((cell) => cell.toLowerCase().replace(/[^a-z]/g, ''));
  const found = new Map<Column, number>();
  for (const [column, patterns] of NAMES) {
    const indices = patterns.map((pattern) => names.findIndex((name, index) => pattern.test(name) && ![...found.values()].includes(index))); // prettier-ignore
    const index = indices.find((one) => one >= 0);
    if (index !== undefined) found.set(column, index);
  }
  if (!found.has('name') || (found.size === 1 && cells.length > 1)) return null;
  return found;
}

function listIn(cell: string): readonly string[] {
  if (cell === '') return [];
  return cell.split('|').flatMap((part) => (part.trim() === '' ? [] : part.trim()));
}

/** Writes entries as a table that `readTable` reads back, but for the scopes of synonyms: a tab, a line break or a bar in a term becomes a space. */
export function dictionaryTsv(entries: readonly DictionaryEntry[]): string {
  const plain = (text: string): string => text.replace(/[\t\r\n|]+/g, ' ').trim();
  const joined = (texts: readonly string[] = []): string => texts.map(plain).join('|');
  const rows = entries.map(
    ({ id, name, type, synonyms, altIds, xrefs }) =>
    [plain(id), plain(name), joined(synonyms.map(({ text }) => text)), plain(type ?? ''), joined(altIds), joined(xrefs)].join('\t'), // prettier-ignore
  );
  return ['id\tname\tsynonyms\ttype\talt_ids\txrefs', ...rows].map((row) => `${row}\n`).join('');
}
