// Names and shapes of an XLNet encoder's parameters.
import { EMBEDDING } from '../parameterPlace.ts';
import type { XlnetConfig } from './xlnetConfig.ts';

/** Of everything before the first layer. */
function embeddingShapes({ vocabularySize, hiddenSize }: XlnetConfig) {
  return [[EMBEDDING, [vocabularySize, hiddenSize]]] as const;
}

/** Of one layer, relative to `layer.<l>.`, in a fixed order; d hidden, H heads, h head size, i inner size. */
function layerShapes({ hiddenSize: d, heads: H, headSize: h, innerSize: i }: XlnetConfig) {
  return [
    ['attention.query', [d, H * h]],
    ['attention.key', [d, H * h]],
    ['attention.value', [d, H * h]],
    ['attention.position', [d, H * h]],
    ['attention.output', [H * h, d]],
    ['attention.contentBias', [H, h]],
    ['attention.positionBias', [H, h]],
    ['attention.segmentBias', [H, h]],
    ['attention.segmentEmbedding', [2, H, h]],
    ['attention.norm.scale', [d]],
    ['attention.norm.shift', [d]],
    ['feedForward.inner.kernel', [d, i]],
    ['feedForward.inner.bias', [i]],
    ['feedForward.outer.kernel', [i, d]],
    ['feedForward.outer.bias', [d]],
    ['feedForward.norm.scale', [d]],
    ['feedForward.norm.shift', [d]],
  ] as const;
}

/** Shapes of what comes before the first layer, and of each layer. */
export function xlnetShapes(config: XlnetConfig) {
  return { embedding: embeddingShapes(config), layer: layerShapes(config) };
}
