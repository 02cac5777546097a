// Projected gradients of a joint run’s tasks, as stored: what a request names, and the losses and gradients of the sampled sequences.
import * as z from '../util/zod.ts';

/** Identifies measured gradients: of which snapshot, how many sequences of each task, to how many dimensions, with which draw. */
export interface GradientsRequest {
  readonly runId: string;
  /** Of the snapshot. */
  readonly epoch: number;
  /** Training sequences of each task, and devel sequences, at most. */
  readonly sequences: number;
  readonly dimensions: number;
  /** Of the sample and the projection. */
  readonly seed: number;
}

/** Grad-TAG projects to a few hundred dimensions. */
export const usualGradients: Omit<GradientsRequest, 'runId' | 'epoch'> = { sequences: 96, dimensions: 256, seed: 1 };

const losses = z.array(z.number().check(z.gte(0)));

export const storedGradientsSchema = z.strictObject({
  version: z.literal(1),
  sequences: z.int().check(z.gte(1)),
  dimensions: z.int().check(z.gte(2), z.lte(4096)),
  seed: z.int().check(z.gte(0)),
  /** In the order of the run's tasks. */
  tasks: z
    .array(
      z.strictObject({
        /** Sequences of the task that an epoch shows. */
        shown: z.int().check(z.gte(0)),
        /** Negative log-likelihood of each sampled sequence. */
        train: losses,
        devel: losses,
      }),
    )
    .check(z.minLength(1)),
  /** Of the bytes of the gradients: float32 [sequence, dimension], little-endian; of each task in turn training, then devel. */
  checksum: z.string(),
});
export type StoredGradients = z.infer<typeof storedGradientsSchema>;
