// Converts between mentions and tags in the three tag schemes the lab trains with.
import { LabError } from '../../util/labError.ts';
import type { Mention } from './corpus.ts';
import { quoted, type IssueList } from './issues.ts';

/** The schemes a head can be trained in. */
export const TAG_SCHEMES = ['IOB1', 'IOB2', 'IOBES'] as const;
export type TagScheme = (typeof TAG_SCHEMES)[number];

/** The prefixes of each scheme besides `O`. */
export const tagSchemePrefixes: Readonly<Record<TagScheme, readonly string[]>> = {
  IOB1: ['B', 'I'],
  IOB2: ['B', 'I'],
  IOBES: ['B', 'I', 'E', 'S'],
};

/** A tag split into parts: `B-Disease` has prefix `B` and type `Disease`; `O` has an empty type. */
export interface TagParts {
  readonly prefix: string;
  readonly type: string;
}

export const outside: TagParts = { prefix: 'O', type: '' };

/** Splits a tag at its first hyphen, like conlleval: the type of `B-Multi-tissue_structure` keeps its hyphen. */
export function splitTag(tag: string): TagParts {
  const hyphen = tag.indexOf('-');
  return hyphen < 0 ? { prefix: tag, type: '' } : { prefix: tag.slice(0, hyphen), type: tag.slice(hyphen + 1) };
}

/** The name under which an entity type is stored: white space becomes `_`, because rows of tags, and conlleval, split at it. */
export function typeName(text: string): string {
  return text.trim().replace(/\s+/g, '_');
}

/** Returns a tag with the stored form of its type, so that it has no white space. */
export function tagOfType(tag: string): string {
  const { prefix, type } = splitTag(tag);
  return type === '' ? tag : `${prefix}-${typeName(type)}`;
}

/** Names the types of one file, and reports those that are stored under another name than the file writes. */
export class TypeNames {
  private readonly writtenAs = new Map<string, Set<string>>();

  /** Returns the stored name of a type as written in the file. */
  nameOf(written: string): string {
    const name = typeName(written);
    const spellings = this.writtenAs.get(name);
    if (spellings === undefined) this.writtenAs.set(name, new Set([written]));
    else spellings.add(written);
    return name;
  }

  /** A renamed type is an info; types that become one another's name are a warning. */
  report(issues: IssueList): void {
    for (const [name, spellings] of this.writtenAs) {
      const renamed = [...spellings].filter((spelling) => spelling !== name).map(quoted);
      if (renamed.length === 0) continue;
      const message = `Names of types have no white space: ${renamed.slice(0, 5).join(', ')} is read as ${quoted(name)}`;
      if (spellings.size === 1) issues.add('info', 'corpus/type-name', null, `${message}.`);
      else
        issues.add(
          'warning',
          'corpus/type-name',
          null,
          `${message}, which is one type of ${spellings.size} spellings.`,
        );
    }
  }
}

/**
 * Encodes mentions as the tags of a sentence of `length` tokens, `[length]`. Mentions must be in order of start; throws
 * `data/mention` if one is empty, overlaps another or exceeds the sentence.
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
  /** Index of the offending token. */
  readonly index: number;
  /** Completes "Tag X ...". */
  readonly complaint: string;
}

/**
 * Finds every position in a sentence where two adjacent tags, or a tag and the sentence boundary, violate `scheme`. Tags must have
 * IOBES prefixes (see tagOfDialect). A lenient reading still has a mention there.
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

/** Whether a cell may be a tag: `O`, or a known prefix, bare or with a type. */
export function looksLikeTag(text: string): boolean {
  if (text === 'O') return true;
  if (text.length > 1 && text.charAt(1) !== '-') return false;
  return Object.hasOwn(canonicalPrefixes, text.charAt(0));
}

/**
 * Converts a tag of any dialect to IOBES prefixes: L and E become E, U, W and S become S, M and I become I. Null if the prefix is
 * unknown, or if `O` has a type.
 */
export function tagOfDialect(tag: TagParts): TagParts | null {
  if (tag.prefix === 'O') return tag.type === '' ? outside : null;
  if (!Object.hasOwn(canonicalPrefixes, tag.prefix)) return null;
  const prefix = canonicalPrefixes[tag.prefix] ?? '';
  return prefix === tag.prefix ? tag : { prefix, type: tag.type };
}
