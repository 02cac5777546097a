// Decides which columns of a corpus are tokens and tags, from what the columns hold and what its headers say.
import type { ColumnChoice, ColumnRole } from '../corpus/corpus.ts';
import { quoted } from '../corpus/issues.ts';
import { IDS, NOTHING, NUMBERS, WORDS, type ColumnFacts } from './columnFacts.ts';
import { meaningOfName } from './rowFile.ts';

/** What a person should know of a decision. */
interface Decision {
  readonly roles: readonly ColumnRole[];
  /** Null if no column holds tags; then `bareColumn` may be read instead, if a person says so. */
  readonly choice: ColumnChoice | null;
  readonly bareColumn: number | null;
  readonly isNested: boolean;
  readonly doubts: readonly string[];
  readonly sentenceColumns: readonly number[];
  readonly rowNumberColumn: number | null;
}

/** Types of phrases: English as in CoNLL-2000, German as in CoNLL-2003. */
const phrases = /^(ADJP|ADVP|CONJP|INTJ|LST|NP|PP|PRT|SBAR|UCP|VP|NC|VC|PC|AC|CC|ADJC|ADVC)$/;

/**
 * Decides for the columns of one corpus. The tag column is the one the header names, else the last one that has tags besides `O` and
 * no phrases; columns of tags nested in one another are read together. The token column is the one the header names, else the first
 * that holds words; one of numbers or ids only if there is no other. `isNestedIn` compares the mentions of two columns, `numbersWithin`
 * says whether one numbers the sentences of the documents of another.
 */
export function decideColumns(
  facts: readonly ColumnFacts[],
  header: readonly string[] | null,
  isNestedIn: (inner: number, outer: number) => boolean,
  numbersWithin: (document: number, column: number) => boolean,
): Decision {
  const meanings = facts.map(({ index }) => (header === null ? null : meaningOfName(header[index] ?? '')));
  // Without O, words such as vitamin-B may be tags in some spelling.
  const isTagLike = ({ tagShare, hasOutside, index }: ColumnFacts) =>
    tagShare >= (hasOutside ? 0.5 : 0.9) && !['token', 'other', 'sentence'].includes(meanings[index] ?? '');
  const tagLike = facts.filter(isTagLike);
  const chunks = tagLike.filter((column) => meanings[column.index] === 'chunk' || holdsPhrases(column));
  const bare = facts.filter(({ bareTypes, index }) => bareTypes !== null && meanings[index] !== 'token');
  const entities = tagLike.filter((column) => !chunks.includes(column) && !bare.includes(column));
  const tagged = entities.filter(({ isOnlyOutside }) => !isOnlyOutside);
  const named = (columns: readonly ColumnFacts[]) => columns.filter(({ index }) => meanings[index] === 'tag');

  const isBare = bare.length > 0 && (tagged.length === 0 || (named(bare).length > 0 && named(tagged).length === 0));
  const tag =
    named(tagged).at(-1) ??
    tagged.at(-1) ??
    named(entities).at(-1) ??
    entities.at(-1) ??
    chunks.at(-1) ??
    lastWithTags(facts);
  const bareColumn = (named(bare).at(-1) ?? bare.at(-1))?.index ?? null;
  const roles = facts.map((column): ColumnRole => {
    if (chunks.includes(column)) return 'chunk';
    if (bare.includes(column)) return 'bare types';
    if (entities.includes(column) || column === tag) return 'tag';
    return column.wordlessness === IDS || column.wordlessness === NUMBERS ? 'number' : 'other';
  });
  const tagColumn = isBare ? bareColumn : (tag?.index ?? null);
  const tokenColumn = tokenColumnOf(facts, roles, meanings, tagColumn);
  if (tokenColumn !== null) roles[tokenColumn] = 'token';
  const order = {
    sentenceColumns: sentenceColumnsOf(
      facts.filter(({ index }) => index !== tokenColumn && index !== tagColumn),
      (index) => meanings[index] === 'sentence' || namesDocuments.test(header?.[index] ?? ''),
      numbersWithin,
    ),
    rowNumberColumn:
      facts.find(({ index, numbersRows }) => index !== tokenColumn && index !== tagColumn && numbersRows)?.index ??
      null,
  };
  if (tokenColumn === null || tagColumn === null || isBare || tag === undefined) {
    const doubts = bareColumn === null ? [] : [bareDoubt(facts, bareColumn)];
    return { roles, choice: null, bareColumn: isBare ? bareColumn : null, isNested: false, doubts, ...order };
  }

  const layers = layersOf(tag, named(tagged).length > 0 ? named(tagged) : tagged, isNestedIn);
  const isNested = tag.isStacked || layers.length > 1;
  const choice: ColumnChoice = {
    tokenColumn,
    tagColumn,
    layer: isNested ? 'outer' : 'only',
    layerColumns: layers,
    readsBareTypes: false,
  };
  const doubts = [
    ...(isNested ? [nestedDoubt(tag, layers)] : []),
    ...otherDoubts(facts, choice, { tagged, chunks, bare, tag }),
    ...(facts[tokenColumn]?.wordlessness === NUMBERS
      ? [`No column holds words: column ${tokenColumn + 1}, of numbers, is read as the tokens.`]
      : []),
  ];
  return { roles, choice, bareColumn: null, isNested, doubts, ...order };
}

