// Surveys the rows of all files of a corpus and lays down one layout for them: which columns are tokens and tags, and how rows are read.
import type { ColumnChoice, ColumnSurvey, Mention, SurveyedColumn } from '../corpus/corpus.ts';
import { quoted } from '../corpus/issues.ts';
import { outside, type TagParts } from '../corpus/tagScheme.ts';
import { detectTagScheme, tagsOfCell } from '../corpus/tagSequences.ts';
import { decideColumns, holdsNoWords } from './columnDecision.ts';
import { columnFacts, numbersWithin, sampleRows, WORDS, type ColumnFacts, type SampledFile } from './columnFacts.ts';
import type { FileRow } from './rowCells.ts';
import { meaningOfName, type RowFile, type RowLayout } from './rowFile.ts';
import { NestingCounts, overlappingMentions } from './taggedMentions.ts';

/** Why no layout was found: a problem of the whole file, reported on the line where it first occurs. */
export interface LayoutFault {
  readonly code:
    | 'corpus/empty'
    | 'corpus/one-column'
    | 'corpus/many-columns'
    | 'corpus/no-tag-column'
    | 'corpus/no-token-column'
    | 'corpus/bare-types'
    | 'corpus/choice'
    | 'corpus/layout';
  readonly line: number | null;
  readonly message: string;
}

export interface RowSurvey {
  /** Null if no file has columns. */
  readonly survey: ColumnSurvey | null;
  readonly layout: RowLayout | LayoutFault;
}

/**
 * Decides on one layout for the files of a corpus, by the files with the same number of columns that have most rows. Obeys `chosen`, the
 * choice of a person, if its columns exist.
 */
export function surveyRows(files: readonly RowFile[], chosen: ColumnChoice | null = null): RowSurvey {
  const sampled = files.map(sampleRows);
  const groups = new Map<number, SampledFile[]>();
  for (const one of sampled) {
    const { columns } = one.file;
    if (one.sentences.length > 0) groups.set(columns, [...(groups.get(columns) ?? []), one]);
  }
  const rowsOf = (group: readonly SampledFile[]) =>
    group.reduce((sum, { sentences }) => sum + sentences.reduce((rows, sentence) => rows + sentence.length, 0), 0);
  const bySize = [...groups.values()].sort((left, right) => rowsOf(right) - rowsOf(left));
  const surveys = bySize.map((group) => surveyGroup(group, chosen));
  return (
    surveys.find(({ layout }) => !('code' in layout)) ??
    surveys.find(({ survey }) => survey !== null) ??
    surveys[0] ?? { survey: null, layout: emptyFault }
  );
}

const emptyFault: LayoutFault = {
  code: 'corpus/empty',
  line: null,
  message: 'The file has no sentences: expected rows of token and tag.',
};

function surveyGroup(files: readonly SampledFile[], chosen: ColumnChoice | null): RowSurvey {
  const [first] = files;
  const firstRow = first?.sentences[0]?.[0];
  if (first === undefined || firstRow === undefined) return { survey: null, layout: emptyFault };
  const { columns, separator } = first.file;
  if (columns < 2) {
    const line = firstRow.line;
    const message = `Rows have one column: expected a token and a tag with a tab or spaces between, got ${quoted(firstRow.text)}.`;
    return { survey: null, layout: { code: 'corpus/one-column', line, message } };
  }

  if (columns > mostColumns) {
    const message = `Rows have ${columns} columns: expected a token, its tag, and ${mostColumns} columns at most.`;
    return { survey: null, layout: { code: 'corpus/many-columns', line: firstRow.line, message } };
  }

  const facts = Array.from({ length: columns }, (_, column) => columnFacts(files, column));
  const header = files.find(({ file }) => file.header !== null)?.file.header ?? null;
  const nesting = (inner: number, outer: number) => isNestedIn(files, facts, inner, outer);
  const decision = decideColumns(facts, header, nesting, (document, column) => numbersWithin(files, document, column));
  const token = facts[decision.choice?.tokenColumn ?? -1];
  if (
    chosen === null &&
    token !== undefined &&
    holdsTags(token) &&
    meaningOfName(header?.[token.index] ?? '') !== 'token'
  ) {
    const message = `All ${columns} columns hold tags: expected a column of tokens, one in each row.`;
    return { survey: null, layout: { code: 'corpus/no-token-column', line: firstRow.line, message } };
  }
  const fault = chosen === null ? null : choiceFault(chosen, facts);
  const choice = fault === null ? (chosen ?? decision.choice) : decision.choice;
  const order = {
    sentenceColumns: decision.sentenceColumns,
    rowNumberColumn: decision.rowNumberColumn,
    breaksAtRowNumbers: facts[decision.rowNumberColumn ?? -1]?.restarts ?? false,
  };
  const dialects = facts.map(({ dialect }) => dialect);
  const layoutOf = (one: ColumnChoice): RowLayout => ({ choice: one, isChosen: chosen !== null && fault === null, columns, dialects, ...order, file: first.file.file, separator, header }); // prettier-ignore
  const shown = choice ?? bareChoice(decision, facts);
  if (shown === null) {
    const got = quoted((firstRow.cells?.[columns - 1] ?? '').trim());
    const message = `None of the ${columns} columns holds tags: expected O, B-…, I-… and the like, got ${got} in the last.`;
    return { survey: null, layout: fault ?? { code: 'corpus/no-tag-column', line: firstRow.line, message } };
  }
  const roles = decision.roles.map((role, index) => {
    if (index === shown.tokenColumn) return 'token' as const;
    return role === 'token' ? 'other' : role;
  });
  const surveyed = facts.map((column, index): SurveyedColumn => {
    const role = roles[index] ?? 'other';
    const isTagged = role === 'tag' || role === 'chunk';
    return {
      index,
      header: header?.[index] ?? null,
      role,
      scheme: isTagged ? schemeOf(files, column) : null,
      types: role === 'bare types' ? (column.bareTypes ?? []).slice(0, mostTypes) : isTagged ? [...column.types.keys()].slice(0, mostTypes) : [], // prettier-ignore
    };
  });
  const survey: ColumnSurvey = {
    columns: surveyed,
    separator,
    preview: previewOf(first, layoutOf(shown)),
    chosen: shown,
    isNested: decision.isNested || (facts[shown.tagColumn]?.isStacked ?? false),
    doubts: decision.doubts,
  };
  if (fault !== null) return { survey, layout: fault };
  if (choice !== null) return { survey, layout: layoutOf(choice) };
  const message = decision.doubts.join(' ');
  return { survey, layout: { code: 'corpus/bare-types', line: firstRow.line, message } };
}

