// The sizes that a configuration file of an encoder may state: a broken one may state any number.
import type { Activation } from './activation.ts';
import { z } from 'zod';

export const configSizes = {
  /** Every layer is listed by name before its weights are looked for. */
  layers: z.int().min(1).max(1000),
  /** Widths, heads, pieces, positions. */
  others: z.int().min(1).max(10_000_000),
};

/** What every family has; `headSize * heads` is `hiddenSize`. */
export interface EncoderSizes {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly headSize: number;
  readonly innerSize: number;
  readonly vocabularySize: number;
  readonly activation: Activation;
  readonly layerNormEpsilon: number;
  /** Standard deviation of newly drawn weights. */
  readonly initializerRange: number;
}
