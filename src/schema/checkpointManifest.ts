// The manifest that turns a set of stored tensors into a checkpoint: written last, read first.
import * as z from '../util/zod.ts';

const count = z.int().check(z.gte(0));

/** One tensor in a separate record: float32, little-endian, row-major. */
export const tensorEntrySchema = z.strictObject({
  name: z.string(),
  shape: z.array(count),
  record: z.string(),
  checksum: z.string(),
});

/** Position of a run, down to the step. */
export const positionSchema = z.strictObject({
  /** Epochs completed, evaluation and snapshot included. */
  epoch: count,
  /** Steps done in the current epoch. */
  stepInEpoch: count,
  /** Steps done in total. */
  step: count,
  /** Sums over the steps since the last history point, and over the current epoch. */
  pending: z.strictObject({ steps: count, loss: z.number(), gradientNorm: z.number() }),
  epochLoss: z.number(),
  elapsedMs: z.number().check(z.gte(0)),
});
export type Position = z.infer<typeof positionSchema>;

export const checkpointManifestSchema = z.strictObject({
  version: z.literal(1),
  runId: z.string(),
  /** Null for a snapshot, which holds only weights. */
  position: z.nullable(positionSchema),
  tensors: z.array(tensorEntrySchema),
});
export type CheckpointManifest = z.infer<typeof checkpointManifestSchema>;
