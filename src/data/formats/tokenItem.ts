// Reads an item of JSON that is a list of tokens with their tags, as Hugging Face's corpora have it.
import { spellValue } from '../../util/spellValue.ts';
import { splitTag, type TagParts } from '../tagScheme.ts';
import { tagOfDialect } from '../tagOfDialect.ts';
import { quoted } from '../issueList.ts';
import type { TaggedSentence } from './taggedMentions.ts';
import { isJsonRecord, isTexts, type JsonRecord } from './jsonRecord.ts';
import type { TagNames } from './tagNames.ts';

const tokenKeys = ['tokens', 'words'];
const tagKeys = ['ner_tags', 'ner', 'tags', 'ner_labels', 'labels', 'label', 'entity_tags', 'tag'];

/** The tokens of an item; null when it has none. */
export function tokensOfItem(value: unknown): readonly string[] | null {
  if (!isJsonRecord(value)) return null;
  return tokenKeys.map((key) => value[key]).find(isTexts) ?? null;
}

/** The sentence, or in words what is wrong with it. An item without a column of tags has no mentions. */
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

/** The first column of tags that holds numbers; null when there is none. */
export function numberedColumn(value: unknown): string | null {
  if (!isJsonRecord(value)) return null;
  const column = tagKeys.find((key) => Array.isArray(value[key]));
  if (column === undefined) return null;
  const tags = value[column] as readonly unknown[];
  return tags.some((tag) => typeof tag === 'number') ? column : null;
}
