// The ModernBERT encoder in plain tfjs ops: rotary positions, local and global attention, gated feed-forward, norms before each block.
import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../../blocks/batch.ts';
import { parameter } from '../../blocks/deviceParameters.ts';
import { dropout, type DropoutRates, type DropoutStream } from '../../blocks/dropout.ts';
import { EMBEDDING } from '../../blocks/parameterLocation.ts';
import { projected } from '../../blocks/projection.ts';
import { activate, attentionMask, layerNorm } from '../../blocks/residualBlocks.ts';
import { selfContext } from '../bert/bert.ts';
import type { ModernbertConfig } from './modernbertConfig.ts';

/**
 * Cosines and sines of the rotary angles, [T, h] each: column k and column k + h/2 of row t turn by t / theta^(2k / h) (Su et al. 2021,
 * RoFormer). Angles are rounded to f32 as transformers rounds them.
 */
export function rotaryAngles(
  pieces: number,
  headSize: number,
  theta: number,
): { readonly cosines: Float32Array<ArrayBuffer>; readonly sines: Float32Array<ArrayBuffer> } {
  const [cosines, sines] = [new Float32Array(pieces * headSize), new Float32Array(pieces * headSize)];
  const half = headSize / 2;
  for (let k = 0; k < half; k++) {
    const frequency = Math.fround(1 / theta ** ((2 * k) / headSize));
    for (let t = 0; t < pieces; t++) {
      const angle = Math.fround(frequency * t);
      for (const column of [k, k + half]) {
        cosines[t * headSize + column] = Math.cos(angle);
        sines[t * headSize + column] = Math.sin(angle);
      }
    }
  }
  return { cosines, sines };
}

/** What the layers of one kind of attention share. */
interface AttentionKind {
  readonly mask: tf.Tensor4D;
  /** [1, T, 1, h] */
  readonly cosines: tf.Tensor4D;
  readonly sines: tf.Tensor4D;
}

function attentionKind(batch: Batch, { headSize }: ModernbertConfig, theta: number, window: number): AttentionKind {
  const { cosines, sines } = rotaryAngles(batch.pieces, headSize, theta);
  const shape: [number, number, number, number] = [1, batch.pieces, 1, headSize];
  return {
    mask: attentionMask(batch.pieceCounts, [batch.size, batch.pieces], window),
    cosines: tf.tensor4d(cosines, shape),
    sines: tf.tensor4d(sines, shape),
  };
}

/** x [B*T, H*h] with each head's pairs of columns turned by the angles of their position. */
function rotated(
  x: tf.Tensor2D,
  { cosines, sines, mask }: AttentionKind,
  { heads, headSize }: ModernbertConfig,
): tf.Tensor2D {
  const [B, , T] = mask.shape;
  const byHead: tf.Tensor4D = tf.reshape(x, [B, T, heads, headSize]);
  const [first, second] = tf.split(byHead, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
  const turned = tf.concat([tf.neg(second), first], 3);
  return tf.reshape(tf.add(tf.mul(byHead, cosines), tf.mul(turned, sines)), x.shape);
}

/** h'' [B*T, d] from h [B*T, d]: h' = h + dropout(attention(LN(h))), h'' = h' + ff(LN(h')). The first layer's attention reads h itself. */
function modernbertLayer(
  h: tf.Tensor2D,
  kind: AttentionKind,
  parameters: ReadonlyMap<string, tf.Tensor>,
  layer: number,
  config: ModernbertConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Tensor2D {
  const project = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    projected(x, parameters, `layer.${layer}.${name}`, config.adapters, stream);
  const norm = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    layerNorm(x, parameter(parameters, `layer.${layer}.${name}.scale`), null, config.layerNormEpsilon);

  const read = layer === 0 ? h : norm(h, 'attention.norm');
  const projections = {
    queries: rotated(project(read, 'attention.query'), kind, config),
    keys: rotated(project(read, 'attention.key'), kind, config),
    values: project(read, 'attention.value'),
  };
  const context = selfContext(projections, kind.mask, config, rates, stream, layer);
  const attended = project(context, 'attention.output');
  const middle: tf.Tensor2D = tf.add(h, dropout(attended, rates.attention, stream, layer, 'attentionOutput'));
  const fed = norm(middle, 'feedForward.norm');
  const inner: tf.Tensor2D = tf.mul(
    activate(project(fed, 'feedForward.inner.kernel'), config.activation),
    project(fed, 'feedForward.gate.kernel'),
  );
  const outer = project(dropout(inner, rates.encoder, stream, layer, 'inner'), 'feedForward.outer.kernel');
  const out: tf.Tensor2D = tf.add(middle, outer);
  return layer + 1 < config.layers ? out : norm(out, 'output.norm');
}

/** Returns hidden states [B*T, d], one tensor for the embedding and one for each layer; the last is normalised. */
export function modernbertStates(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: ModernbertConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  const words: tf.Tensor2D = tf.gather(
    parameter<tf.Tensor2D>(parameters, EMBEDDING),
    tf.tensor1d(batch.pieceIds, 'int32'),
  );
  const embedded = layerNorm(words, parameter(parameters, `${EMBEDDING}.norm.scale`), null, config.layerNormEpsilon);
  const states: tf.Tensor2D[] = [dropout(embedded, rates.encoder, stream, -1, 'embedding')];
  const everywhere = attentionKind(batch, config, config.globalTheta, Infinity);
  const nearby = attentionKind(batch, config, config.localTheta, config.window);
  for (let layer = 0; layer < config.layers; layer++) {
    const kind = config.isLocal[layer] === true ? nearby : everywhere;
    states.push(modernbertLayer(states[layer] as tf.Tensor2D, kind, parameters, layer, config, rates, stream));
  }
  return states;
}
