// Reads a JSON item that is a list of tokens with their tags, as in Hugging Face's corpora.
import { parseJson } from '../../util/validate.ts';
import { spellValue } from '../../util/wording.ts';
import type { Mention } from '../corpus/corpus.ts';
import { quoted } from '../corpus/issues.ts';
import { splitTag, tagOfDialect, type TagParts } from '../corpus/tagScheme.ts';
import { isJsonRecord, isTexts, listOf, spelled, type JsonRecord } from './jsonItems.ts';
import type { TaggedSentence } from '../rows/taggedMentions.ts';

const tokenKeys = ['tokens', 'words', 'tokenized_text', 'sentence', 'token'];
const tagKeys = ['ner_tags', 'ner', 'tags', 'ner_labels', 'labels', 'label', 'entity_tags', 'tag', 'bio_tags'];

/** Returns the tokens of an item; null if it has none. */
export function tokensOfItem(value: unknown): readonly string[] | null {
  if (!isJsonRecord(value)) return null;
  return tokenKeys.map((key) => value[key]).find(isTexts) ?? null;
}

/** The column of what each token's mention means: an id, or null. */
export const idColumn = 'identifiers';

/** Gives mentions the ids of their first tokens. */
export function linkedMentions(value: unknown, mentions: readonly Mention[]): readonly Mention[] {
  const ids = isJsonRecord(value) ? listOf(value[idColumn]) : [];
  if (ids.length === 0) return mentions;
  return mentions.map((mention) => {
    const id = spelled(ids[mention.start]);
    return id === null ? mention : { ...mention, link: { id } };
  });
}

/** Columns of other layers than entities, although some are tagged in the same way. */
const otherColumns = /pos|chunk|dep|lemma|srl|head|mask|ids?$/i;
const entityColumns = /ner|bio|iob|entit|slot|tag|label/i;

/**
 * Finds the column of tags of a file: one of a known name, or else one of any name that holds a tag for each token, `O` and others
 * among them. Null if there is none; takes time linear in the items.
 */
export function tagColumnOf(values: readonly unknown[]): string | null {
  const known = new Set<string>();
  const votes = new Map<string, number>();
  for (const value of values) {
    const tokens = tokensOfItem(value);
    if (tokens === null || tokens.length === 0 || !isJsonRecord(value)) continue;
    for (const [key, column] of Object.entries(value)) {
      if (!Array.isArray(column) || column === tokens) continue;
      if (tagKeys.includes(key) && column.length > 0 && !isNested(column)) known.add(key);
      if (column.length !== tokens.length || tokenKeys.includes(key) || otherColumns.test(key)) continue;
      if (!isTexts(column) || !column.every((tag) => tagOfDialect(splitTag(tag.trim())) !== null)) continue;
      const mentions = column.filter((tag) => tag.includes('-')).length;
      votes.set(key, (votes.get(key) ?? 0) + mentions + (entityColumns.test(key) ? 0.5 : 0));
    }
  }
  const named = tagKeys.find((key) => known.has(key));
  if (named !== undefined) return named;
  return [...votes].sort((left, right) => right[1] - left[1]).find(([, count]) => count > 0)?.[0] ?? null;
}

/** Tags are texts or numbers; lists and objects are spans, or something unknown. */
function isNested(column: readonly unknown[]): boolean {
  return column.some((one) => typeof one === 'object' && one !== null);
}

/** Returns the sentence of an item with named tags, or a text of what is wrong with it. Without a tag column it has no mentions. */
export function readTokenItem(
  value: JsonRecord,
  tokens: readonly string[],
  column: string | null,
  names: TagNames,
  line: number | null,
): TaggedSentence | string {
  if (tokens.some((token) => token.trim() === '')) return 'A token is empty';
  const written = column === null ? tokens.map(() => 'O') : value[column];
  if (!Array.isArray(written) || written.length !== tokens.length) {
    return `Expected one tag for each of ${tokens.length} tokens, got ${Array.isArray(written) ? written.length : 'none'}`;
  }
  const tags: TagParts[] = [];
  for (const one of written as readonly unknown[]) {
    if (typeof one !== 'string') {
      return typeof one === 'number' && names.byColumn.has(column ?? '')
        ? `Tag ${one} has no name in ${column}`
        : `Expected names of tags, got ${quoted(spellValue(one))}`;
    }
    const tag = splitTag(one.trim());
    if (tagOfDialect(tag) === null) return `Unknown tag ${quoted(one)}: expected O, B-…, I-… and the like`;
    tags.push(tag);
  }
  const lines = line === null ? [] : tokens.map(() => line);
  return { tokens: tokens.map((token) => token.trim().replace(/\s+/g, ' ')), tags, lines };
}

