// What the lab keeps about a model on its way from a hub, beside the parts that came.
import { z } from 'zod';
import { modelSourceSchema } from './modelRecord.ts';

export const hubFileSchema = z.strictObject({
  name: z.string(),
  sizeBytes: z.int().min(0),
  digest: z.strictObject({ kind: z.enum(['sha256', 'gitBlob']), hex: z.string() }),
});
export type HubFile = z.infer<typeof hubFileSchema>;

export const downloadRecordSchema = z.strictObject({
  version: z.literal(1),
  /** Of hub, repository and commit: the same files are the same download. */
  id: z.string(),
  /** Address of the hub, without the last slash. */
  hub: z.string(),
  source: modelSourceSchema,
  /** Those that the model is made of; parts that came are kept by their place in this list. */
  files: z.array(hubFileSchema),
  /** What the model will take in the library, about. */
  keptBytes: z.int().min(0),
});
export type DownloadRecord = z.infer<typeof downloadRecordSchema>;
