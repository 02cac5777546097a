// The XLNet encoder in plain tfjs ops: embeddings, relative attention, layers.
import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../../blocks/batch.ts';
import type { XlnetConfig } from './xlnetConfig.ts';
import { parameter } from '../../blocks/deviceParameters.ts';
import { dropout, type DropoutRates, type DropoutStream } from '../../blocks/dropout.ts';
import { EMBEDDING } from '../../blocks/parameterLocation.ts';
import { projected } from '../../blocks/projection.ts';
import { attentionMask, residualBlocks } from '../../blocks/residualBlocks.ts';

/** What every layer's attention reads besides the hidden states; computed once per batch. */
interface AttentionInputs {
  /** R [2T, d] */
  readonly positions: tf.Tensor2D;
  /** [B, 1, T, T] 1 where two pieces are in different segments. */
  readonly segmentsDiffer: tf.Tensor4D;
  /** [B, 1, T, T] 0 where a piece may attend, -1e30 where not. */
  readonly mask: tf.Tensor4D;
}

/** Computes mask and segment matrices of a batch. */
export function attentionInputs(
  segmentIds: Int32Array,
  pieceCounts: Int32Array,
  [B, T]: readonly [number, number],
  positions: Float32Array,
): AttentionInputs {
  const differ = new Float32Array(B * T * T);
  for (let b = 0; b < B; b++) {
    for (let i = 0; i < T; i++) {
      for (let j = 0; j < T; j++) {
        if (segmentIds[b * T + i] !== segmentIds[b * T + j]) differ[(b * T + i) * T + j] = 1;
      }
    }
  }
  return {
    positions: tf.tensor2d(positions, [2 * T, positions.length / (2 * T)]),
    segmentsDiffer: tf.tensor4d(differ, [B, 1, T, T]),
    mask: attentionMask(pieceCounts, [B, T]),
  };
}

/** o [B*T, d] from hidden states h [B*T, d]: attention over h's projections, then the output projection. `prefix` is `layer.<l>.attention.`. */
function relativeAttention(
  h: tf.Tensor2D,
  inputs: AttentionInputs,
  parameters: ReadonlyMap<string, tf.Tensor>,
  prefix: string,
  config: XlnetConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
  layer: number,
): tf.Tensor2D {
  const project = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    projected(x, parameters, prefix + name, config.adapters, stream);
  // Position keys are shared by all sequences, and so is their dropout mask.
  const sinusoids = dropout(inputs.positions, rates.encoder, stream, -1, 'position');
  const projections = {
    queries: project(h, 'query'),
    keys: project(h, 'key'),
    values: project(h, 'value'),
    positionKeys: project(sinusoids, 'position'),
  };
  const context = relativeContext(projections, inputs, parameters, prefix, config, rates, stream, layer);
  return project(context, 'output');
}

/** Queries, keys and values [B*T, H*h], position keys [2T, H*h]. */
interface AttentionProjections {
  readonly queries: tf.Tensor2D;
  readonly keys: tf.Tensor2D;
  readonly values: tf.Tensor2D;
  readonly positionKeys: tf.Tensor2D;
}

/**
 * concat_heads(A v) [B*T, H*h] with A = softmax_j(((q_i + w)·k_j + (q_i + r)·kr[T - i + j] + (q_i + s)·e[segments differ]) / sqrt(h)).
 * `prefix` is `layer.<l>.attention.`.
 */
