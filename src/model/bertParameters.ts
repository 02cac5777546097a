// Names and shapes of a BERT encoder's parameters, and the corresponding Hugging Face tensors.
import type { BertConfig } from './config/bertConfig.ts';
import { EMBEDDING, residualShapes, type Correspondence } from './parameterLocation.ts';

/** Shapes of everything before the first layer, in a fixed order; V pieces, P positions, S segments, d hidden. */
function embeddingShapes({ vocabularySize, positions, segments, hiddenSize: d }: BertConfig) {
  return [
    [EMBEDDING, [vocabularySize, d]],
    [`${EMBEDDING}.position`, [positions, d]],
    [`${EMBEDDING}.segment`, [segments, d]],
    [`${EMBEDDING}.norm.scale`, [d]],
    [`${EMBEDDING}.norm.shift`, [d]],
  ] as const;
}

/** Shapes of one layer, relative to `layer.<l>.`; d hidden, H heads, h head size. */
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

/** Shapes of the parameters before the first layer, and of each layer. */
export function bertShapes(config: BertConfig) {
  return { embedding: embeddingShapes(config), layer: layerShapes(config) };
}

const embedding: ReadonlyMap<string, string> = new Map([
  ['embedding', 'word_embeddings.weight'],
  ['embedding.position', 'position_embeddings.weight'],
  ['embedding.segment', 'token_type_embeddings.weight'],
  ['embedding.norm.scale', 'LayerNorm.weight'],
  ['embedding.norm.shift', 'LayerNorm.bias'],
]);

const layer: ReadonlyMap<string, string> = new Map([
  ['attention.query', 'attention.self.query.weight'],
  ['attention.key', 'attention.self.key.weight'],
  ['attention.value', 'attention.self.value.weight'],
  ['attention.output', 'attention.output.dense.weight'],
  ['attention.query.bias', 'attention.self.query.bias'],
  ['attention.key.bias', 'attention.self.key.bias'],
  ['attention.value.bias', 'attention.self.value.bias'],
  ['attention.output.bias', 'attention.output.dense.bias'],
  ['attention.norm.scale', 'attention.output.LayerNorm.weight'],
  ['attention.norm.shift', 'attention.output.LayerNorm.bias'],
  ['feedForward.inner.kernel', 'intermediate.dense.weight'],
  ['feedForward.inner.bias', 'intermediate.dense.bias'],
  ['feedForward.outer.kernel', 'output.dense.weight'],
  ['feedForward.outer.bias', 'output.dense.bias'],
  ['feedForward.norm.scale', 'output.LayerNorm.weight'],
  ['feedForward.norm.shift', 'output.LayerNorm.bias'],
]);

/** Returns the tensor that corresponds to a parameter; the weights of linear layers [out, in] are transposes of the lab's. */
export function bertTensor(parameter: string, config: BertConfig): Correspondence {
  const shapes = bertShapes(config);
  const [, number, ofLayer = ''] = /^layer\.(\d+)\.(.+)$/.exec(parameter) ?? [];
  const theirs = number === undefined ? embedding.get(parameter) : layer.get(ofLayer);
  const known: readonly (readonly [string, readonly number[]])[] =
    number === undefined ? shapes.embedding : shapes.layer;
  const shape = known.find(([name]) => name === (number === undefined ? parameter : ofLayer))?.[1];
  if (theirs === undefined || shape === undefined)
    throw new Error(`no Hugging Face tensor corresponds to ${parameter}`);
  if (number === undefined) return { name: `bert.embeddings.${theirs}`, shape, transposed: false };
  const transposed = shape.length === 2;
  return {
    name: `bert.encoder.layer.${number}.${theirs}`,
    shape: transposed ? [...shape].reverse() : shape,
    transposed,
  };
}
