// A plan as a file: what is to be trained, by names a person can read, for the page and for headless alike.
import { z } from 'zod';
import { trainingConfigSchema } from './config.ts';
import { methodSchema } from './runRecord.ts';

/** A named input; the fingerprint, when given, must match what is found under the name. */
const inputSchema = z.strictObject({ name: z.string().min(1), fingerprint: z.string().optional() });

export const planFileSchema = z.strictObject({
  format: z.literal('bioner-lab-plan'),
  version: z.literal(1),
  name: z.string().min(1),
  method: methodSchema,
  model: inputSchema,
  tasks: z.array(z.strictObject({ corpus: inputSchema, type: z.string().nullable() })).min(1),
  seeds: z.array(z.int().min(0).max(4294967295)).min(1),
  config: trainingConfigSchema,
});
export type PlanFile = z.infer<typeof planFileSchema>;
