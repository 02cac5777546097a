// Multi-head self-attention of one BERT layer.
import * as tf from '@tensorflow/tfjs';
import { parameter } from '../deviceParameters.ts';
import type { DropoutRates, DropoutStream } from '../dropout.ts';
import { dropout } from '../dropout.ts';
import type { BertConfig } from './bertConfig.ts';

/** o [B*T, d] from hidden states h [B*T, d]: the context of h's projections, projected. `prefix` is `layer.<l>.attention.`. */
export function selfAttention(
  h: tf.Tensor2D,
  mask: tf.Tensor4D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  prefix: string,
  config: BertConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
  layer: number,
): tf.Tensor2D {
  const project = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    tf.add(
      tf.matMul(x, parameter<tf.Tensor2D>(parameters, prefix + name)),
      parameter(parameters, `${prefix}${name}.bias`),
    );
  const projections = { queries: project(h, 'query'), keys: project(h, 'key'), values: project(h, 'value') };
  return project(selfContext(projections, mask, config, rates, stream, layer), 'output');
}

/** concat_heads(A v) [B*T, H*h] with A = softmax_j(q_i·k_j / sqrt(h) + mask); queries, keys and values [B*T, H*h] with their biases. */
export function selfContext(
  projections: { readonly queries: tf.Tensor2D; readonly keys: tf.Tensor2D; readonly values: tf.Tensor2D },
  mask: tf.Tensor4D,
  { heads: H, headSize }: BertConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
  layer: number,
): tf.Tensor2D {
  const [B, , T] = mask.shape;
  const byHead = (x: tf.Tensor2D): tf.Tensor4D => tf.transpose(tf.reshape(x, [B, T, H, headSize]), [0, 2, 1, 3]); // [B, H, T, h]
  const scores = tf.matMul(byHead(projections.queries), byHead(projections.keys), false, true); // [B, H, T, T]
  const attention = tf.softmax(tf.add(tf.mul(scores, 1 / Math.sqrt(headSize)), mask));
  const context = tf.matMul(
    dropout(attention, rates.attention, stream, layer, 'attention'),
    byHead(projections.values),
  );
  return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [B * T, H * headSize]);
}
