// The encoders of BERT and its relatives in plain tfjs ops: embeddings, self-attention, layers.
import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../../blocks/batch.ts';
import type { BertSizes } from './bertConfig.ts';
import { parameter } from '../../blocks/deviceParameters.ts';
import { dropout, type DropoutRates, type DropoutStream } from '../../blocks/dropout.ts';
import { EMBEDDING } from '../../blocks/parameterLocation.ts';
import { projected } from '../../blocks/projection.ts';
import { attentionMask, layerNorm, residualBlocks } from '../../blocks/residualBlocks.ts';

/** o [B*T, d] from hidden states h [B*T, d]: attention over h's projections, then the output projection. `prefix` is `layer.<l>.attention.`. */
function selfAttention(
  h: tf.Tensor2D,
  mask: tf.Tensor4D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  prefix: string,
  config: BertSizes,
  rates: DropoutRates,
  stream: DropoutStream | null,
  layer: number,
): tf.Tensor2D {
  const project = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    tf.add(
      projected(x, parameters, prefix + name, config.adapters, stream),
      parameter(parameters, `${prefix}${name}.bias`),
    );
  const projections = { queries: project(h, 'query'), keys: project(h, 'key'), values: project(h, 'value') };
  return project(selfContext(projections, mask, config, rates, stream, layer), 'output');
}

/** concat_heads(A v) [B*T, H*h] with A = softmax_j(q_i·k_j / sqrt(h) + mask); queries, keys and values [B*T, H*h] with their biases. */
export function selfContext(
  projections: { readonly queries: tf.Tensor2D; readonly keys: tf.Tensor2D; readonly values: tf.Tensor2D },
  mask: tf.Tensor4D,
  { heads: H, headSize }: Pick<BertSizes, 'heads' | 'headSize'>,
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

/** h'' [B*T, d] from h [B*T, d]. */
function bertLayer(
  h: tf.Tensor2D,
  mask: tf.Tensor4D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  layer: number,
  config: BertSizes,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Tensor2D {
  const attended = selfAttention(h, mask, parameters, `layer.${layer}.attention.`, config, rates, stream, layer);
  return residualBlocks(h, attended, parameters, layer, config, { inner: 0, outer: rates.encoder }, stream);
}

/** Returns hidden states [B*T, d], one tensor for the embedding and one for each layer. Throws if a sequence has more pieces than positions. */
export function bertStates(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: BertSizes,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  const longest = Math.max(...batch.pieceCounts);
  const most = config.positions - (config.firstPosition ?? 0);
  if (longest > most) throw new Error(`${longest} pieces in a sequence, of ${most} positions`);
  const mask = attentionMask(batch.pieceCounts, [batch.size, batch.pieces]);
  const embedded = dropout(embedding(batch, parameters, config), rates.encoder, stream, -1, 'embedding');
  const states: tf.Tensor2D[] = [widened(embedded, parameters, config)];
  for (let layer = 0; layer < config.layers; layer++) {
    states.push(bertLayer(states[layer] as tf.Tensor2D, mask, parameters, layer, config, rates, stream));
  }
  return states;
}

/** LN(word + position + segment) [B*T, e]. */
function embedding(batch: Batch, parameters: ReadonlyMap<string, tf.Tensor>, config: BertSizes): tf.Tensor2D {
  const rows = (name: string, indices: Int32Array): tf.Tensor2D =>
    tf.gather(parameter<tf.Tensor2D>(parameters, name), tf.tensor1d(indices, 'int32'));
  // Only padding may extend beyond the last position.
  const { firstPosition = 0 } = config;
  const positions = batch.pieceIds.map((_, index) =>
    Math.min(firstPosition + (index % batch.pieces), config.positions - 1),
  );
  const placed = tf.add(rows(EMBEDDING, batch.pieceIds), rows(`${EMBEDDING}.position`, positions));
  return layerNorm(
    tf.add(placed, rows(`${EMBEDDING}.segment`, batch.segmentIds)),
    parameter(parameters, `${EMBEDDING}.norm.scale`),
    parameter(parameters, `${EMBEDDING}.norm.shift`),
    config.layerNormEpsilon,
  );
}

/** x W + b [B*T, d] from embeddings [B*T, e]; x itself where they are as wide as the layers. */
function widened(x: tf.Tensor2D, parameters: ReadonlyMap<string, tf.Tensor>, config: BertSizes): tf.Tensor2D {
  if (config.embeddingSize === undefined) return x;
  const kernel = parameter<tf.Tensor2D>(parameters, `${EMBEDDING}.project.kernel`);
  return tf.add(tf.matMul(x, kernel), parameter(parameters, `${EMBEDDING}.project.bias`));
}
