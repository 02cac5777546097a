// One XLNet layer: relative attention, then a feed-forward block, each with a residual and a layer norm after it.
import * as tf from '@tensorflow/tfjs';
import { parameter } from '../deviceParameters.ts';
import type { DropoutRates, DropoutStream } from '../dropout.ts';
import { dropout } from '../dropout.ts';
import type { Activation, XlnetConfig } from '../xlnetConfig.ts';
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

/** Rows of x [n, d] brought to mean 0 and variance 1, then scaled and shifted. */
function layerNorm(x: tf.Tensor2D, scale: tf.Tensor1D, shift: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  const centred = tf.sub(x, tf.mean(x, 1, true));
  const variance = tf.mean(tf.square(centred), 1, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), scale), shift);
}

/** `gelu` by the error function, `gelu_new` by the tanh approximation that the XLNet release trains with, or `relu`. */
function activate(x: tf.Tensor2D, activation: Activation): tf.Tensor2D {
  if (activation === 'relu') return tf.relu(x);
  const gate =
    activation === 'gelu'
      ? tf.erf(tf.mul(x, Math.SQRT1_2))
      : tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI)));
  return tf.mul(tf.mul(x, 0.5), tf.add(gate, 1));
}
