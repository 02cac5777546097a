// The tag set of a trained head, numbered again and compared with the tags it was trained with.
import { LabError } from '../util/labError.ts';
import { splitTag } from './tagScheme.ts';
import type { TagScheme } from './tagScheme.ts';
import type { LabelMode, TagSet } from './tagSet.ts';
import { makeTagSet } from './tagSet.ts';

/** The tags of a trained head, and the settings that numbered them. */
interface HeadTags {
  readonly tags: readonly string[];
  readonly types: readonly string[];
  readonly config: { readonly tagScheme: TagScheme; readonly labelMode: LabelMode };
}

/** Throws LabError `data/types` where the head's tags are not those that its types, scheme and label mode give. */
export function tagSetOfHead({ tags, types, config }: HeadTags): TagSet {
  const tagSet = makeTagSet(types, config.tagScheme, config.labelMode);
  if (tagSet.tags.length !== tags.length || tagSet.tags.some((tag, index) => tag !== tags[index])) {
    throw new LabError('data/types', 'The tags of the tagger are not those of its types.', {
      expected: tagSet.tags.join(', '),
      got: tags.join(', '),
    });
  }
  return tagSet;
}

/** Entity types in the order in which the tags name them. */
export function typesOfTags(tags: readonly string[]): readonly string[] {
  return [...new Set(tags.map((tag) => splitTag(tag).type))].filter((type) => type !== '');
}
