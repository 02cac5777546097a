// One XLNet layer: relative attention, then a feed-forward block, each with a residual and a layer norm after it.
import * as tf from '@tensorflow/tfjs';
import { activate } from '../activate.ts';
import { parameter } from '../deviceParameters.ts';
import type { DropoutRates, DropoutStream } from '../dropout.ts';
import { dropout } from '../dropout.ts';
import { layerNorm } from '../layerNorm.ts';
import type { XlnetConfig } from './xlnetConfig.ts';
import type { AttentionInputs } from './attention.ts';
import { relativeAttention } from './attention.ts';

/** h'' [B*T, d] from h [B*T, d]: h' = LN(dropout(attention(h)) + h), h'' = LN(dropout(ff(h')) + h'). */
export function xlnetLayer(
  h: tf.Tensor2D,
  inputs: AttentionInputs,
  parameters: ReadonlyMap<string, tf.Tensor>,
  layer: number,
  config: XlnetConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Tensor2D {
  const prefix = `layer.${layer}.`;
  const weight = <W extends tf.Tensor>(name: string): W => parameter<W>(parameters, prefix + name);
  const drop = (x: tf.Tensor2D, site: 'attentionOutput' | 'inner' | 'outer'): tf.Tensor2D =>
    dropout(x, rates.encoder, stream, layer, site);
  const norm = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    layerNorm(x, weight(`${name}.scale`), weight(`${name}.shift`), config.layerNormEpsilon);

  const attended = relativeAttention(h, inputs, parameters, `${prefix}attention.`, config, rates, stream, layer);
  const middle = norm(tf.add(drop(attended, 'attentionOutput'), h), 'attention.norm');
  const inner = activate(
    tf.add(tf.matMul(middle, weight<tf.Tensor2D>('feedForward.inner.kernel')), weight('feedForward.inner.bias')),
    config.activation,
  );
  const outer = tf.add<tf.Tensor2D>(
    tf.matMul(drop(inner, 'inner'), weight<tf.Tensor2D>('feedForward.outer.kernel')),
    weight('feedForward.outer.bias'),
  );
  return norm(tf.add(drop(outer, 'outer'), middle), 'feedForward.norm');
}
