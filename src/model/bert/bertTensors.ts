// The tensors of Hugging Face's BERT behind our parameters.
import type { Correspondence } from '../correspondence.ts';
import type { BertConfig } from './bertConfig.ts';
import { bertShapes } from './bertShapes.ts';

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

/** The tensor behind one of our parameters; the weights of linear layers [out, in] are our transposes. */
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
