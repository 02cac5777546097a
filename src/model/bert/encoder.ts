// The BERT encoder: piece ids in, hidden states of every layer out.
import * as tf from '@tensorflow/tfjs';
import { attentionMask } from '../attentionMask.ts';
import type { Batch } from '../batch.ts';
import { parameter } from '../deviceParameters.ts';
import type { DropoutRates, DropoutStream } from '../dropout.ts';
import { dropout } from '../dropout.ts';
import { layerNorm } from '../layerNorm.ts';
import { EMBEDDING } from '../parameterPlace.ts';
import type { BertConfig } from './bertConfig.ts';
import { bertLayer } from './layer.ts';

/** Hidden states [B*T, d], one tensor for the embedding and one for each layer. Throws where a sequence has more pieces than positions. */
export function bertEncoder(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: BertConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  const longest = Math.max(...batch.pieceCounts);
  if (longest > config.positions) throw new Error(`${longest} pieces in a sequence, of ${config.positions} positions`);
  const mask = attentionMask(batch.pieceCounts, [batch.size, batch.pieces]);
  const states: tf.Tensor2D[] = [dropout(embedding(batch, parameters, config), rates.encoder, stream, -1, 'embedding')];
  for (let layer = 0; layer < config.layers; layer++) {
    states.push(bertLayer(states[layer] as tf.Tensor2D, mask, parameters, layer, config, rates, stream));
  }
  return states;
}

/** LN(word + position + segment) [B*T, d]. */
function embedding(batch: Batch, parameters: ReadonlyMap<string, tf.Tensor>, config: BertConfig): tf.Tensor2D {
  const rows = (name: string, indices: Int32Array): tf.Tensor2D =>
    tf.gather(parameter<tf.Tensor2D>(parameters, name), tf.tensor1d(indices, 'int32'));
  // Padding alone may reach beyond the last position.
  const positions = batch.pieceIds.map((_, index) => Math.min(index % batch.pieces, config.positions - 1));
  const placed = tf.add(rows(EMBEDDING, batch.pieceIds), rows(`${EMBEDDING}.position`, positions));
  return layerNorm(
    tf.add(placed, rows(`${EMBEDDING}.segment`, batch.segmentIds)),
    parameter(parameters, `${EMBEDDING}.norm.scale`),
    parameter(parameters, `${EMBEDDING}.norm.shift`),
    config.layerNormEpsilon,
  );
}
