// The family XLNet: names and shapes of its parameters, the corresponding tensors of transformers, and what the engine records.
import type { EncoderFamily } from '../../blocks/encoderFamily.ts';
import { EMBEDDING, residualShapes, type Correspondence } from '../../blocks/parameterLocation.ts';
import { relativePositions, xlnetStates } from './xlnet.ts';
import { xlnetConfig, type XlnetConfig } from './xlnetConfig.ts';

/** Shapes of everything before the first layer. */
function embeddingShapes({ vocabularySize, hiddenSize }: XlnetConfig) {
  return [[EMBEDDING, [vocabularySize, hiddenSize]]] as const;
}

/** Shapes of one layer, relative to `layer.<l>.`, in a fixed order; d hidden, H heads, h head size. */
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

/**
 * `rel_attn.{q,k,v,r}` [d, H, h] are the lab's [d, H*h]; `o` [d, H, h] and the
 * feed-forward weights [out, in] are transposes of the lab's.
 */
function xlnetTensor(parameter: string, config: XlnetConfig): Correspondence {
  const { hiddenSize: d, heads: H, headSize: h, innerSize: i, vocabularySize } = config;
  if (parameter === EMBEDDING) {
    return { name: 'transformer.word_embedding.weight', shape: [vocabularySize, d], transposed: false };
  }
  const match = /^layer\.(\d+)\.(.+)$/.exec(parameter);
  const [, layer, rest] = match ?? [];
  const straight = (suffix: string, shape: readonly number[]): Correspondence => ({
    name: `transformer.layer.${layer}.${suffix}`,
    shape,
    transposed: false,
  });
  switch (rest) {
    case 'attention.query':
      return straight('rel_attn.q', [d, H, h]);
    case 'attention.key':
      return straight('rel_attn.k', [d, H, h]);
    case 'attention.value':
      return straight('rel_attn.v', [d, H, h]);
    case 'attention.position':
      return straight('rel_attn.r', [d, H, h]);
    case 'attention.output':
      return { ...straight('rel_attn.o', [d, H, h]), transposed: true };
    case 'attention.contentBias':
      return straight('rel_attn.r_w_bias', [H, h]);
    case 'attention.positionBias':
      return straight('rel_attn.r_r_bias', [H, h]);
    case 'attention.segmentBias':
      return straight('rel_attn.r_s_bias', [H, h]);
    case 'attention.segmentEmbedding':
      return straight('rel_attn.seg_embed', [2, H, h]);
    case 'attention.norm.scale':
      return straight('rel_attn.layer_norm.weight', [d]);
    case 'attention.norm.shift':
      return straight('rel_attn.layer_norm.bias', [d]);
    case 'feedForward.inner.kernel':
      return { ...straight('ff.layer_1.weight', [i, d]), transposed: true };
    case 'feedForward.inner.bias':
      return straight('ff.layer_1.bias', [i]);
    case 'feedForward.outer.kernel':
      return { ...straight('ff.layer_2.weight', [d, i]), transposed: true };
    case 'feedForward.outer.bias':
      return straight('ff.layer_2.bias', [d]);
    case 'feedForward.norm.scale':
      return straight('ff.layer_norm.weight', [d]);
    case 'feedForward.norm.shift':
      return straight('ff.layer_norm.bias', [d]);
    default:
      throw new Error(`no Hugging Face tensor corresponds to ${parameter}`);
  }
}

export const xlnet: EncoderFamily<XlnetConfig> = {
  readConfig: xlnetConfig,
  shapes: (config) => ({ embedding: embeddingShapes(config), layer: () => layerShapes(config) }),
  positions: () => null,
  prefix: 'transformer.',
  tensor: xlnetTensor,
  states: xlnetStates,
  sites: ({ encoder, attention, head }) => ({
    embedding: encoder,
    position: encoder,
    attention,
    attentionOutput: encoder,
    inner: encoder,
    outer: encoder,
    encoderOutput: encoder,
    head,
  }),
  design: ({ hiddenSize, clampLength }) => ({
    embedding: { kind: 'words' },
    norms: 'after',
    isBiased: false,
    rotary: null,
    disentangled: null,
    distances: (pieces) => new Float32Array(relativePositions(pieces, hiddenSize, clampLength)),
  }),
  exported: {
    modelType: 'xlnet',
    architecture: 'XLNetForTokenClassification',
    // In transformers, XLNet has a single rate, the encoder's, and none before its classifier.
    dropoutMembers: ({ encoder }) => ({ dropout: encoder }),
    tokenizer: {
      tokenizer_class: 'XLNetTokenizer',
      unk_token: '<unk>',
      sep_token: '<sep>',
      cls_token: '<cls>',
      pad_token: '<pad>',
      mask_token: '<mask>',
    },
    // From XLNet's pretraining.
    configuresNormalizer: false,
    unusedTensors: ({ hiddenSize }) => [['transformer.mask_emb', [1, 1, hiddenSize]]],
  },
};
