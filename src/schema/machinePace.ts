// What was measured of this machine's pace: the time of each kind of work at a few sizes, from which the time of runs is predicted.
import { z } from 'zod';

const pointSchema = z.strictObject({
  /** In operations, pieces, bytes or records, by the kind of work. */
  work: z.number().nonnegative(),
  ms: z.number().nonnegative(),
});

export const machinePaceSchema = z.strictObject({
  version: z.literal(1),
  /** Each kind of work with points by increasing work: kernels by name, and what JavaScript and storage do. */
  kinds: z.array(z.strictObject({ name: z.string().min(1), points: z.array(pointSchema).min(1) })),
});

export type MachinePace = z.infer<typeof machinePaceSchema>;
export type PacePoint = z.infer<typeof pointSchema>;
