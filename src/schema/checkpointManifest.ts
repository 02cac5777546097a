// The record that makes a set of stored tensors a checkpoint: written last, read first.
import { z } from 'zod';

export const tensorEntrySchema = z.strictObject({
  name: z.string(),
  shape: z.array(z.int().min(0)),
  /** Bytes of the tensor in its record, float32 little-endian. */
  offset: z.int().min(0),
  sizeBytes: z.int().min(0),
  record: z.string(),
});

export const checkpointManifestSchema = z.strictObject({
  version: z.literal(1),
  kind: z.enum(['resume', 'snapshot']),
  runId: z.string(),
  step: z.int().min(0),
  /** Epochs completed. */
  epoch: z.int().min(0),
  tensors: z.array(tensorEntrySchema),
  /** SHA-256 of every record's bytes, by key. */
  records: z.record(z.string(), z.string()),
});
export type CheckpointManifest = z.infer<typeof checkpointManifestSchema>;
