// What tuning found on an adapter: the fastest way to compute each class of matrix products.
import { z } from 'zod';

const blocks = {
  rows: z.int().min(4).max(16).multipleOf(4),
  columns: z.int().min(4).max(16).multipleOf(4),
  across: z.int().min(1).max(256),
  down: z.int().min(1).max(256),
  splits: z.int().min(1).max(64),
};

const variantSchema = z.discriminatedUnion('family', [
  z.strictObject({ family: z.literal('direct'), ...blocks }),
  z.strictObject({
    family: z.literal('tiled'),
    ...blocks,
    depth: z.int().min(4).max(64).multipleOf(4),
    f16: z.boolean(),
  }),
  z.strictObject({
    family: z.literal('matrix'),
    unit: z.strictObject({
      rows: z.int().min(4).max(32),
      columns: z.int().min(4).max(32),
      inner: z.int().min(4).max(32),
      lanes: z.int().min(4).max(128),
    }),
    rows: z.int().min(1).max(16),
    columns: z.int().min(1).max(16),
    across: z.int().min(1).max(16),
    down: z.int().min(1).max(16),
    depth: z.int().min(4).max(64).multipleOf(4),
    splits: blocks.splits,
  }),
]);

export const matmulTableSchema = z.strictObject({
  version: z.literal(1),
  /** The adapter as described by `describeAdapter`; a table is valid for no other. */
  adapter: z.string().min(1),
  entries: z.array(
    z.strictObject({
      /** Class of products, as named by `matmulClass`. */
      key: z.string().min(1),
      variant: variantSchema,
      /** 1e9 multiplications and additions per second when it was chosen, comparable within this table; null if nothing was timed. */
      gflops: z.number().positive().nullable(),
    }),
  ),
});

export type MatmulTable = z.infer<typeof matmulTableSchema>;
