// Scores that a person read in from a table: figures of papers or of other programs, which are shown beside the lab's own and never tested with them.
import { z } from 'zod';
import { methodSchema } from './methods.ts';

const percent = z.number().min(0).max(100);

export const reportedScoreSchema = z.strictObject({
  /** Of the system or the model. */
  name: z.string().min(1),
  method: methodSchema.nullable(),
  /** Slicing rate of MTL-LS. */
  rate: z.number().min(0).max(1).nullable(),
  /** The task as the table names it. */
  task: z.string().min(1),
  precision: percent.nullable(),
  recall: percent.nullable(),
  f1: percent,
  /** Where the figure is from. */
  source: z.string().nullable(),
});
export type ReportedScore = z.infer<typeof reportedScoreSchema>;

/** Scores on the tasks of a comparison, by the key of the task. */
export type ReportedByTask = ReadonlyMap<string, readonly ReportedScore[]>;

const reportedFileSchema = z.strictObject({
  /** Start of the fingerprint of the scores. */
  id: z.string(),
  fileName: z.string(),
  scores: z.array(reportedScoreSchema).min(1),
});
export type ReportedFile = z.infer<typeof reportedFileSchema>;

export const reportedFilesSchema = z.array(reportedFileSchema);
