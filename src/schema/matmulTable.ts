// What tuning found on an adapter: the fastest way to compute each class of matrix products.
import * as z from '../util/zod.ts';

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
