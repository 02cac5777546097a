// The DeBERTa-v3 encoder in plain tfjs ops: disentangled attention to contents and distances, layers as in BERT.
import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../../blocks/batch.ts';
import { parameter } from '../../blocks/deviceParameters.ts';
import { dropout, type AdapterSite, type DropoutRates, type DropoutStream } from '../../blocks/dropout.ts';
import { EMBEDDING } from '../../blocks/parameterLocation.ts';
import { projected } from '../../blocks/projection.ts';
import { attentionMask, layerNorm, residualBlocks } from '../../blocks/residualBlocks.ts';
import { relativeShift } from '../xlnet/xlnet.ts';
import { distanceRow, type DebertaConfig } from './debertaConfig.ts';

/** What every layer's attention reads besides the hidden states. */
interface AttentionInputs {
  /** The normalised table of distances [2 span, d]. */
  readonly table: tf.Tensor2D;
  /** [2T] the table's row for the distance T - p, and for p - T. */
  readonly forwards: tf.Tensor1D;
  readonly backwards: tf.Tensor1D;
  readonly mask: tf.Tensor4D;
}

function attentionInputs(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: DebertaConfig,
): AttentionInputs {
  const T = batch.pieces;
  const rows = (distanceOf: (p: number) => number): tf.Tensor1D =>
    tf.tensor1d(
      Array.from({ length: 2 * T }, (_, p) => distanceRow(distanceOf(p), config)),
      'int32',
    );
  return {
    table: layerNorm(
      parameter(parameters, `${EMBEDDING}.relative`),
      parameter(parameters, `${EMBEDDING}.relative.norm.scale`),
      parameter(parameters, `${EMBEDDING}.relative.norm.shift`),
      config.layerNormEpsilon,
    ),
    forwards: rows((p) => T - p),
    backwards: rows((p) => p - T),
    mask: attentionMask(batch.pieceCounts, [batch.size, T]),
  };
}

/**
 * o [B*T, d] from hidden states h [B*T, d]: A = softmax_j((q_i·k_j + q_i·K[i - j] + k_j·Q[i - j]) / sqrt(3 h)), where K and Q are keys and
 * queries of the table of distances, then the output projection.
 */
function disentangledAttention(
  h: tf.Tensor2D,
  { table, forwards, backwards, mask }: AttentionInputs,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: DebertaConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
  layer: number,
): tf.Tensor2D {
  const { heads: H, headSize } = config;
  const [B, , T] = mask.shape;
  const weight = <W extends tf.Tensor>(name: string): W => parameter<W>(parameters, `layer.${layer}.attention.${name}`);
  const project = (x: tf.Tensor2D, name: string, site?: AdapterSite): tf.Tensor2D =>
    tf.add(
      projected(x, parameters, `layer.${layer}.attention.${name}`, config.adapters, stream, site),
      weight(`${name}.bias`),
    );
  const byHead = (x: tf.Tensor2D): tf.Tensor4D => tf.transpose(tf.reshape(x, [B, T, H, headSize]), [0, 2, 1, 3]); // [B, H, T, h]
  /** x_a·row[T - a + b] [B, H, T, T] for rows [2T, H*h]. */
  const byDistance = (x: tf.Tensor4D, rows: tf.Tensor2D): tf.Tensor4D => {
    const ofHead = tf.transpose(tf.reshape(rows, [2 * T, H, headSize]), [1, 0, 2]); // [H, 2T, h]
    const flat = tf.reshape(tf.transpose(x, [1, 0, 2, 3]), [H, B * T, headSize]);
    return tf.transpose(relativeShift(tf.matMul(flat, ofHead, false, true), B, T, H), [1, 0, 2, 3]);
  };

  const [q, k, v] = [byHead(project(h, 'query')), byHead(project(h, 'key')), byHead(project(h, 'value'))];
  const distances = dropout(table, rates.encoder, stream, layer, 'position');
  const toPosition = byDistance(q, tf.gather(project(distances, 'key', 'adapterPosition'), forwards));
  // By key, so the other way round.
  const fromPosition = tf.transpose(
    byDistance(k, tf.gather(project(distances, 'query', 'adapterPosition'), backwards)),
    [0, 1, 3, 2],
  );
  const scores = tf.add(tf.add(tf.matMul(q, k, false, true), toPosition), fromPosition);
  const attention = tf.softmax(tf.add(tf.mul(scores, 1 / Math.sqrt(3 * headSize)), mask));
  const context = tf.matMul(dropout(attention, rates.attention, stream, layer, 'attention'), v);
  return project(tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [B * T, H * headSize]), 'output');
}

/** Returns hidden states [B*T, d], one tensor for the embedding and one for each layer. Only distances encode positions. */
export function debertaStates(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: DebertaConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  const words: tf.Tensor2D = tf.gather(
    parameter<tf.Tensor2D>(parameters, EMBEDDING),
    tf.tensor1d(batch.pieceIds, 'int32'),
  );
  const embedded = layerNorm(
    words,
    parameter(parameters, `${EMBEDDING}.norm.scale`),
    parameter(parameters, `${EMBEDDING}.norm.shift`),
    config.layerNormEpsilon,
  );
  const states: tf.Tensor2D[] = [dropout(embedded, rates.encoder, stream, -1, 'embedding')];
  const inputs = attentionInputs(batch, parameters, config);
  const dropped = { inner: 0, outer: rates.encoder };
  for (let layer = 0; layer < config.layers; layer++) {
    const h = states[layer] as tf.Tensor2D;
    const attended = disentangledAttention(h, inputs, parameters, config, rates, stream, layer);
    states.push(residualBlocks(h, attended, parameters, layer, config, dropped, stream));
  }
  return states;
}