/** Whether the best column for tokens has nothing but tags, as in a file of the tags of another. */
function holdsTags({ tagShare, hasOutside, rows }: ColumnFacts): boolean {
  return rows > 2 && hasOutside && tagShare >= 0.9;
}

/** Rows of tokens have a dozen columns; a survey of thousands would take minutes. */
const mostColumns = 200;
/** Number of types listed of a column. */
const mostTypes = 10;

/** The choice offered where only bare types are found. */
function bareChoice(
  { bareColumn, roles }: ReturnType<typeof decideColumns>,
  facts: readonly ColumnFacts[],
): ColumnChoice | null {
  const tokenColumn = roles.indexOf('token');
  if (bareColumn === null || tokenColumn < 0 || facts.length < 2) return null;
  return { tokenColumn, tagColumn: bareColumn, layer: 'only', layerColumns: [bareColumn], readsBareTypes: true };
}

function choiceFault(
  { tokenColumn, tagColumn, layerColumns, readsBareTypes }: ColumnChoice,
  facts: readonly ColumnFacts[],
): LayoutFault | null {
  const fault = (message: string): LayoutFault => ({ code: 'corpus/choice', line: null, message });
  const all = [tokenColumn, tagColumn, ...layerColumns];
  if (all.some((column) => facts[column] === undefined) || tokenColumn === tagColumn) {
    const got = all.map((column) => column + 1).join(', ');
    return fault(`Expected two different columns of ${facts.length} for tokens and tags, got ${got}.`);
  }
  const empty = layerColumns.concat(tagColumn).find((column) => !readsBareTypes && facts[column]?.tagShare === 0);
  if (empty === undefined) return null;
  return fault(
    `Expected O, B-…, I-… and the like in column ${empty + 1}, which was chosen for tags, got none of these.`,
  );
}

function tagsIn(rows: readonly FileRow[], { index, dialect }: ColumnFacts): readonly (readonly TagParts[])[] {
  return rows.map(({ cells }) => tagsOfCell((cells?.[index] ?? '').trim(), dialect) ?? []);
}

function schemeOf(files: readonly SampledFile[], column: ColumnFacts): SurveyedColumn['scheme'] {
  const sentences = files.flatMap((one) => one.sentences);
  const tagged = sentences.map((rows) => ({ tags: tagsIn(rows, column).map(([tag]) => tag ?? outside), lines: [] }));
  return detectTagScheme(tagged).scheme;
}

function isNestedIn(
  files: readonly SampledFile[],
  facts: readonly ColumnFacts[],
  innerColumn: number,
  outerColumn: number,
): boolean {
  const [inner, outer] = [facts[innerColumn], facts[outerColumn]];
  if (inner === undefined || outer === undefined) return false;
  const counts = new NestingCounts();
  const mentions = (rows: readonly FileRow[], column: ColumnFacts): Mention[] =>
    overlappingMentions(tagsIn(rows, column));
  for (const { sentences } of files) {
    for (const rows of sentences) counts.add(mentions(rows, inner), mentions(rows, outer));
  }
  return counts.isNested;
}

