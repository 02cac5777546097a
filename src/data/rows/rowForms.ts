// Rewrites files whose rows are no tokens with their tags as such rows: a sentence a row, and WebAnno TSV 3.
import { quoted, type IssueList } from '../corpus/issues.ts';
import { countTagLists, isBlank, listItems, type FileRow, type ListStyle } from './rowCells.ts';

// Reads rows that hold a sentence each, its words in one cell and their tags in another, as a row for each word.

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

// Reads WebAnno TSV 3, which INCEpTION also exports, as rows of tokens with a column of tags for each feature of each layer.

export function isWebAnno(lines: readonly string[]): boolean {
  return /^#FORMAT=WebAnno TSV 3/i.test(lines[0] ?? '');
}

interface Feature {
  /** `NamedEntity.value`; the name of the layer alone if it has no features. */
  readonly name: string;
  /** The name of the layer, the type of annotation without a value. */
  readonly layer: string;
  /** 0-based column in the file. */
  readonly column: number;
}

/** One annotation of a token: its value, and the number that tokens of one span share. */
interface Label {
  readonly value: string;
  readonly span: string | null;
}

/** Layers of every token, which are not mentions. */
const grammar = /^(pos|lemma|stem|morphologicalfeatures|dependency|chunk|token|surfaceform|orthography|coref\w*)$/i;

/** Columns before the features: number, offsets, token. */
const leadingColumns = 3;

/**
 * Returns the tokens and, for each feature of a layer of spans, tags `B-…` and `I-…`, several of a cell joined by `|`. Layers of
 * relations, chains and grammar are left out, with an info. Annotation of a part of a token is that of the token, with a warning.
 */
export function webAnnoRows(
  lines: readonly string[],
  issues: IssueList,
): { readonly header: readonly string[]; readonly rows: readonly FileRow[] } {
  const features = featuresOf(lines, issues);
  const rows: FileRow[] = [];
  /** Spans that a token of the sentence began, by feature. */
  let open = features.map(() => new Set<string>());
  let parts = 0;
  let firstPart: number | null = null;
  /** The labels of the last token, to which parts of it add theirs. */
  let token: { readonly line: number; readonly text: string; readonly labels: Label[][] } | null = null;

  const renamed = new Set<string>();

  const endToken = () => {
    if (token === null) return;
    const { line, text, labels } = token;
    const tags = labels.map((own, index) => tagsOf(own, open[index] ?? new Set(), renamed));
    rows.push({ line, text, cells: [text, ...tags] });
    token = null;
  };
  lines.forEach((row, index) => {
    const line = index + 1;
    if (row.trim() === '') {
      endToken();
      rows.push({ line, text: row, cells: null });
      open = features.map(() => new Set());
      return;
    }
    if (row.startsWith('#')) return;
    const cells = row.split('\t');
    const labels = features.map(({ column, layer }) => labelsOf(cells[column] ?? '_', layer));
    if (/^\d+-\d+\.\d+$/.test(cells[0] ?? '')) {
      if (labels.some((own) => own.length > 0)) {
        parts++;
        firstPart ??= line;
      }
      token?.labels.forEach((own, feature) => own.push(...newLabels(own, labels[feature] ?? [])));
      return;
    }
    endToken();
    token = { line, text: unescaped(cells[2] ?? ''), labels };
  });
  endToken();

  if (parts > 0) {
    const message = `${parts} annotations are of parts of tokens (first here): they are read as annotations of the whole token.`;
    issues.add('warning', 'corpus/token-parts', firstPart, message);
  }
  if (renamed.size > 0) {
    const names = [...renamed].slice(0, 5).map(quoted).join(', ');
    issues.add('info', 'corpus/type-name', null, `Types have no | ; , or +: these become _ in ${names}.`);
  }
  return { header: ['token', ...features.map(({ name }) => name)], rows };
}

/** Returns the features of layers of spans, from the lines `#T_SP=layer|feature|feature`. */
function featuresOf(lines: readonly string[], issues: IssueList): readonly Feature[] {
  const features: Feature[] = [];
  const others: string[] = [];
  let column = leadingColumns;
  for (const line of lines) {
    const layer = /^#T_(SP|RL|CH)=(.*)$/.exec(line);
    if (layer === null) continue;
    const [path = '', ...written] = (layer[2] ?? '').split('|').map((part) => part.trim());
    const names = written.filter((name) => name !== '');
    const name = path.slice(path.lastIndexOf('.') + 1);
    const isRead = layer[1] === 'SP' && !grammar.test(name);
    if (!isRead) others.push(name);
    else if (names.length === 0) features.push({ name, layer: name, column });
    // A feature that links to other annotations has two columns, the second of which names the layer of these.
    else if (!names.some((feature) => feature.startsWith('ROLE_'))) {
      features.push(...names.map((feature, at) => ({ name: `${name}.${feature}`, layer: name, column: column + at })));
    } else {
      const plain = names.findIndex((feature) => feature.startsWith('ROLE_'));
      for (const [at, feature] of names.slice(0, plain).entries()) {
        features.push({ name: `${name}.${feature}`, layer: name, column: column + at });
      }
      others.push(`${name} (links)`);
    }
    column += Math.max(1, names.length);
  }
  if (others.length > 0) {
    const message = `Layers that are no mentions are left out: ${others.map(quoted).join(', ')}.`;
    issues.add('info', 'corpus/webanno-layers', null, message);
  }
  return withValues(features, lines);
}

/** Leaves out features that have no value anywhere, if another feature of their layer has one. */
function withValues(features: readonly Feature[], lines: readonly string[]): readonly Feature[] {
  const used = new Set<Feature>();
  for (const line of lines) {
    if (line === '' || line.startsWith('#')) continue;
    const cells = line.split('\t');
    for (const feature of features) {
      if (!/^([_*](\[\d+\])?\|?)*$/.test(cells[feature.column] ?? '_')) used.add(feature);
    }
  }
  return features.filter(
    (feature) => used.has(feature) || !features.some((other) => other.layer === feature.layer && used.has(other)),
  );
}

/** Reads `Disease[3]|Symptom`: stacked values, with the number of their span where it has several tokens. */
function labelsOf(cell: string, layer: string): Label[] {
  if (cell === '_' || cell === '') return [];
  return splitUnescaped(cell).flatMap((written) => {
    const [, value = written, span = null] = /^(.*?)(?<!\\)\[(\d+)\]$/s.exec(written) ?? [];
    if (value === '_') return [];
    return [{ value: value === '*' || value === '' ? layer : unescaped(value), span }];
  });
}

function splitUnescaped(cell: string): string[] {
  return cell.split(/(?<!\\)\|/);
}

function newLabels(existing: readonly Label[], added: readonly Label[]): Label[] {
  return added.filter(({ value, span }) => !existing.some((label) => label.value === value && label.span === span));
}

/** Spells the labels of a token as tags. A type must not have what separates tags; one that has goes to `renamed`. */
function tagsOf(labels: readonly Label[], open: Set<string>, renamed: Set<string>): string {
  const tags = labels.map(({ value, span }) => {
    const type = value.replace(/[|;,+]/g, '_');
    if (type !== value) renamed.add(value);
    if (span === null) return `B-${type}`;
    const key = `${span} ${type}`;
    const prefix = open.has(key) ? 'I' : 'B';
    open.add(key);
    return `${prefix}-${type}`;
  });
  return tags.length === 0 ? 'O' : tags.join('|');
}

function unescaped(text: string): string {
  return text.replace(/\\(->|[\s\S])/g, (_, character: string) => {
    if (character === 't' || character === 'n' || character === 'r') return ' ';
    return character;
  });
}
