// Reads a JSON item that is a list of tokens with their tags, as in Hugging Face's corpora.
import { parseJson } from '../../util/validate.ts';
import { spellValue } from '../../util/wording.ts';
import { quoted } from '../corpus/issues.ts';
import { splitTag, tagOfDialect, type TagParts } from '../corpus/tagScheme.ts';
import { isJsonRecord, isTexts, type JsonRecord } from './jsonItems.ts';
import type { TaggedSentence } from './taggedMentions.ts';

const tokenKeys = ['tokens', 'words'];
const tagKeys = ['ner_tags', 'ner', 'tags', 'ner_labels', 'labels', 'label', 'entity_tags', 'tag'];

/** Returns the tokens of an item; null if it has none. */
export function tokensOfItem(value: unknown): readonly string[] | null {
  if (!isJsonRecord(value)) return null;
  return tokenKeys.map((key) => value[key]).find(isTexts) ?? null;
}

/** Returns the sentence, or a text of what is wrong with it. An item without a tag column has no mentions. */
export function readTokenItem(
  value: JsonRecord,
  tokens: readonly string[],
  names: TagNames,
  line: number | null,
): TaggedSentence | string {
  if (tokens.some((token) => token.trim() === '')) return 'A token is empty';
  const column = tagKeys.find((key) => Array.isArray(value[key]));
  const written = column === undefined ? tokens.map(() => 'O') : value[column];
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
  return { tokens: tokens.map((token) => token.trim().replace(/\s+/g, '_')), tags, lines };
}

/** Finds the first tag column that holds numbers; null if there is none. */
export function numberedColumn(value: unknown): string | null {
  if (!isJsonRecord(value)) return null;
  const column = tagKeys.find((key) => Array.isArray(value[key]));
  if (column === undefined) return null;
  const tags = value[column] as readonly unknown[];
  return tags.some((tag) => typeof tag === 'number') ? column : null;
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
  if (!isJsonRecord(value) || depth > deepest) return;
  for (const [key, inner] of Object.entries(value)) {
    if (!isJsonRecord(inner)) continue;
    const found = namesOf(inner);
    if (found !== null && !names.has(key)) names.set(key, found);
    else collect(inner, names, depth + 1);
  }
}

/** `{"names": [...]}`, alone or as the feature of a list. */
function namesOf(value: JsonRecord): readonly string[] | null {
  if (isTexts(value.names)) return value.names;
  const { feature } = value;
  return isJsonRecord(feature) && isTexts(feature.names) ? feature.names : null;
}
