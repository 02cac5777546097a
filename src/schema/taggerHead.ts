// What a trained tagger is beside its weights: its tags, how it reads text, where it comes from.
import { z } from 'zod';
import { trainingConfigSchema } from './config.ts';
import { methodSchema } from './runRecord.ts';
import { splitScoresSchema } from './scores.ts';

export const taggerHeadSchema = z.strictObject({
  /** Tag of each index of the head, as `makeTagSet` numbers them. */
  tags: z.array(z.string()).min(2),
  /** Entity types, in the order of `tags`. */
  types: z.array(z.string()).min(1),
  config: trainingConfigSchema,
  /** The run it was a snapshot of. */
  provenance: z.strictObject({
    runId: z.string(),
    epoch: z.int().min(1),
    method: methodSchema,
    model: z.string(),
    /** Names of corpus and type of each task it was trained on. */
    tasks: z.array(z.strictObject({ corpus: z.string(), type: z.string().nullable() })),
    seed: z.int().min(0),
    slicingRate: z.number().min(0).max(1).nullable(),
    /** Of each task; null where the split is empty or was not scored. */
    devel: z.array(splitScoresSchema.nullable()),
    test: z.array(splitScoresSchema.nullable()),
  }),
});
export type TaggerHead = z.infer<typeof taggerHeadSchema>;
