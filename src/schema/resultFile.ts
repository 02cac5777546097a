// The JSON people share: a plan's runs with everything needed to read, check and compare them.
import { z } from 'zod';
import { modelRecordSchema } from './modelRecord.ts';
import { planFileSchema } from './planFile.ts';
import { runRecordSchema } from './runRecord.ts';

export const resultFileSchema = z.strictObject({
  format: z.literal('bioner-lab-result'),
  version: z.literal(1),
  software: z.string(),
  exportedAt: z.iso.datetime(),
  plan: planFileSchema,
  models: z.array(modelRecordSchema),
  runs: z.array(runRecordSchema),
  /** SHA-256 of the canonical JSON of all other members: a changed file is refused. */
  checksum: z.string(),
});
export type ResultFile = z.infer<typeof resultFileSchema>;