/** Whether the tags of a column are numbers. */
export function isNumbered(value: unknown, column: string): boolean {
  return isJsonRecord(value) && listOf(value[column]).some((tag) => typeof tag === 'number');
}

/** Finds a key that may hold annotations of the tokens and is not read; null if there is none. */
export function unreadColumn(value: JsonRecord, tokens: readonly string[]): string | null {
  const found = Object.entries(value).find(([key, column]) => {
    if (tokenKeys.includes(key) || otherColumns.test(key)) return false;
    if (typeof column === 'string') return entityColumns.test(key) && /(^|[\s,])[BIES]-\S|^\s*\[/.test(column);
    const list = Array.isArray(column) ? column : isJsonRecord(column) ? Object.values(column) : [];
    return list.length > 0 && (entityColumns.test(key) || /mention|span|annot|ranges?$/i.test(key) || (list.length === tokens.length && list.every((one) => typeof one === 'number'))); // prettier-ignore
  });
  return found?.[0] ?? null;
}

/** Names for the numbers of columns. A member of a column's objects is named after both: `entities.label`. */
export interface TagNames {
  readonly byColumn: ReadonlyMap<string, readonly string[]>;
  /** Columns that the configurations of a corpus name differently, with these, where the path of the data names none of them. */
  readonly disputed: ReadonlyMap<string, readonly string[]>;
}

/** Whether a file describes the columns of a corpus in its folder. */
export function isColumnDescription(path: string): boolean {
  return /(^|\/)dataset_infos?\.json$/i.test(path);
}

/** One list of names in a description, and the keys around it, the name of the configuration among them. */
interface DescribedNames {
  readonly column: string;
  readonly around: readonly string[];
  readonly names: readonly string[];
}

/**
 * Returns the names by column: `{"ner_tags": {"feature": {"names": [...]}}}` at any level, as in `dataset_info.json`,
 * `dataset_infos.json` and the metadata of Parquet files. Where configurations differ, the one counts that the path of the data names.
 * Empty if the text is not JSON.
 */
export function tagNamesIn(text: string, paths = { data: '', description: '' }): TagNames {
  const byColumn = new Map<string, readonly string[]>();
  const disputed = new Map<string, readonly string[]>();
  const found = new Map<string, DescribedNames[]>();
  const note = (one: DescribedNames) => {
    const same = found.get(one.column);
    if (same === undefined) found.set(one.column, [one]);
    else same.push(one);
  };
  try {
    collect(parseJson(text), { around: [], column: null }, note, 0);
  } catch {
    return { byColumn, disputed };
  }
  for (const [column, all] of found) {
    const names = agreedNames(all) ?? agreedNames(namedInPath(all, paths));
    if (names !== null) byColumn.set(column, names);
    else disputed.set(column, [...new Set(all.flatMap(({ around }) => around.at(-1) ?? []))]);
  }
  return { byColumn, disputed };
}

function agreedNames(all: readonly DescribedNames[]): readonly string[] | null {
  const [first] = all;
  if (first === undefined) return null;
  const isSame = ({ names }: DescribedNames) =>
    names.length === first.names.length && names.every((name, index) => name === first.names[index]);
  return all.every(isSame) ? first.names : null;
}

/** Selects those whose configuration occurs in the path below the description, or else in the whole path; the longest name counts. */
function namedInPath(all: readonly DescribedNames[], paths: { data: string; description: string }): DescribedNames[] {
  const folder = paths.description.slice(0, paths.description.lastIndexOf('/') + 1);
  const below = paths.data.startsWith(folder) ? paths.data.slice(folder.length) : paths.data;
  for (const path of [below, paths.data]) {
    const parts = path.replace(/\.\w+$/, '').split('/').map(spacedWords); // prettier-ignore
    const lengths = all.map(({ around }) =>
      Math.max(0, ...around.filter((one) => parts.some((part) => part.includes(spacedWords(one)))).map((one) => one.length)),
    ); // prettier-ignore
    const longest = Math.max(...lengths);
    if (longest > 0) return all.filter((_, index) => lengths[index] === longest);
  }
  return [];
}

function spacedWords(text: string): string {
  return ` ${text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ')} `;
}

/** Column descriptions are nested a few levels deep; the search stops here. */
const deepest = 12;

/** Where a description is searched: the keys around, and the column in it; null outside the features. */
interface DescriptionPlace {
  readonly around: readonly string[];
  readonly column: string | null;
}

/** Keys of a description that stand for a list or an object of features, not for a member of it. */
const featureWrappers = /^(feature|list|sequence|struct|dtype|large_list)$/;

function collect(
  value: unknown,
  { around, column }: DescriptionPlace,
  note: (one: DescribedNames) => void,
  depth: number,
): void {
  if (depth > deepest) return;
  const memberOf = (key: string) => (column === null || column === '' ? key : `${column}.${key}`);
  for (const one of listOf(value)) {
    if (!isJsonRecord(one)) continue;
    // A list of columns, each with its name, as in the metadata of a data set's card.
    const { name, sequence, list, dtype, struct } = one;
    if (typeof name !== 'string') {
      collect(one, { around, column }, note, depth + 1);
      continue;
    }
    const names = namesOf(one) ?? namesOf(sequence) ?? namesOf(list) ?? namesOf(dtype);
    if (names !== null) note({ column: memberOf(name), around, names });
    else for (const inner of [sequence, list, dtype, struct]) collect(inner, { around, column: memberOf(name) }, note, depth + 1); // prettier-ignore
  }
  if (!isJsonRecord(value)) return;
  const own = typeof value.config_name === 'string' ? [...around, value.config_name] : around;
  for (const [key, inner] of Object.entries(value)) {
    const isWrapper = column !== null && column !== '' && featureWrappers.test(key);
    const names = namesOf(inner);
    if (names !== null) note({ column: isWrapper ? column : memberOf(key), around: own, names });
    else if (column !== null)
      collect(inner, { around: own, column: isWrapper ? column : memberOf(key) }, note, depth + 1);
    else if (key === 'features') collect(inner, { around: own, column: '' }, note, depth + 1);
    else collect(inner, { around: [...own, key], column: null }, note, depth + 1);
  }
}

/** Returns a function that replaces the numbers of an item by the names that their columns have for them. */
export function itemNaming({ byColumn }: TagNames): (item: unknown) => unknown {
  if (byColumn.size === 0) return (item) => item;
  const around = new Set<string>(['']);
  for (const column of byColumn.keys()) {
    for (let at = column.indexOf('.'); at >= 0; at = column.indexOf('.', at + 1)) around.add(column.slice(0, at));
  }
  const named = (value: unknown, column: string, depth: number): unknown => {
    const names = byColumn.get(column);
    if (typeof value === 'number' || typeof value === 'bigint') return names?.[Number(value)] ?? value;
    const isUnderNames = names !== undefined || around.has(column);
    if (typeof value !== 'object' || value === null || !isUnderNames || depth > deepest) return value;
    if (Array.isArray(value)) return value.map((one: unknown) => named(one, column, depth + 1));
    if (!isJsonRecord(value) || ArrayBuffer.isView(value) || value instanceof Date) return value;
    const members = Object.entries(value);
    return Object.fromEntries(
      members.map(([key, inner]) => [key, named(inner, column === '' ? key : `${column}.${key}`, depth + 1)]),
    );
  };
  return (item) => named(item, '', 0);
}

/** `{"names": [...]}` or `{"names": {"0": ...}}`, alone, as the feature of a list, the only element of one, or a `class_label`. */
function namesOf(value: unknown, depth = 0): readonly string[] | null {
  if (depth > deepest) return null;
  if (Array.isArray(value)) return value.length === 1 ? namesOf(value[0], depth + 1) : null;
  if (!isJsonRecord(value)) return null;
  if (isTexts(value.names) && value.names.length > 0) return value.names;
  if (isJsonRecord(value.names)) {
    const numbered = Object.entries(value.names);
    const names: string[] = [];
    for (const [index, name] of numbered) {
      if (!/^\d{1,4}$/.test(index) || typeof name !== 'string') return null;
      names[Number(index)] = name;
    }
    return Array.from(names, (name) => name ?? '');
  }
  return namesOf(value.feature, depth + 1) ?? namesOf(value.class_label, depth + 1);
}
