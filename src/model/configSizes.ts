// The sizes that a configuration file of an encoder may state: a broken one may state any number.
import { z } from 'zod';

export const configSizes = {
  /** Every layer is listed by name before its weights are looked for. */
  layers: z.int().min(1).max(1000),
  /** Widths, heads, pieces, positions. */
  others: z.int().min(1).max(10_000_000),
};
