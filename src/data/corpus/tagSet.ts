// The tags a head predicts, numbered.
import { LabError } from '../../util/labError.ts';
import type { Sentence } from './corpus.ts';
import { mentionsToTags, splitTag, tagSchemePrefixes, type TagScheme } from './tagScheme.ts';

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
