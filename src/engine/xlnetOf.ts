// Refuses encoders that the engine has no kernels for.
import type { EncoderConfig } from '../model/encoderConfig.ts';
import type { XlnetConfig } from '../model/xlnet/xlnetConfig.ts';

export function xlnetOf(config: EncoderConfig): XlnetConfig {
  if (config.family !== 'xlnet') throw new Error(`the engine does not know ${config.family}`);
  return config;
}
