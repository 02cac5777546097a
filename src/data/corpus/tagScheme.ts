// The tags that the lab trains with: converts mentions to tags of three schemes and back, and numbers the tags of a head.
import { LabError } from '../../util/labError.ts';
import type { Mention, Sentence } from './corpus.ts';
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

// The tags a head predicts, numbered.

/** Which pieces the CRF sees and which tags they get (released code, label modes X, gather and normal). */
export const LABEL_MODES = ['x', 'first', 'all'] as const;
export type LabelMode = (typeof LABEL_MODES)[number];

/** Index of `O` in every tag set. */
export const OUTSIDE = 0;

/** In place of a tag index: the tag is not known, and is one of the sequence's open tags. */
export const OPEN = -1;

export interface TagSet {
  readonly scheme: TagScheme;
  /**
   * Tag of each index: `O`, then the prefixes of each type in turn, then `O-<type>` for each type where text asks for one of several, then
   * `X` in label mode `x`.
   */
  readonly tags: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Index of `X`, the tag of continuation pieces; null in label modes without it. */
  readonly continuation: number | null;
}

/**
 * Numbers the tags for entity types in the given order, like the released code (O 0, B 1, I 2, E 3, S 4, X 5 for one type). Where text asks
 * for one of several types, a token outside them has the tag of that type; of a single type there is only `O`.
 */
export function makeTagSet(
  types: readonly string[],
  scheme: TagScheme,
  labelMode: LabelMode,
  { asked }: { readonly asked: boolean } = { asked: false },
): TagSet {
  const prefixed = types.flatMap((type) => tagSchemePrefixes[scheme].map((prefix) => `${prefix}-${type}`));
  const outsides = asked && types.length > 1 ? types.map((type) => `O-${type}`) : [];
  const tags = ['O', ...prefixed, ...outsides, ...(labelMode === 'x' ? ['X'] : [])];
  const indexOf = new Map(tags.map((tag, index) => [tag, index]));
  if (indexOf.size < tags.length || types.length === 0) {
    throw new LabError('data/types', 'A tag set needs one or more different entity types.', {
      expected: 'different types',
      got: types.length === 0 ? 'none' : types.join(', '),
    });
  }
  return { scheme, tags, indexOf, continuation: labelMode === 'x' ? tags.length - 1 : null };
}

/** Index of the tag of a token outside all mentions, in text that asks for a type. */
export function outsideOf({ indexOf }: TagSet, type: string): number {
  return indexOf.get(`O-${type}`) ?? OUTSIDE;
}

/** Returns the tag index of each token of a sentence, `[tokens]`. Throws `data/tag` for a mention whose type is not in the tag set. */
export function tagIndices({ tokens, mentions }: Sentence, { scheme, indexOf }: TagSet): readonly number[] {
  return mentionsToTags(mentions, tokens.length, scheme).map((tag) => {
    const index = indexOf.get(tag);
    if (index === undefined) {
      throw new LabError('data/tag', 'A mention has a type that the tagger does not know.', {
        expected: [...indexOf.keys()].join(', '),
        got: tag,
      });
    }
    return index;
  });
}

/** The tags of a trained head, and the settings they follow from. */
interface HeadTags {
  readonly tags: readonly string[];
  readonly types: readonly string[];
  readonly config: { readonly tagScheme: TagScheme; readonly labelMode: LabelMode };
  /** Set where each text asks for one of the types. */
  readonly asked?: true | undefined;
}

/** Throws LabError `data/types` if the head's tags do not follow from its types, scheme and label mode. */
export function tagSetOfHead({ tags, types, config, asked }: HeadTags): TagSet {
  const tagSet = makeTagSet(types, config.tagScheme, config.labelMode, { asked: asked === true });
  if (tagSet.tags.length !== tags.length || tagSet.tags.some((tag, index) => tag !== tags[index])) {
    throw new LabError('data/types', 'The tags of the tagger are not those of its types.', {
      expected: tagSet.tags.join(', '),
      got: tags.join(', '),
    });
  }
  return tagSet;
}

/**
 * Tags [K] that a token outside all mentions may have in a corpus that annotates `types` alone, as 1: O, and all tags of other types. Null where
 * it annotates all types of the tag set: then such a token is O.
 */
export function openTagsOf({ tags }: TagSet, types: readonly string[]): Int32Array<ArrayBuffer> | null {
  const isOpen = tags.map((tag) => {
    const { type } = splitTag(tag);
    return type !== '' && !types.includes(type);
  });
  if (!isOpen.includes(true)) return null;
  return Int32Array.from(isOpen, (open, index) => (open || index === OUTSIDE ? 1 : 0));
}

/** Makes every tag of another type `O`: a corpus says nothing about the types it does not annotate, so predictions of them are not scored. */
export function keepTypes(tags: readonly string[], types: readonly string[]): string[] {
  return tags.map((tag) => (types.includes(splitTag(tag).type) ? tag : 'O'));
}

/** Returns entity types in the order of the tags. */
export function typesOfTags(tags: readonly string[]): readonly string[] {
  return [...new Set(tags.map((tag) => splitTag(tag).type))].filter((type) => type !== '');
}
