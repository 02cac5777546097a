// What follows attention in a layer of any family: its residual, then a feed-forward block with another, each normed after it.
import * as tf from '@tensorflow/tfjs';
import { activate } from './activate.ts';
import { parameter } from './deviceParameters.ts';
import type { DropoutStream } from './dropout.ts';
import { dropout } from './dropout.ts';
import type { EncoderSizes } from './configSizes.ts';
import { layerNorm } from './layerNorm.ts';

/**
 * h'' [B*T, d] from h [B*T, d] and what attention makes of it: h' = LN(dropout(attended) + h), h'' = LN(dropout(ff(h')) + h'). `inner`: the rate
 * of what is dropped inside ff, `outer`: of the rest.
 */
export function residualBlocks(
  h: tf.Tensor2D,
  attended: tf.Tensor2D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  layer: number,
  { activation, layerNormEpsilon }: EncoderSizes,
  rates: { readonly inner: number; readonly outer: number },
  stream: DropoutStream | null,
): tf.Tensor2D {
  const weight = <W extends tf.Tensor>(name: string): W => parameter<W>(parameters, `layer.${layer}.${name}`);
  const norm = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    layerNorm(x, weight(`${name}.scale`), weight(`${name}.shift`), layerNormEpsilon);
  const linear = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    tf.add(tf.matMul(x, weight<tf.Tensor2D>(`${name}.kernel`)), weight(`${name}.bias`));

  const middle = norm(tf.add(dropout(attended, rates.outer, stream, layer, 'attentionOutput'), h), 'attention.norm');
  const inner = activate(linear(middle, 'feedForward.inner'), activation);
  const outer = linear(dropout(inner, rates.inner, stream, layer, 'inner'), 'feedForward.outer');
  return norm(tf.add(dropout(outer, rates.outer, stream, layer, 'outer'), middle), 'feedForward.norm');
}