function holdsPhrases({ types }: ColumnFacts): boolean {
  let count = 0;
  let all = 0;
  for (const [type, times] of types) {
    all += times;
    if (phrases.test(type)) count += times;
  }
  return all > 0 && count >= 0.8 * all;
}

/** Mostly unknown tags: still the last column, as long as it has a known one. */
function lastWithTags(facts: readonly ColumnFacts[]): ColumnFacts | undefined {
  const last = facts.at(-1);
  return last !== undefined && last.tagShare > 0 && facts.length > 1 ? last : undefined;
}

function tokenColumnOf(
  facts: readonly ColumnFacts[],
  roles: readonly ColumnRole[],
  meanings: readonly ReturnType<typeof meaningOfName>[],
  tagColumn: number | null,
): number | null {
  const others = facts.filter(({ index }) => index !== tagColumn);
  const named = others.find(({ index }) => meanings[index] === 'token');
  if (named !== undefined) return named.index;
  const free = others.filter(({ index }) => roles[index] === 'number' || roles[index] === 'other');
  const candidates = free.length > 0 ? free : others;
  const cost = (column: ColumnFacts) =>
    2 * column.wordlessness +
    (isId(column) || meanings[column.index] === 'other' ? 1 : 0) +
    (column.numbersRows || column.isConstant ? 1 : 0);
  let best = candidates[0];
  for (const column of candidates) if (best !== undefined && cost(column) < cost(best)) best = column;
  return best?.index ?? null;
}

/** Whether words name documents rather than being their text: each stays for some rows, and never returns. */
function isId({ wordlessness, hasRuns, rows }: ColumnFacts): boolean {
  return wordlessness === WORDS && hasRuns && rows >= 8;
}

/** Names of columns of documents in a header, such as `doc_id`. */
const namesDocuments = /^(doc|pmid|file)/i;

/**
 * Returns the columns that end sentences where their values change: those that the header names for it, even if values return, as numbers do
 * that begin again in each document; the first of numbers or ids that never return; and those that number sentences in its documents.
 */
function sentenceColumnsOf(
  facts: readonly ColumnFacts[],
  isNamed: (index: number) => boolean,
  numbersWithin: (document: number, column: number) => boolean,
): readonly number[] {
  const fitting = facts.filter(
    ({ index, mayEndSentences, numbersRows, wordlessness }) =>
      mayEndSentences && !numbersRows && (isNamed(index) || wordlessness === IDS || wordlessness === NUMBERS),
  );
  const document = fitting.find(({ numbersSentences, hasRuns }) => numbersSentences && hasRuns);
  return fitting
    .map(({ index }) => index)
    .filter(
      (index) =>
        isNamed(index) || index === document?.index || (document !== undefined && numbersWithin(document.index, index)),
    );
}