export function relativeContext(
  { queries, keys, values, positionKeys }: AttentionProjections,
  inputs: Pick<AttentionInputs, 'segmentsDiffer' | 'mask'>,
  parameters: ReadonlyMap<string, tf.Tensor>,
  prefix: string,
  config: XlnetConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
  layer: number,
): tf.Tensor2D {
  const { heads: H, headSize } = config;
  const [B, , T] = inputs.mask.shape;
  const weight = (name: string): tf.Tensor => parameter(parameters, prefix + name);
  const byHead = (x: tf.Tensor2D): tf.Tensor4D => tf.transpose(tf.reshape(x, [B, T, H, headSize]), [0, 2, 1, 3]); // [B, H, T, h]
  const perHead = (name: string): tf.Tensor4D => tf.reshape(weight(name), [1, H, 1, headSize]);

  const [q, k, v] = [byHead(queries), byHead(keys), byHead(values)];
  const content = tf.matMul(tf.add(q, perHead('contentBias')), k, false, true); // [B, H, T, T]

  const kr = tf.transpose(tf.reshape(positionKeys, [2 * T, H, headSize]), [1, 0, 2]); // [H, 2T, h]
  const qr = tf.reshape(tf.transpose(tf.add(q, perHead('positionBias')), [1, 0, 2, 3]), [H, B * T, headSize]);
  const position = tf.transpose(relativeShift(tf.matMul(qr, kr, false, true), B, T, H), [1, 0, 2, 3]); // [B, H, T, T]

  const qs = tf.add(q, perHead('segmentBias')) as tf.Tensor4D;
  const e = tf.reshape(weight('segmentEmbedding'), [2, 1, H, 1, headSize]);
  const [same, different] = tf.unstack(e, 0).map((vector) => tf.sum(tf.mul(qs, vector), -1, true)) as [
    tf.Tensor,
    tf.Tensor,
  ]; // [B, H, T, 1]
  const segment = tf.add(same, tf.mul(inputs.segmentsDiffer, tf.sub(different, same))); // [B, H, T, T]

  const scores = tf.mul(tf.add(tf.add(content, position), segment), 1 / Math.sqrt(headSize));
  const attention = dropout(tf.softmax(tf.add(scores, inputs.mask)), rates.attention, stream, layer, 'attention');
  const context = tf.transpose(tf.matMul(attention, v), [0, 2, 1, 3]); // [B, T, H, h]
  return tf.reshape(context, [B * T, H * headSize]);
}

/** out[i, j] = x[i, T - i + j]: x [H, B*T, 2T] to [H, B, T, T], by reading the flat rows with one column fewer (Dai et al. 2019, appendix B). */
export function relativeShift(x: tf.Tensor, B: number, T: number, H: number): tf.Tensor4D {
  const flat = tf.reshape(x, [H * B, T * 2 * T]);
  const skewed = tf.reshape(tf.slice(flat, [0, T], [H * B, T * (2 * T - 1)]), [H * B, T, 2 * T - 1]);
  return tf.reshape(tf.slice(skewed, [0, 0, 0], [H * B, T, T]), [H, B, T, T]);
}

/** h'' [B*T, d] from h [B*T, d]. */
function xlnetLayer(
  h: tf.Tensor2D,
  inputs: AttentionInputs,
  parameters: ReadonlyMap<string, tf.Tensor>,
  layer: number,
  config: XlnetConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Tensor2D {
  const attended = relativeAttention(h, inputs, parameters, `layer.${layer}.attention.`, config, rates, stream, layer);
  const dropped = { inner: rates.encoder, outer: rates.encoder };
  return residualBlocks(h, attended, parameters, layer, config, dropped, stream);
}

/**
 * R [2T, d], row p = sinusoid(T - p): distances T down to 1 - T, sines in the first half of the columns, cosines in the second
 * (Dai et al. 2019, Transformer-XL; order as in the XLNet release). Computed in float64, since WGSL's sine is only specified near 0.
 */
export function relativePositions(pieces: number, hiddenSize: number, clampLength: number | null): Float32Array {
  const rows = 2 * pieces;
  const half = hiddenSize / 2;
  const table = new Float32Array(rows * hiddenSize);
  for (let row = 0; row < rows; row++) {
    const distance = pieces - row;
    const clamped = clampLength === null ? distance : Math.max(-clampLength, Math.min(clampLength, distance));
    for (let k = 0; k < half; k++) {
      const angle = clamped / 10000 ** ((2 * k) / hiddenSize);
      table[row * hiddenSize + k] = Math.sin(angle);
      table[row * hiddenSize + half + k] = Math.cos(angle);
    }
  }
  return table;
}

/**
 * Returns hidden states [B*T, d], one tensor for the embedding and one for each layer; the last has the encoder's output dropout.
 * Only the distances inside attention encode positions.
 */
export function xlnetStates(
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
