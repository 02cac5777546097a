// One BERT layer: self-attention, then what every family has, with nothing dropped inside the feed-forward block.
import type * as tf from '@tensorflow/tfjs';
import type { DropoutRates, DropoutStream } from '../dropout.ts';
import { residualBlocks } from '../residualBlocks.ts';
import { selfAttention } from './attention.ts';
import type { BertConfig } from './bertConfig.ts';

/** h'' [B*T, d] from h [B*T, d]. */
export function bertLayer(
  h: tf.Tensor2D,
  mask: tf.Tensor4D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  layer: number,
  config: BertConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Tensor2D {
  const attended = selfAttention(h, mask, parameters, `layer.${layer}.attention.`, config, rates, stream, layer);
  return residualBlocks(h, attended, parameters, layer, config, { inner: 0, outer: rates.encoder }, stream);
}
