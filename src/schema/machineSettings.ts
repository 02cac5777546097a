// What is stored about this machine: how it is used, its fastest matrix products, and its measured pace.
import * as z from '../util/zod.ts';

// How this machine is used, above all its GPU: user settings that are not part of a run.

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

// What was measured of this machine's pace: the time of each kind of work at a few sizes, from which the time of runs is predicted.

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

// What tuning found on an adapter: the fastest way to compute each class of matrix products.

const blocks = {
  rows: z.int().check(z.gte(4), z.lte(16), z.multipleOf(4)),
  columns: z.int().check(z.gte(4), z.lte(16), z.multipleOf(4)),
  across: z.int().check(z.gte(1), z.lte(256)),
  down: z.int().check(z.gte(1), z.lte(256)),
  splits: z.int().check(z.gte(1), z.lte(64)),
};

const variantSchema = z.discriminatedUnion('family', [
  z.strictObject({ family: z.literal('direct'), ...blocks }),
  z.strictObject({
    family: z.literal('tiled'),
    ...blocks,
    depth: z.int().check(z.gte(4), z.lte(64), z.multipleOf(4)),
    f16: z.boolean(),
  }),
  z.strictObject({
    family: z.literal('matrix'),
    unit: z.strictObject({
      rows: z.int().check(z.gte(4), z.lte(32)),
      columns: z.int().check(z.gte(4), z.lte(32)),
      inner: z.int().check(z.gte(4), z.lte(32)),
      lanes: z.int().check(z.gte(4), z.lte(128)),
    }),
    rows: z.int().check(z.gte(1), z.lte(16)),
    columns: z.int().check(z.gte(1), z.lte(16)),
    across: z.int().check(z.gte(1), z.lte(16)),
    down: z.int().check(z.gte(1), z.lte(16)),
    depth: z.int().check(z.gte(4), z.lte(64), z.multipleOf(4)),
    splits: blocks.splits,
  }),
]);

export const matmulTableSchema = z.strictObject({
  version: z.literal(1),
  /** The adapter as described by `describeAdapter`; a table is valid for no other. */
  adapter: z.string().check(z.minLength(1)),
  entries: z.array(
    z.strictObject({
      /** Class of products, as named by `matmulClass`. */
      key: z.string().check(z.minLength(1)),
      variant: variantSchema,
      /** 1e9 multiplications and additions per second when it was chosen, comparable within this table; null if nothing was timed. */
      gflops: z.nullable(z.number().check(z.positive())),
    }),
  ),
});

export type MatmulTable = z.infer<typeof matmulTableSchema>;
