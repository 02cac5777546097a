// Names and shapes of an XLNet encoder's parameters.
import { EMBEDDING } from '../parameterPlace.ts';
import { residualShapes } from '../residualShapes.ts';
import type { XlnetConfig } from './xlnetConfig.ts';

/** Of everything before the first layer. */
function embeddingShapes({ vocabularySize, hiddenSize }: XlnetConfig) {
  return [[EMBEDDING, [vocabularySize, hiddenSize]]] as const;
}

/** Of one layer, relative to `layer.<l>.`, in a fixed order; d hidden, H heads, h head size. */
function layerShapes(config: XlnetConfig) {
  const { hiddenSize: d, heads: H, headSize: h } = config;
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
    ...residualShapes(config),
  ] as const;
}

/** Shapes of what comes before the first layer, and of each layer. */
export function xlnetShapes(config: XlnetConfig) {
  return { embedding: embeddingShapes(config), layer: layerShapes(config) };
}
