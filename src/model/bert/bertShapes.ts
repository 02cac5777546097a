// Names and shapes of a BERT encoder's parameters.
import { EMBEDDING } from '../parameterPlace.ts';
import { residualShapes } from '../residualShapes.ts';
import type { BertConfig } from './bertConfig.ts';

/** Of everything before the first layer, in a fixed order; V pieces, P positions, S segments, d hidden. */
function embeddingShapes({ vocabularySize, positions, segments, hiddenSize: d }: BertConfig) {
  return [
    [EMBEDDING, [vocabularySize, d]],
    [`${EMBEDDING}.position`, [positions, d]],
    [`${EMBEDDING}.segment`, [segments, d]],
    [`${EMBEDDING}.norm.scale`, [d]],
    [`${EMBEDDING}.norm.shift`, [d]],
  ] as const;
}

/** Of one layer, relative to `layer.<l>.`; d hidden, H heads, h head size. */
function layerShapes(config: BertConfig) {
  const { hiddenSize: d, heads: H, headSize: h } = config;
  return [
    ['attention.query', [d, H * h]],
    ['attention.key', [d, H * h]],
    ['attention.value', [d, H * h]],
    ['attention.output', [H * h, d]],
    ['attention.query.bias', [H * h]],
    ['attention.key.bias', [H * h]],
    ['attention.value.bias', [H * h]],
    ['attention.output.bias', [d]],
    ...residualShapes(config),
  ] as const;
}

/** Shapes of what comes before the first layer, and of each layer. */
export function bertShapes(config: BertConfig) {
  return { embedding: embeddingShapes(config), layer: layerShapes(config) };
}
