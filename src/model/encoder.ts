// An encoder of any family: piece ids in, hidden states of every layer out.
import type * as tf from '@tensorflow/tfjs';
import type { Batch } from './batch.ts';
import { bertEncoder } from './bert/encoder.ts';
import type { DropoutRates, DropoutStream } from './dropout.ts';
import type { EncoderConfig } from './encoderConfig.ts';
import { xlnetEncoder } from './xlnet/encoder.ts';

/** Hidden states [B*T, d], one tensor for the embedding and one for each layer; the last is what the head reads. */
export function encoderStates(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: EncoderConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  return config.family === 'bert'
    ? bertEncoder(batch, parameters, config, rates, stream)
    : xlnetEncoder(batch, parameters, config, rates, stream);
}
