// The XLNet encoder: piece ids in, hidden states of every layer out.
import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../batch.ts';
import { parameter } from '../deviceParameters.ts';
import type { DropoutRates, DropoutStream } from '../dropout.ts';
import { dropout } from '../dropout.ts';
import { EMBEDDING } from '../parameterPlace.ts';
import type { XlnetConfig } from './xlnetConfig.ts';
import { attentionInputs } from './attention.ts';
import { xlnetLayer } from './layer.ts';
import { relativePositions } from './relativePositions.ts';

/**
 * Hidden states [B*T, d], one tensor for the embedding and one for each layer; the last has had the encoder's output dropout.
 * Nothing tells positions apart but the distances inside attention.
 */
export function xlnetEncoder(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: XlnetConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  const { size: B, pieces: T } = batch;
  const sinusoids = relativePositions(T, config.hiddenSize, config.clampLength);
  const inputs = attentionInputs(batch.segmentIds, batch.pieceCounts, [B, T], sinusoids);
  const embedded = tf.gather(parameter<tf.Tensor2D>(parameters, EMBEDDING), tf.tensor1d(batch.pieceIds, 'int32'));
  const states: tf.Tensor2D[] = [dropout(embedded, rates.encoder, stream, -1, 'embedding')];
  for (let layer = 0; layer < config.layers; layer++) {
    states.push(xlnetLayer(states[layer] as tf.Tensor2D, inputs, parameters, layer, config, rates, stream));
  }
  const last = states.pop() as tf.Tensor2D;
  return [...states, dropout(last, rates.encoder, stream, config.layers, 'encoderOutput')];
}
