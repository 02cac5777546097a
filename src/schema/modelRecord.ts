// What the lab keeps about a pretrained model beside its files.
import { z } from 'zod';

export const modelFileSchema = z.strictObject({ name: z.string(), sizeBytes: z.int().min(0) });

export const modelRecordSchema = z.strictObject({
  version: z.literal(1),
  /** First 16 hex digits of `fingerprint`. */
  id: z.string(),
  name: z.string().min(1),
  /** SHA-256 over the fingerprints of config, weights and tokenizer. */
  fingerprint: z.string(),
  files: z.array(modelFileSchema),
  parameterCount: z.int().min(1),
  layers: z.int().min(1),
  hiddenSize: z.int().min(1),
  heads: z.int().min(1),
  vocabularySize: z.int().min(1),
  activation: z.string(),
  builtIn: z.boolean(),
  addedAt: z.iso.datetime(),
});
export type ModelRecord = z.infer<typeof modelRecordSchema>;
