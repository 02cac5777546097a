// Scores that a person read in from a table: figures of papers or of other programs, which are shown beside the lab's own and never tested with them.
import * as z from '../util/zod.ts';
import { methodSchema } from './methods.ts';

const percent = z.number().check(z.gte(0), z.lte(100));

export const reportedScoreSchema = z.strictObject({
  /** Of the system or the model. */
  name: z.string().check(z.minLength(1)),
  method: z.nullable(methodSchema),
  /** Slicing rate of MTL-LS. */
  rate: z.nullable(z.number().check(z.gte(0), z.lte(1))),
  /** The task as the table names it. */
  task: z.string().check(z.minLength(1)),
  precision: z.nullable(percent),
  recall: z.nullable(percent),
  f1: percent,
  /** Where the figure is from. */
  source: z.nullable(z.string()),
});
export type ReportedScore = z.infer<typeof reportedScoreSchema>;

/** Scores on the tasks of a comparison, by the key of the task. */
export type ReportedByTask = ReadonlyMap<string, readonly ReportedScore[]>;

const reportedFileSchema = z.strictObject({
  /** Start of the fingerprint of the scores. */
  id: z.string(),
  fileName: z.string(),
  scores: z.array(reportedScoreSchema).check(z.minLength(1)),
});
export type ReportedFile = z.infer<typeof reportedFileSchema>;

export const reportedFilesSchema = z.array(reportedFileSchema);
