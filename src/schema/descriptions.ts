// What a person wrote about runs and experiments: names, notes, tags, and what was archived. Apart from the records, whose content it never changes.
import { z } from 'zod';

/** The most of each that is stored. */
export const descriptionLimits = { nameLength: 200, notesLength: 20_000, tagLength: 60, tags: 50 } as const;

const { nameLength, notesLength, tagLength, tags } = descriptionLimits;

export const descriptionSchema = z.strictObject({
  name: z.string().min(1).max(nameLength).optional(),
  notes: z.string().min(1).max(notesLength).optional(),
  /** In the order they were added, each once. */
  tags: z.array(z.string().min(1).max(tagLength)).min(1).max(tags).optional(),
  archived: z.literal(true).optional(),
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
