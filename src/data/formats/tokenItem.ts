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

/** Returns the sentence, or a text of what is wrong with it. Without a tag column it has no mentions. */
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
    const name = typeof one === 'number' ? names.get(column ?? '')?.[one] : one;
    if (typeof name !== 'string') {
      return typeof one === 'number' && names.has(column ?? '')
        ? `Tag ${one} has no name in ${column}`
        : `Expected names of tags, got ${quoted(spellValue(one))}`;
    }
    const tag = splitTag(name.trim());
    if (tagOfDialect(tag) === null) return `Unknown tag ${quoted(name)}: expected O, B-…, I-… and the like`;
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

/** Names for the numbers of a tag column, by column. */
export type TagNames = ReadonlyMap<string, readonly string[]>;

/** Whether a file describes the columns of a corpus in its folder. */
export function isColumnDescription(path: string): boolean {
  return /(^|\/)dataset_infos?\.json$/i.test(path);
}

/**
 * Returns the names by column: `{"ner_tags": {"feature": {"names": [...]}}}` at any level, as in `dataset_info.json`,
 * `dataset_infos.json` and the metadata of Parquet files. Empty if the text is not JSON.
 */
export function tagNamesIn(text: string): TagNames {
  const names = new Map<string, readonly string[]>();
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return names;
  }
  collect(value, names, 0);
  return names;
}

/** Column descriptions are nested a few levels deep; the search stops here. */
const deepest = 12;

function collect(value: unknown, names: Map<string, readonly string[]>, depth: number): void {
  if (depth > deepest) return;
  // A list of columns, each with its name, as in the metadata of a data set's card.
  for (const one of listOf(value)) {
    if (!isJsonRecord(one) || typeof one.name !== 'string') continue;
    const found = namesOf(one) ?? namesOf(one.sequence) ?? namesOf(one.list) ?? namesOf(one.dtype);
    if (found !== null && !names.has(one.name)) names.set(one.name, found);
  }
  if (!isJsonRecord(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    const found = namesOf(inner);
    if (found !== null && !names.has(key)) names.set(key, found);
    else if (found === null) collect(inner, names, depth + 1);
  }
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
