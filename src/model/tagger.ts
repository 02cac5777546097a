// The whole network as a plain reference: encoder, linear layer, CRF or softmax over tags.
import * as tf from '@tensorflow/tfjs';
import type { Batch } from './blocks/batch.ts';
import { familyOf, type EncoderConfig } from './families/encoderConfig.ts';
import { crfLogLikelihood } from './crf.ts';
import { parameter } from './blocks/deviceParameters.ts';
import { dropout, lockedDropout, type DropoutRates, type DropoutStream } from './blocks/dropout.ts';
import type { HeadShape } from './parameters.ts';

/** Returns hidden states [B*T, d], one tensor for the embedding and one for each layer; the head reads the last. */
export function encoderStates(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: EncoderConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  return familyOf(config).states(batch, parameters, config, rates, stream);
}

export interface TaggerShape {
  readonly encoder: EncoderConfig;
  readonly head: HeadShape;
}

/**
 * What the encoder's frozen part gives for a batch [B*T, F], where it was not computed before; null for an encoder without one. Called before
 * gradients are recorded, it keeps them from recording that part.
 */
export function frozenFeatures(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  encoder: EncoderConfig,
): tf.Tensor2D | null {
  const { frozen } = familyOf(encoder);
  if (frozen === undefined || frozen.width(encoder) === 0 || batch.features !== undefined) return null;
  return tf.tidy(() => frozen.features(batch, parameters, encoder));
}

/** Emissions P [B*T, K] of every piece; `pieces`, T, counts where the positions of a sequence share a mask of dropout. */
export function pieceEmissions(
  hidden: tf.Tensor2D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  shape: TaggerShape,
  rates: DropoutRates,
  stream: DropoutStream | null,
  pieces = 1,
): tf.Tensor2D {
  const site = [stream, shape.encoder.layers, 'head'] as const;
  const dropped = rates.masks === 'sequence' ? lockedDropout(hidden, pieces, rates.head, ...site) : dropout(hidden, rates.head, ...site); // prettier-ignore
  return tf.add(
    tf.matMul(dropped, parameter<tf.Tensor2D>(parameters, 'head.kernel')),
    parameter(parameters, 'head.bias'),
  );
}

/** Emissions [B, N, K] of the CRF positions; rows of padding repeat piece 0 and must be ignored. */
export function emissions(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  shape: TaggerShape,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Tensor3D {
  const { size: B, pieces: T, positions: N } = batch;
  const states = encoderStates(batch, parameters, shape.encoder, rates, stream);
  const all = pieceEmissions(states.at(-1) as tf.Tensor2D, parameters, shape, rates, stream, T);
  const rows = Int32Array.from(batch.crfPositions, (position, index) => Math.floor(index / N) * T + position);
  return tf.reshape(tf.gather(all, tf.tensor1d(rows, 'int32')), [B, N, shape.head.tagCount]);
}

/**
 * Sums each sequence's negative log-likelihood over the batch: of the whole tag sequence under the CRF, of each tag separately
 * under softmax. A scalar; divide by the number of sequences in the update for the loss reported by the paper's code.
 */
export function summedLoss(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  shape: TaggerShape,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Scalar {
  const scores = emissions(batch, parameters, shape, rates, stream);
  if (shape.head.kind === 'crf') return tf.neg(tf.sum(crfLogLikelihood(scores, batch, parameters)));
  return tf.neg(
    tf.sum(tf.mul(tf.logSoftmax(scores), tf.tensor3d(goldOneHot(batch, shape.head.tagCount), scores.shape))),
  );
}

/** [B, N, K] 1 at the gold tag of every real position. Computed on the host: `tf.oneHot` to float32 is silently wrong on wasm. */
function goldOneHot(batch: Batch, tagCount: number): Float32Array {
  const oneHot = new Float32Array(batch.size * batch.positions * tagCount);
  batch.tags.forEach((tag, index) => {
    const inside = index % batch.positions < (batch.crfCounts[Math.floor(index / batch.positions)] as number);
    if (inside) oneHot[index * tagCount + tag] = 1;
  });
  return oneHot;
}
