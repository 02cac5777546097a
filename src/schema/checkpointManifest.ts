// The record that makes a set of stored tensors a checkpoint: written last, read first.
import { z } from 'zod';

const count = z.int().min(0);

/** One tensor in a record of its own: float32, little-endian, row-major. */
export const tensorEntrySchema = z.strictObject({
  name: z.string(),
  shape: z.array(count),
  record: z.string(),
  checksum: z.string(),
});

/** Where a run stands, to the step. */
export const positionSchema = z.strictObject({
  /** Epochs completed, evaluation and snapshot included. */
  epoch: count,
  /** Steps done in the epoch under way. */
  stepInEpoch: count,
  /** Steps done in all. */
  step: count,
  /** Sums over the steps since the last point of the history, and over the epoch under way. */
  pending: z.strictObject({ steps: count, loss: z.number(), gradientNorm: z.number() }),
  epochLoss: z.number(),
  elapsedMs: z.number().min(0),
});
export type Position = z.infer<typeof positionSchema>;

export const checkpointManifestSchema = z.strictObject({
  version: z.literal(1),
  runId: z.string(),
  /** Null for a snapshot, which only holds weights. */
  position: positionSchema.nullable(),
  tensors: z.array(tensorEntrySchema),
});
export type CheckpointManifest = z.infer<typeof checkpointManifestSchema>;
