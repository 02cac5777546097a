// What a person wrote about runs and experiments: names, notes, tags, and what was archived. Apart from the records, whose content it never changes.
import * as z from '../util/zod.ts';
import { LabError } from '../util/labError.ts';

/** The most of each that is stored. */
export const descriptionLimits = { nameLength: 200, notesLength: 20_000, tagLength: 60, tags: 50 } as const;

const { nameLength, notesLength, tagLength, tags } = descriptionLimits;

export const descriptionSchema = z.strictObject({
  name: z.optional(z.string().check(z.minLength(1), z.maxLength(nameLength))),
  notes: z.optional(z.string().check(z.minLength(1), z.maxLength(notesLength))),
  /** In the order they were added, each once. */
  tags: z.optional(
    z.array(z.string().check(z.minLength(1), z.maxLength(tagLength))).check(z.minLength(1), z.maxLength(tags)),
  ),
  archived: z.optional(z.literal(true)),
});
/** Members that nothing was written for are absent. */
export type Description = z.infer<typeof descriptionSchema>;

/** By the ids of runs, and by those of experiments, which are the same in every lab. */
export const descriptionsSchema = z.strictObject({
  runs: z.record(z.string(), descriptionSchema),
  experiments: z.record(z.string(), descriptionSchema),
});
export type Descriptions = z.infer<typeof descriptionsSchema>;

/** What is described. */
export type DescribedKind = keyof Descriptions;

export const NOTHING_DESCRIBED: Descriptions = { runs: {}, experiments: {} };

/** What changes of a description: members that are absent stay. */
export interface DescriptionChange {
  readonly name?: string;
  readonly notes?: string;
  readonly archived?: boolean;
  readonly addTags?: readonly string[];
  readonly removeTags?: readonly string[];
}

/**
 * Returns a description after a change, without members that say nothing. Throws LabError `description/too-long` or `description/too-many-tags`.
 */
export function changedDescription(before: Description, change: DescriptionChange): Description {
  const { nameLength, notesLength, tagLength, tags: mostTags } = descriptionLimits;
  const name = withinLength('name', change.name?.trim() ?? before.name ?? '', nameLength);
  const notes = withinLength('notes', change.notes?.trim() ?? before.notes ?? '', notesLength);
  const removed = new Set(change.removeTags);
  const added = (change.addTags ?? []).map((tag) => withinLength('tag', tag.trim().replace(/\s+/g, ' '), tagLength));
  const tags = [...new Set([...(before.tags ?? []).filter((tag) => !removed.has(tag)), ...added])].filter((tag) => tag !== ''); // prettier-ignore
  if (tags.length > mostTags) {
    throw new LabError('description/too-many-tags', 'There are too many tags.', {
      expected: `at most ${mostTags}`,
      got: String(tags.length),
    });
  }
  const archived = change.archived ?? before.archived ?? false;
  return {
    ...(name !== '' && { name }),
    ...(notes !== '' && { notes }),
    ...(tags.length > 0 && { tags }),
    ...(archived && { archived }),
  };
}

function withinLength(what: string, text: string, most: number): string {
  if (text.length <= most) return text;
  throw new LabError('description/too-long', `The ${what} is too long.`, {
    expected: `at most ${most} characters`,
    got: `${text.length} characters`,
  });
}
