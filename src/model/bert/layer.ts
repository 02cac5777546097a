// One BERT layer: self-attention, then a feed-forward block, each with a residual and a layer norm after it.
import * as tf from '@tensorflow/tfjs';
import { activate } from '../activate.ts';
import { parameter } from '../deviceParameters.ts';
import type { DropoutRates, DropoutStream } from '../dropout.ts';
import { dropout } from '../dropout.ts';
import { layerNorm } from '../layerNorm.ts';
import { selfAttention } from './attention.ts';
import type { BertConfig } from './bertConfig.ts';

/** h'' [B*T, d] from h [B*T, d]: h' = LN(dropout(attention(h)) + h), h'' = LN(dropout(ff(h')) + h'), nothing dropped inside ff. */
export function bertLayer(
  h: tf.Tensor2D,
  mask: tf.Tensor4D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  layer: number,
  config: BertConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Tensor2D {
  const prefix = `layer.${layer}.`;
  const weight = <W extends tf.Tensor>(name: string): W => parameter<W>(parameters, prefix + name);
  const drop = (x: tf.Tensor2D, site: 'attentionOutput' | 'outer'): tf.Tensor2D =>
    dropout(x, rates.encoder, stream, layer, site);
  const norm = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    layerNorm(x, weight(`${name}.scale`), weight(`${name}.shift`), config.layerNormEpsilon);
  const linear = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    tf.add(tf.matMul(x, weight<tf.Tensor2D>(`${name}.kernel`)), weight(`${name}.bias`));

  const attended = selfAttention(h, mask, parameters, `${prefix}attention.`, config, rates, stream, layer);
  const middle = norm(tf.add(drop(attended, 'attentionOutput'), h), 'attention.norm');
  const inner = activate(linear(middle, 'feedForward.inner'), config.activation);
  return norm(tf.add(drop(linear(inner, 'feedForward.outer'), 'outer'), middle), 'feedForward.norm');
}
