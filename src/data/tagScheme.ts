// How tags are written in the three tag schemes the lab trains with.
import { LabError } from '../util/labError.ts';
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
