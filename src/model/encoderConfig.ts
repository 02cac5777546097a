// The encoders the lab knows, told apart by their family.
import { z } from 'zod';
import type { Activation } from './activation.ts';
import { bertConfig, type BertConfig } from './bert/bertConfig.ts';
import { xlnetConfig, type XlnetConfig } from './xlnet/xlnetConfig.ts';

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

export type EncoderConfig = XlnetConfig | BertConfig;

const familySchema = z.looseObject({ model_type: z.string() });

/**
 * Reads a parsed config.json of an encoder of any family; one that does not name its `model_type` is read as XLNet's. Throws
 * LabError `model/config` naming the first field that is missing or not supported.
 */
export function encoderConfig(json: unknown): EncoderConfig {
  const family = familySchema.safeParse(json);
  return family.success && family.data.model_type === 'bert' ? bertConfig(json) : xlnetConfig(json);
}
