// The ways corpora spell the tags of IOBES, brought to one spelling.
import { outside, type TagParts } from './tagScheme.ts';

const canonicalPrefixes: Readonly<Record<string, string>> = {
  B: 'B',
  I: 'I',
  E: 'E',
  S: 'S',
  // BIOLU, also written BILOU: last and unit.
  L: 'E',
  U: 'S',
  // BMEWO and BMES: middle and whole.
  M: 'I',
  W: 'S',
};

/** Whether a text of a column can be a tag: `O`, or a known prefix alone or with a type. */
export function looksLikeTag(text: string): boolean {
  if (text === 'O') return true;
  if (text.length > 1 && text.charAt(1) !== '-') return false;
  return Object.hasOwn(canonicalPrefixes, text.charAt(0));
}

/**
 * A tag of any dialect in the prefixes of IOBES: L and E become E, U, W and S become S, M and I become I.
 * Null when the prefix is of no dialect, or when `O` has a type.
 */
export function tagOfDialect(tag: TagParts): TagParts | null {
  if (tag.prefix === 'O') return tag.type === '' ? outside : null;
  if (!Object.hasOwn(canonicalPrefixes, tag.prefix)) return null;
  const prefix = canonicalPrefixes[tag.prefix] ?? '';
  return prefix === tag.prefix ? tag : { prefix, type: tag.type };
}
