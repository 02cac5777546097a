// What was measured of this machine's pace: the time of each kind of work at a few sizes, from which the time of runs is predicted.
import * as z from '../util/zod.ts';

const pointSchema = z.strictObject({
  /** In operations, pieces, bytes or records, by the kind of work. */
  work: z.number().check(z.nonnegative()),
  ms: z.number().check(z.nonnegative()),
});

export const machinePaceSchema = z.strictObject({
  version: z.literal(1),
  /** Each kind of work with points by increasing work: kernels by name, and what JavaScript and storage do. */
  kinds: z.array(
    z.strictObject({ name: z.string().check(z.minLength(1)), points: z.array(pointSchema).check(z.minLength(1)) }),
  ),
});

export type MachinePace = z.infer<typeof machinePaceSchema>;
export type PacePoint = z.infer<typeof pointSchema>;
