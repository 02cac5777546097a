// The JSON people share: runs of plans with everything needed to read, check and compare them.
import { z } from 'zod';
import { modelRecordSchema } from './modelRecord.ts';
import { planFileSchema } from './planFile.ts';
import { runRecordSchema } from './runRecord.ts';

/** Version 1 is brought to this one by upgradeResultFile.ts, once its seal was looked at. */
export const resultFileSchema = z.strictObject({
  format: z.literal('bioner-lab-result'),
  version: z.literal(2),
  software: z.string(),
  exportedAt: z.iso.datetime(),
  plan: planFileSchema,
  models: z.array(modelRecordSchema),
  runs: z.array(runRecordSchema),
  /** SHA-256 of the canonical JSON of all other members as they were written: a changed file is refused. */
  checksum: z.string(),
});
export type ResultFile = z.infer<typeof resultFileSchema>;