/** Finds where sentences end besides at blank lines: where the number of the sentence changes, or row numbers begin again. */
export class SentenceNumbers {
  private readonly layout: RowLayout;
  /** The last value of each column, by index. */
  private readonly values = new Map<number, string>();
  private rowNumber = -1;

  constructor(layout: RowLayout) {
    this.layout = layout;
  }

  /** Whether the row begins a sentence. Rows come in the order of the file. */
  begins(cells: readonly string[]): boolean {
    const { sentenceColumns, rowNumberColumn, breaksAtRowNumbers } = this.layout;
    let begins = false;
    const written = (cells[rowNumberColumn ?? -1] ?? '').trim();
    if (breaksAtRowNumbers && /^\d+$/.test(written)) {
      begins = Number(written) < this.rowNumber;
      this.rowNumber = Number(written);
    }
    for (const column of sentenceColumns) {
      const cell = (cells[column] ?? '').trim();
      const before = this.values.get(column);
      // An empty cell repeats the one above, as in Kaggle's files.
      if (cell === '' || cell === before) continue;
      if (before !== undefined) begins = true;
      this.values.set(column, cell);
    }
    return begins;
  }
}

const previewedSentences = 3;
const previewedRows = 40;
const previewedCharacters = 40;

function previewOf({ sentences }: SampledFile, layout: RowLayout): ColumnSurvey['preview'] {
  const numbers = new SentenceNumbers(layout);
  const preview: string[][] = [];
  let count = 0;
  for (const rows of sentences) {
    for (const [at, { cells }] of rows.entries()) {
      if (numbers.begins(cells ?? []) || at === 0) {
        if (++count > previewedSentences) return preview;
        if (preview.length > 0) preview.push([]);
      }
      if (preview.length >= previewedRows) return preview;
      const shown = Array.from({ length: layout.columns }, (_, column) => (cells?.[column] ?? '').trim());
      preview.push(
        shown.map((cell) => (cell.length > previewedCharacters ? `${cell.slice(0, previewedCharacters - 1)}…` : cell)),
      );
    }
  }
  return preview;
}

/** Returns why a file cannot be read with the layout of its corpus; null if it can. */
export function misfit(file: RowFile, layout: RowLayout): LayoutFault | null {
  const { choice, columns, header } = layout;
  const { tokenColumn, tagColumn } = choice;
  const sampled = sampleRows(file);
  const firstRow = sampled.sentences[0]?.[0];
  if (firstRow === undefined) return emptyFault;
  const fault = (got: string): LayoutFault => {
    const expected = `tokens in column ${tokenColumn + 1} and tags in column ${tagColumn + 1} of ${columns}, as in ${layout.file}`;
    return {
      code: 'corpus/layout',
      line: firstRow.line,
      message: `Expected ${expected}, got ${got}: the file is left out.`,
    };
  };
  for (const column of [tokenColumn, tagColumn]) {
    const [expected, got] = [header?.[column] ?? '', file.header?.[column] ?? ''];
    if (expected === '' || got === '' || meaningOfName(expected) === meaningOfName(got)) continue;
    return fault(`a column ${column + 1} called ${quoted(got)} instead of ${quoted(expected)}`);
  }
  if (file.columns === columns) {
    if (layout.isChosen) return null;
    const facts = Array.from({ length: columns }, (_, column) => columnFacts([sampled], column));
    const [token, tag] = [facts[tokenColumn], facts[tagColumn]];
    const others = facts.filter(
      ({ index, tagShare }) => index !== tokenColumn && index !== tagColumn && tagShare < 0.5,
    );
    // A few rows may well have nothing but numbers.
    const hasWordsElsewhere = others.some(({ wordlessness, rows }) => wordlessness === WORDS && rows >= fewRows);
    const hasTokens = token !== undefined && !(holdsNoWords(token) && hasWordsElsewhere);
    if (hasTokens && tag !== undefined && tag.tagShare >= 0.5) return null;
  }
  const own = surveyRows([file]).layout;
  if ('code' in own)
    return own.code === 'corpus/no-tag-column' && file.columns !== columns ? fault(`${file.columns} columns`) : own;
  const isSame = own.choice.tokenColumn === tokenColumn && own.choice.tagColumn === tagColumn;
  if (isSame && choice.layerColumns.every((column) => column < file.columns)) return null;
  return fault(
    `tokens in column ${own.choice.tokenColumn + 1} and tags in column ${own.choice.tagColumn + 1} of ${file.columns}`,
  );
}

const fewRows = 20;
