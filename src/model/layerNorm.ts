// Layer normalization in plain tfjs ops.
import * as tf from '@tensorflow/tfjs';

/** Rows of x [n, d] brought to mean 0 and variance 1, then scaled and shifted. */
export function layerNorm(x: tf.Tensor2D, scale: tf.Tensor1D, shift: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  const centred = tf.sub(x, tf.mean(x, 1, true));
  const variance = tf.mean(tf.square(centred), 1, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), scale), shift);
}
