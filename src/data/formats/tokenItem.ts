// Reads a JSON item that is a list of tokens with their tags, as in Hugging Face's corpora.
import { parseJson } from '../../util/validate.ts';
import { spellValue } from '../../util/wording.ts';
import type { Mention } from '../corpus/corpus.ts';
import { quoted } from '../corpus/issues.ts';
import { outside, splitTag, tagOfDialect, type TagParts } from '../corpus/tagScheme.ts';
import { lenientMentionsOfParts } from '../corpus/tagSequences.ts';
import type { TaggedSentence } from '../rows/taggedMentions.ts';
import { isJsonRecord, isTexts, listOf, spelled, type JsonRecord } from './documentReading.ts';
import { isBesideMentions, isListInText, isNamedAsAnnotations, isTagsInText } from './spanItem.ts';

const tokenKeys = ['tokens', 'words', 'tokenized_text', 'sentence', 'token'];
const tagKeys = ['ner_tags', 'ner', 'tags', 'ner_labels', 'labels', 'label', 'entity_tags', 'tag', 'bio_tags'];

/** How many ranks layers of tags have, before those of spans. */
export const tagRanks = tagKeys.length + 1;

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

/** A member of a file's items that annotates their tokens. */
export interface TokenLayer {
  readonly key: string;
  readonly form: 'tags' | 'spans';
  /** How many of its tags are not O, or how many spans it has. */
  readonly count: number;
  readonly types: ReadonlySet<string>;
  /** Whether only its key says what it is: its values are no tags, or no spans. */
  readonly isByName: boolean;
  /** Its place in the order in which layers are read: tags before spans, usual keys before others. */
  readonly rank: number;
}

/**
 * Finds the columns of tags of a file, the one to read first: one of a known name, or else one of any name that holds a tag for each
 * token, `O` and others among them; one without a tag but `O` comes after all others. Takes time linear in the items.
 */
export function tagColumnsOf(values: readonly unknown[]): readonly TokenLayer[] {
  const layers = new Map<string, { count: number; readonly types: Set<string>; isTags: boolean }>();
  for (const value of values) {
    const tokens = tokensOfItem(value);
    if (tokens === null || tokens.length === 0 || !isJsonRecord(value)) continue;
    for (const [key, column] of Object.entries(value)) {
      if (!Array.isArray(column) || column === tokens || column.length === 0) continue;
      const isKnown = tagKeys.includes(key) && !isNested(column);
      const facts = factsOfTags(column, tokens.length);
      if (!isKnown && (!facts.isTags || !isTexts(column) || tokenKeys.includes(key) || otherColumns.test(key)))
        continue;
      const layer = layers.get(key) ?? { count: 0, types: new Set<string>(), isTags: false };
      layers.set(key, layer);
      // One letter may be a part of speech unless the key says that it is a tag.
      layer.count += isKnown ? facts.count : facts.typedCount;
      layer.isTags ||= facts.isTags;
      for (const type of facts.types) layer.types.add(type);
    }
  }
  const rankOf = (key: string) => (tagKeys.includes(key) ? tagKeys.indexOf(key) : tagKeys.length);
  const bonus = (key: string) => (entityColumns.test(key) ? 0.5 : 0);
  return [...layers]
    .filter(([key, { count }]) => tagKeys.includes(key) || count + bonus(key) > 0)
    .sort(
      ([left, one], [right, other]) =>
        Number(one.count === 0) - Number(other.count === 0) ||
        rankOf(left) - rankOf(right) ||
        other.count + bonus(right) - one.count - bonus(left),
    )
    .map(([key, { count, types, isTags }]) => ({
      key,
      form: 'tags',
      count,
      types,
      isByName: !isTags,
      rank: rankOf(key),
    }));
}

/** What the cells of a column may be; `isTags` if each of as many cells as tokens is a tag. */
function factsOfTags(column: readonly unknown[], tokenCount: number) {
  const types = new Set<string>();
  let [typedCount, bareCount, numberCount, others] = [0, 0, 0, 0];
  for (const cell of column) {
    const tag = typeof cell === 'string' ? tagOfDialect(splitTag(cell.trim())) : null;
    if (typeof cell === 'number') numberCount += cell === 0 ? 0 : 1;
    else if (tag === null) others++;
    else if (tag.type !== '') {
      typedCount++;
      types.add(tag.type);
    } else if (tag.prefix !== 'O') bareCount++;
  }
  const isTags = others === 0 && column.length === tokenCount;
  return { typedCount, count: typedCount + (isTags ? bareCount + numberCount : 0), types, isTags };
}

/** Returns where the mentions of a column of tags begin, and their types; null if it is none. */
export function taggedPlaces(column: unknown): readonly (readonly [start: number, type: string])[] | null {
  if (!isTexts(column)) return null;
  const tags = column.map((tag) => tagOfDialect(splitTag(tag.trim())) ?? outside);
  return lenientMentionsOfParts(tags).map(({ start, type }) => [start, type]);
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

/** Keys of lists of spans that are never labels of the whole text. */
const spanNames = /^(entities|ner|spans|ents|mentions|entity_mentions)$/;

/** Names of annotations between mentions, and of what is no mention. */
const otherAnnotations = /relation|event|trigger|coref|link/i;

/** Finds a member of an item that looks like annotations of its tokens and is none of the layers of its file; null if there is none. */
export function strayAnnotations(
  value: JsonRecord,
  tokens: readonly string[],
  layers: ReadonlySet<string>,
): string | null {
  const found = Object.entries(value).find(([key, inner]) => {
    if (layers.has(key) || inner === tokens || isBesideMentions(key) || !isNamedAsAnnotations(key)) return false;
    if (otherColumns.test(key) || otherAnnotations.test(key)) return false;
    if (typeof inner === 'string') return isTagsInText(inner) || isListInText(inner);
    const members: readonly unknown[] = isJsonRecord(inner) ? Object.values(inner) : listOf(inner);
    if (members.some((one) => (Array.isArray(one) ? one.length > 0 : isJsonRecord(one)))) return true;
    return isTexts(members) && members.some((one) => spanNames.test(key) || /^[BIESLUMW]-\S/.test(one));
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
