// How this machine is used, above all its GPU: user settings that are not part of a run.
import * as z from '../util/zod.ts';

export const precisionSchema = z.enum(['f32', 'mixed']);
/** `mixed`: matrix products read f16 and accumulate in f32; saved activations are f16; weights, gradients and moments stay f32. */
export type Precision = z.infer<typeof precisionSchema>;

export const activationsSchema = z.enum(['auto', 'kept', 'recomputed']);
/** Whether the backward pass reads a layer's activations from memory or recomputes them; `auto` goes by the memory estimate. */
export type Activations = z.infer<typeof activationsSchema>;

export const multiplyAddsSchema = z.enum(['fused', 'twice']);
/** Whether a multiply-add rounds once, which is faster, or its product and its sum each; the last bits differ. */
export type MultiplyAdds = z.infer<typeof multiplyAddsSchema>;

/** Larger than any machine's number of logical processors that a page can see. */
const MOST_CHOSEN_THREADS = 1024;

export const machineSettingsSchema = z.strictObject({
  version: z.literal(1),
  /** Absent for mixed precision where it is admitted on a graphics card, and f32 elsewhere. */
  precision: z.optional(precisionSchema),
  activations: activationsSchema,
  /** GPU memory that `auto` may plan with; WebGPU does not report how much there is. */
  gpuBytes: z.int().check(z.gte(2 ** 28)),
  /** Threads of the engine on the processor; absent for the platform's usual number. */
  threads: z.optional(z.int().check(z.gte(1), z.lte(MOST_CHOSEN_THREADS))),
  /** How multiply-adds round on the processor: `fused` once, `twice` as machines without them do; absent means fused where they are. */
  multiplyAdds: z.optional(multiplyAddsSchema),
  /** Address of the hub that models come from; absent for the public hub. */
  hub: z.optional(z.string()),
  /** Whether the screen stays on while a run uses the device; absent means no. */
  keepAwake: z.optional(z.boolean()),
});
export type MachineSettings = z.infer<typeof machineSettingsSchema>;

/** Whether mixed precision may be used on an adapter, and why, as text for the page. */
export interface MixedPrecision {
  readonly admitted: boolean;
  readonly reason: string;
}

/** 4 GiB is what small laptop GPUs have. */
export const defaultMachineSettings: MachineSettings = {
  version: 1,
  activations: 'auto',
  gpuBytes: 2 ** 32,
};
