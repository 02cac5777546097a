// The family BERT and what its relatives share with it: names and shapes of its parameters, the corresponding tensors of transformers, and what the engine records.
import type { DropoutRates } from '../../blocks/dropout.ts';
import type { EncoderFamily, NamedShapes, SiteRates } from '../../blocks/encoderFamily.ts';
import { EMBEDDING, residualShapes, type Correspondence } from '../../blocks/parameterLocation.ts';
import { bertStates } from './bert.ts';
import { bertConfig, type BertConfig, type BertSizes } from './bertConfig.ts';

/** Shapes of everything before the first layer, in a fixed order; V pieces, P positions, S segments, e wide. */
function embeddingShapes({
  vocabularySize,
  positions,
  segments,
  hiddenSize: d,
  embeddingSize,
}: BertSizes): NamedShapes {
  const e = embeddingSize ?? d;
  return [
    [EMBEDDING, [vocabularySize, e]],
    [`${EMBEDDING}.position`, [positions, e]],
    [`${EMBEDDING}.segment`, [segments, e]],
    [`${EMBEDDING}.norm.scale`, [e]],
    [`${EMBEDDING}.norm.shift`, [e]],
    ...(embeddingSize === undefined
      ? []
      : ([
          [`${EMBEDDING}.project.kernel`, [e, d]],
          [`${EMBEDDING}.project.bias`, [d]],
        ] as const)),
  ];
}

/** Shapes of one layer, relative to `layer.<l>.`; d hidden, H heads, h head size. */
function layerShapes(config: BertSizes) {
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
  ['embedding', 'embeddings.word_embeddings.weight'],
  ['embedding.position', 'embeddings.position_embeddings.weight'],
  ['embedding.segment', 'embeddings.token_type_embeddings.weight'],
  ['embedding.norm.scale', 'embeddings.LayerNorm.weight'],
  ['embedding.norm.shift', 'embeddings.LayerNorm.bias'],
  ['embedding.project.kernel', 'embeddings_project.weight'],
  ['embedding.project.bias', 'embeddings_project.bias'],
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
function bertTensor(prefix: string, parameter: string, config: BertSizes): Correspondence {
  const [, number, ofLayer = ''] = /^layer\.(\d+)\.(.+)$/.exec(parameter) ?? [];
  const theirs = number === undefined ? embedding.get(parameter) : layer.get(ofLayer);
  const known: NamedShapes = number === undefined ? embeddingShapes(config) : layerShapes(config);
  const shape = known.find(([name]) => name === (number === undefined ? parameter : ofLayer))?.[1];
  if (theirs === undefined || shape === undefined)
    throw new Error(`no Hugging Face tensor corresponds to ${parameter}`);
  const transposed = shape.length === 2 && (number !== undefined || parameter.endsWith('.kernel'));
  const place = number === undefined ? '' : `encoder.layer.${number}.`;
  return { name: prefix + place + theirs, shape: transposed ? [...shape].reverse() : shape, transposed };
}

/** What BERT and its relatives have in common, under a prefix in the files of transformers. */
export function bertNetwork(prefix: string): Omit<EncoderFamily<BertSizes>, 'readConfig' | 'exported'> {
  return {
    shapes: (config) => ({ embedding: embeddingShapes(config), layer: () => layerShapes(config) }),
    positions: ({ positions, firstPosition = 0 }) => positions - firstPosition,
    prefix,
    tensor: (parameter, config) => bertTensor(prefix, parameter, config),
    states: bertStates,
    sites: bertSites,
    design: ({ positions, segments, firstPosition = 0, embeddingSize = null }) => ({
      embedding: { kind: 'normed', positions, segments, firstPosition, narrow: embeddingSize },
      norms: 'after',
      isBiased: true,
      distances: null,
      rotary: null,
      disentangled: null,
    }),
  };
}

/** Where BERT drops, and the encoders with layers like its. */
export function bertSites({ encoder, attention, head }: DropoutRates): SiteRates {
  return {
    embedding: encoder,
    position: 0,
    attention,
    attentionOutput: encoder,
    inner: 0,
    outer: encoder,
    encoderOutput: 0,
    head,
  };
}

/** The members of config.json that hold the dropout rates of BERT and its relatives. */
export function bertDropoutMembers({ encoder, attention, head }: DropoutRates): Record<string, number> {
  return { hidden_dropout_prob: encoder, attention_probs_dropout_prob: attention, classifier_dropout: head };
}

/** Names of special pieces in the tokenizers of BERT and its relatives. */
export const bertSpecials = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  cls_token: '[CLS]',
  pad_token: '[PAD]',
  mask_token: '[MASK]',
} as const;

export const bert: EncoderFamily<BertConfig> = {
  ...bertNetwork('bert.'),
  readConfig: bertConfig,
  exported: {
    modelType: 'bert',
    architecture: 'BertForTokenClassification',
    dropoutMembers: bertDropoutMembers,
    tokenizer: { tokenizer_class: 'BertTokenizer', ...bertSpecials },
    configuresNormalizer: true,
    unusedTensors: () => [],
  },
};
