// The rest of a layer after attention, in any family: its residual, then a feed-forward block with another, each followed by a norm.
import * as tf from '@tensorflow/tfjs';
import type { Activation, EncoderSizes } from '../config/encoderSizes.ts';
import { parameter } from './deviceParameters.ts';
import { dropout, type DropoutStream } from './dropout.ts';
import { projected } from './projection.ts';

/** The activations of feed-forward blocks in plain tfjs ops. */
export function activate(x: tf.Tensor2D, activation: Activation): tf.Tensor2D {
  if (activation === 'relu') return tf.relu(x);
  if (activation === 'silu') return tf.mul(x, tf.sigmoid(x));
  const gate =
    activation === 'gelu'
      ? tf.erf(tf.mul(x, Math.SQRT1_2))
      : tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI)));
  return tf.mul(tf.mul(x, 0.5), tf.add(gate, 1));
}

/** Normalises the rows of x [n, d] to mean 0 and variance 1, then scales and, unless `shift` is null, shifts. */
export function layerNorm(x: tf.Tensor2D, scale: tf.Tensor1D, shift: tf.Tensor1D | null, epsilon: number): tf.Tensor2D {
  const centred = tf.sub(x, tf.mean(x, 1, true));
  const variance = tf.mean(tf.square(centred), 1, true);
  const scaled: tf.Tensor2D = tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), scale);
  return shift === null ? scaled : tf.add(scaled, shift);
}

/**
 * h'' [B*T, d] from h [B*T, d] and its attention output: h' = LN(dropout(attended) + h), h'' = LN(dropout(ff(h')) + h'). `inner` is
 * the dropout rate inside ff, `outer` that of the rest.
 */
export function residualBlocks(
  h: tf.Tensor2D,
  attended: tf.Tensor2D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  layer: number,
  { activation, layerNormEpsilon, adapters }: EncoderSizes,
  rates: { readonly inner: number; readonly outer: number },
  stream: DropoutStream | null,
): tf.Tensor2D {
  const weight = <W extends tf.Tensor>(name: string): W => parameter<W>(parameters, `layer.${layer}.${name}`);
  const norm = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    layerNorm(x, weight(`${name}.scale`), weight(`${name}.shift`), layerNormEpsilon);
  const linear = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    tf.add(projected(x, parameters, `layer.${layer}.${name}.kernel`, adapters, stream), weight(`${name}.bias`));

  const middle = norm(tf.add(dropout(attended, rates.outer, stream, layer, 'attentionOutput'), h), 'attention.norm');
  const inner = activate(linear(middle, 'feedForward.inner'), activation);
  const outer = linear(dropout(inner, rates.inner, stream, layer, 'inner'), 'feedForward.outer');
  return norm(tf.add(dropout(outer, rates.outer, stream, layer, 'outer'), middle), 'feedForward.norm');
}

/**
 * [B, 1, T, T] 0 where a piece may attend, -1e30 where not. Padding is hidden from every piece except itself, so that every row has a target;
 * pieces further away than `window` are hidden, too.
 */
export function attentionMask(
  pieceCounts: Int32Array,
  [B, T]: readonly [number, number],
  window: number = Infinity,
): tf.Tensor4D {
  const mask = new Float32Array(B * T * T);
  for (let b = 0; b < B; b++) {
    const real = pieceCounts[b] as number;
    for (let i = 0; i < T; i++) {
      for (let j = 0; j < T; j++) {
        if (i !== j && (j >= real || Math.abs(i - j) > window)) mask[(b * T + i) * T + j] = -1e30;
      }
    }
  }
  return tf.tensor4d(mask, [B, 1, T, T]);
}
