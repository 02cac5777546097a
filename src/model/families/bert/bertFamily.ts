// The family BERT: names and shapes of its parameters, the corresponding tensors of transformers, and what the engine records.
import type { EncoderFamily, NamedShapes } from '../../blocks/encoderFamily.ts';
import { EMBEDDING, residualShapes, type Correspondence } from '../../blocks/parameterLocation.ts';
import { bertStates } from './bert.ts';
import { bertConfig, type BertConfig } from './bertConfig.ts';

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

/** The weights of linear layers [out, in] are transposes of the lab's. */
function bertTensor(parameter: string, config: BertConfig): Correspondence {
  const [, number, ofLayer = ''] = /^layer\.(\d+)\.(.+)$/.exec(parameter) ?? [];
  const theirs = number === undefined ? embedding.get(parameter) : layer.get(ofLayer);
  const known: NamedShapes = number === undefined ? embeddingShapes(config) : layerShapes(config);
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

export const bert: EncoderFamily<BertConfig> = {
  readConfig: bertConfig,
  shapes: (config) => ({ embedding: embeddingShapes(config), layer: () => layerShapes(config) }),
  positions: ({ positions }) => positions,
  prefix: 'bert.',
  tensor: bertTensor,
  states: bertStates,
  sites: ({ encoder, attention, head }) => ({
    embedding: encoder,
    position: 0,
    attention,
    attentionOutput: encoder,
    inner: 0,
    outer: encoder,
    encoderOutput: 0,
    head,
  }),
  design: ({ positions, segments }) => ({
    embedding: { kind: 'normed', positions, segments },
    isBiased: true,
    distances: null,
  }),
  exported: {
    modelType: 'bert',
    architecture: 'BertForTokenClassification',
    dropoutMembers: ({ encoder, attention, head }) => ({
      hidden_dropout_prob: encoder,
      attention_probs_dropout_prob: attention,
      classifier_dropout: head,
    }),
    tokenizer: {
      tokenizer_class: 'BertTokenizer',
      unk_token: '[UNK]',
      sep_token: '[SEP]',
      cls_token: '[CLS]',
      pad_token: '[PAD]',
      mask_token: '[MASK]',
    },
    unusedTensors: () => [],
  },
};
