// Parts that encoders share as ONNX operators: masks, heads of attention, the blocks of a layer, angles.
import type { Activation, EncoderSizes } from '../config/encoderSizes.ts';
import type { GraphValue } from './graphBuilder.ts';
import type { Weights } from './onnxWeights.ts';

/** What every encoder reads. */
export interface EncoderInputs {
  /** int64 [B, T] */
  readonly pieceIds: GraphValue;
  /** f32 [B, 1, 1, T] 0 at pieces, -1e30 at padding. */
  readonly mask: GraphValue;
  /** int64 [B, T]; null for a family that does not read it. */
  readonly segments: GraphValue | null;
}

/** Added to the scores of what is hidden. */
export const HIDDEN = -1e30;

/** f32 [B, 1, 1, T] from attention_mask int64 [B, T]. */
export function maskOf({ builder }: Weights, attentionMask: GraphValue): GraphValue {
  const absent = builder.add('Sub', [builder.f32(1), builder.cast(attentionMask, 'f32')]);
  return builder.add('Unsqueeze', [builder.add('Mul', [absent, builder.f32(HIDDEN)]), builder.int64s([1, 2])]);
}

/** [B, H, T, h] from [B, T, H*h]. */
export function byHead({ builder }: Weights, x: GraphValue, { heads, headSize }: EncoderSizes): GraphValue {
  const split = builder.add('Reshape', [x, builder.int64s([0, 0, heads, headSize])]);
  return builder.add('Transpose', [split], { perm: [0, 2, 1, 3] });
}

/** softmax(scores) v, joined to [B, T, H*h]; scores [B, H, T, T], v [B, H, T, h]. */
export function contextOf(
  { builder }: Weights,
  scores: GraphValue,
  v: GraphValue,
  { hiddenSize }: EncoderSizes,
): GraphValue {
  const context = builder.add('MatMul', [builder.add('Softmax', [scores], { axis: -1 }), v]);
  return builder.add('Reshape', [
    builder.add('Transpose', [context], { perm: [0, 2, 1, 3] }),
    builder.int64s([0, 0, hiddenSize]),
  ]);
}

/** q k^T of each head, [B, H, T, T]. */
export function contentScores({ builder }: Weights, q: GraphValue, k: GraphValue): GraphValue {
  return builder.add('MatMul', [q, builder.add('Transpose', [k], { perm: [0, 1, 3, 2] })]);
}

/** Activations in the operators that runtimes join to one. */
export function activated({ builder }: Weights, x: GraphValue, activation: Activation): GraphValue {
  const scaled = (value: GraphValue, by: number): GraphValue => builder.add('Mul', [value, builder.f32(by)]);
  if (activation === 'relu') return builder.add('Relu', [x]);
  if (activation === 'silu') return builder.add('Mul', [x, builder.add('Sigmoid', [x])]);
  const gate =
    activation === 'gelu'
      ? builder.add('Erf', [builder.add('Div', [x, builder.f32(Math.SQRT2)])])
      : builder.add('Tanh', [
          scaled(
            builder.add('Add', [x, scaled(builder.add('Mul', [builder.add('Mul', [x, x]), x]), 0.044715)]),
            Math.sqrt(2 / Math.PI),
          ),
        ]);
  return scaled(builder.add('Mul', [x, builder.add('Add', [gate, builder.f32(1)])]), 0.5);
}

/** As `residualBlocks` of the plain network. `layer` is `layer.<l>.`. */
export function residualGraph(
  weights: Weights,
  h: GraphValue,
  attended: GraphValue,
  layer: string,
  config: EncoderSizes,
): GraphValue {
  const { builder } = weights;
  const norm = (x: GraphValue, name: string): GraphValue =>
    weights.norm(x, `${layer}${name}.scale`, `${layer}${name}.shift`, config.layerNormEpsilon);
  const linear = (x: GraphValue, name: string): GraphValue =>
    weights.linear(x, `${layer}${name}.kernel`, `${layer}${name}.bias`);
  const middle = norm(builder.add('Add', [attended, h]), 'attention.norm');
  const inner = activated(weights, linear(middle, 'feedForward.inner'), config.activation);
  return norm(builder.add('Add', [linear(inner, 'feedForward.outer'), middle]), 'feedForward.norm');
}

/** scores * by + mask. */
export function scaledScores({ builder }: Weights, scores: GraphValue, by: number, mask: GraphValue): GraphValue {
  return builder.add('Add', [builder.add('Mul', [scores, builder.f32(by)]), mask]);
}

/** f32 angles within a turn from f64 angles of any size. */
export function oneTurn(builder: Weights['builder'], angles: GraphValue): GraphValue {
  return builder.cast(builder.add('Mod', [angles, builder.f64(2 * Math.PI)], { fmod: 1 }), 'f32');
}
