// How tags are written in the three tag schemes the lab trains with.
import { LabError } from '../../util/labError.ts';
import type { Mention } from './corpus.ts';

/** The schemes a head can be trained in. */
export const TAG_SCHEMES = ['IOB1', 'IOB2', 'IOBES'] as const;
export type TagScheme = (typeof TAG_SCHEMES)[number];

/** The prefixes of each scheme beside `O`. */
export const tagSchemePrefixes: Readonly<Record<TagScheme, readonly string[]>> = {
  IOB1: ['B', 'I'],
  IOB2: ['B', 'I'],
  IOBES: ['B', 'I', 'E', 'S'],
};

/** A tag taken apart: `B-Disease` has prefix `B` and type `Disease`; `O` has an empty type. */
export interface TagParts {
  readonly prefix: string;
  readonly type: string;
}

export const outside: TagParts = { prefix: 'O', type: '' };

/** Takes a tag apart at its first hyphen, as conlleval does: the type of `B-Multi-tissue_structure` keeps its own. */
export function splitTag(tag: string): TagParts {
  const hyphen = tag.indexOf('-');
  return hyphen < 0 ? { prefix: tag, type: '' } : { prefix: tag.slice(0, hyphen), type: tag.slice(hyphen + 1) };
}

/**
 * The tags of a sentence of `length` tokens, `[length]`, that say exactly these mentions.
 * Mentions come in order of their start; throws `data/mention` when one is empty, overlaps another or leaves the sentence.
 */
export function mentionsToTags(mentions: readonly Mention[], length: number, scheme: TagScheme): string[] {
  const tags = new Array<string>(length).fill('O');
  let previous: Mention | null = null;
  for (const mention of mentions) {
    const { type, start, end } = mention;
    const earliest = previous?.end ?? 0;
    if (start < earliest || end <= start || end > length) {
      throw new LabError('data/mention', 'A mention does not fit into its sentence.', {
        expected: `a span within [${earliest}, ${length})`,
        got: `[${start}, ${end}) of type ${type}`,
      });
    }
    tags.fill(`I-${type}`, start, end);
    const touchesItsLike = previous !== null && previous.end === start && previous.type === type;
    if (scheme !== 'IOB1' || touchesItsLike) tags[start] = `B-${type}`;
    if (scheme === 'IOBES') tags[end - 1] = end - start === 1 ? `S-${type}` : `E-${type}`;
    previous = mention;
  }
  return tags;
}

interface IllegalTransition {
  /** The token whose tag is to blame. */
  readonly index: number;
  /** Completes "Tag X ...". */
  readonly complaint: string;
}

/**
 * Every place of one sentence where two neighbouring tags, or a tag and the sentence's border, break `scheme`. Tags are in the
 * prefixes of IOBES (see tagOfDialect). A lenient reading has a mention there all the same.
 */
export function illegalTransitions(tags: readonly TagParts[], scheme: TagScheme): IllegalTransition[] {
  const found: IllegalTransition[] = [];
  let previous = outside;
  for (let index = 0; index <= tags.length; index++) {
    const current = tags[index] ?? outside;
    const continues = (previous.prefix === 'B' || previous.prefix === 'I') && previous.type === current.type;
    const complaint = complaintAbout(current.prefix, continues, scheme);
    if (complaint !== null) found.push({ index, complaint });
    else if (scheme === 'IOBES' && isOpen(previous.prefix) && !(continues && isInside(current.prefix))) {
      found.push({ index: index - 1, complaint: 'opens or continues a mention that no E closes' });
    }
    previous = current;
  }
  return found;
}

function complaintAbout(prefix: string, continues: boolean, scheme: TagScheme): string | null {
  if (scheme === 'IOB1') return prefix === 'B' && !continues ? 'does not follow a mention of its type' : null;
  return isInside(prefix) && !continues ? 'does not continue a mention of its type' : null;
}

const isOpen = (prefix: string) => prefix === 'B' || prefix === 'I';
const isInside = (prefix: string) => prefix === 'I' || prefix === 'E';

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