/** Returns the columns whose mentions are within those of another, or around them, with the tag column; it alone if there are none. */
function layersOf(
  tag: ColumnFacts,
  tagged: readonly ColumnFacts[],
  isNestedIn: (inner: number, outer: number) => boolean,
): readonly number[] {
  if (!tagged.includes(tag)) return [tag.index];
  const others = tagged.filter(
    ({ index }) => index !== tag.index && (isNestedIn(index, tag.index) || isNestedIn(tag.index, index)),
  );
  return [...others.map(({ index }) => index), tag.index].sort((left, right) => left - right);
}

function nestedDoubt(tag: ColumnFacts, layers: readonly number[]): string {
  const what =
    layers.length > 1
      ? `The tags of columns ${numbered(layers)} are nested in one another`
      : `Column ${tag.index + 1} has several tags in a cell, as in B-A|B-B`;
  return (
    `${what}: annotation is nested, and a sentence has one layer of it. The outer mentions are read; the inner ones, or every layer ` +
    'as a corpus, can be chosen.'
  );
}

function otherDoubts(
  facts: readonly ColumnFacts[],
  { tagColumn, layerColumns }: ColumnChoice,
  found: Readonly<Record<'tagged' | 'chunks' | 'bare', readonly ColumnFacts[]>> & { readonly tag: ColumnFacts },
): string[] {
  const doubts: string[] = [];
  const { tag } = found;
  const unread = found.tagged.filter(({ index }) => index !== tagColumn && !layerColumns.includes(index));
  const read = `column ${tagColumn + 1}${tag.types.size > 0 ? ` (${typesOf(tag)})` : ''} is read`;
  if (unread.length > 0) {
    const others = unread.map((column) => `column ${column.index + 1} (${typesOf(column)})`).join(', ');
    doubts.push(`Several columns hold tags: ${read}, ${others} is not.`);
  }
  if (found.chunks.includes(tag)) {
    doubts.push(
      `The tags of column ${tagColumn + 1} are types of phrases (${typesOf(tag)}), and no other column holds tags.`,
    );
  } else if (tag.isOnlyOutside && found.chunks.length > 0) {
    const others = found.chunks
      .map((column) => `column ${column.index + 1} holds phrases (${typesOf(column)})`)
      .join(', ');
    doubts.push(`Column ${tagColumn + 1} is read and has no tag but O; ${others}.`);
  }
  for (const { index } of found.bare) if (index !== tagColumn) doubts.push(bareDoubt(facts, index));
  return doubts;
}

function bareDoubt(facts: readonly ColumnFacts[], column: number): string {
  const names = facts[column]?.bareTypes ?? [];
  const listed = names.slice(0, 5).map(quoted).join(', ');
  return (
    `Column ${column + 1} names types without B- or I- (${listed}${names.length > 5 ? ', …' : ''}): it is read only if it is chosen, ` +
    'and neighbouring tokens of a type are one mention then.'
  );
}

function typesOf({ types }: ColumnFacts): string {
  const names = [...types.keys()].slice(0, 5).map((type) => type || 'no type');
  return `${names.join(', ')}${types.size > names.length ? ', …' : ''}`;
}

/** Spells 0-based columns as a person counts them. */
export function numbered(columns: readonly number[]): string {
  return columns.map((column) => column + 1).join(' and ');
}

/** Whether the column could be one of tokens, as far as a single file shows. */
export function holdsNoWords({ wordlessness }: ColumnFacts): boolean {
  return wordlessness === NUMBERS || wordlessness === NOTHING;
}
