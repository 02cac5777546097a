// The family ModernBERT (Warner et al. 2024): names and shapes of its parameters, and the corresponding tensors of transformers.
import type { EncoderFamily, NamedShapes } from '../../blocks/encoderFamily.ts';
import { EMBEDDING, type Correspondence } from '../../blocks/parameterLocation.ts';
import { bertSpecials } from '../bert/bertFamily.ts';
import { modernbertStates, rotaryAngles } from './modernbert.ts';
import { modernbertConfig, type ModernbertConfig } from './modernbertConfig.ts';

function embeddingShapes({ vocabularySize, hiddenSize: d }: ModernbertConfig): NamedShapes {
  return [
    [EMBEDDING, [vocabularySize, d]],
    [`${EMBEDDING}.norm.scale`, [d]],
  ];
}

/** Shapes of one layer, relative to `layer.<l>.`; the first has no norm before attention, the last one after all. */
function layerShapes({ layers, hiddenSize: d, innerSize: i }: ModernbertConfig, layer: number): NamedShapes {
  return [
    ['attention.query', [d, d]],
    ['attention.key', [d, d]],
    ['attention.value', [d, d]],
    ['attention.output', [d, d]],
    ...(layer === 0 ? [] : ([['attention.norm.scale', [d]]] as const)),
    ['feedForward.norm.scale', [d]],
    ['feedForward.inner.kernel', [d, i]],
    ['feedForward.gate.kernel', [d, i]],
    ['feedForward.outer.kernel', [i, d]],
    ...(layer === layers - 1 ? ([['output.norm.scale', [d]]] as const) : []),
  ];
}

/** Queries, keys and values are one tensor there, and so are the two sides of the gate. */
function modernbertTensor(
  parameter: string,
  { hiddenSize: d, innerSize: i, vocabularySize }: ModernbertConfig,
): Correspondence {
  if (parameter === EMBEDDING) {
    return { name: 'model.embeddings.tok_embeddings.weight', shape: [vocabularySize, d], transposed: false };
  }
  if (parameter === `${EMBEDDING}.norm.scale`) {
    return { name: 'model.embeddings.norm.weight', shape: [d], transposed: false };
  }
  const [, number = '', ofLayer = ''] = /^layer\.(\d+)\.(.+)$/.exec(parameter) ?? [];
  const name = (theirs: string): string => `model.layers.${number}.${theirs}.weight`;
  const scale = (theirs: string): Correspondence => ({ name: theirs, shape: [d], transposed: false });
  const matrix = (theirs: string, shape: readonly number[]): Correspondence => ({
    name: name(theirs),
    shape,
    transposed: true,
  });
  const part = (theirs: string, rows: number, index: number, of: number): Correspondence => ({
    ...matrix(theirs, [of * rows, d]),
    part: { index, of },
  });
  switch (ofLayer) {
    case 'attention.query':
      return part('attn.Wqkv', d, 0, 3);
    case 'attention.key':
      return part('attn.Wqkv', d, 1, 3);
    case 'attention.value':
      return part('attn.Wqkv', d, 2, 3);
    case 'attention.output':
      return matrix('attn.Wo', [d, d]);
    case 'attention.norm.scale':
      return scale(name('attn_norm'));
    case 'feedForward.norm.scale':
      return scale(name('mlp_norm'));
    case 'feedForward.inner.kernel':
      return part('mlp.Wi', i, 0, 2);
    case 'feedForward.gate.kernel':
      return part('mlp.Wi', i, 1, 2);
    case 'feedForward.outer.kernel':
      return matrix('mlp.Wo', [d, i]);
    case 'output.norm.scale':
      return scale('model.final_norm.weight');
    default:
      throw new Error(`no Hugging Face tensor corresponds to ${parameter}`);
  }
}

export const modernbert: EncoderFamily<ModernbertConfig> = {
  readConfig: modernbertConfig,
  shapes: (config) => ({ embedding: embeddingShapes(config), layer: (layer) => layerShapes(config, layer) }),
  positions: ({ positions }) => positions,
  prefix: 'model.',
  tensor: modernbertTensor,
  states: modernbertStates,
  sites: ({ encoder, attention, head }) => ({
    embedding: encoder,
    position: 0,
    attention,
    attentionOutput: attention,
    inner: encoder,
    outer: 0,
    encoderOutput: 0,
    head,
  }),
  design: ({ headSize, globalTheta, localTheta, isLocal, window }) => ({
    embedding: { kind: 'normed words', last: 'scale' },
    norms: 'before',
    isBiased: false,
    distances: null,
    disentangled: null,
    rotary: {
      angles: (pieces) => {
        const half = (table: Float32Array): number[] =>
          Array.from(table).filter((_, index) => index % headSize < headSize / 2);
        return Float32Array.from(
          [globalTheta, localTheta].flatMap((theta) => {
            const { cosines, sines } = rotaryAngles(pieces, headSize, theta);
            return [...half(cosines), ...half(sines)];
          }),
        );
      },
      window: (layer) => (isLocal[layer] === true ? window : null),
    },
  }),
  exported: {
    modelType: 'modernbert',
    architecture: 'ModernBertModel',
    caveat:
      '`ModernBertForTokenClassification` of transformers has another layer before its classifier, which this tagger has not, so the tagger ' +
      'cannot be opened with it or with a pipeline: `tag.py` opens the encoder and applies `classifier.*` itself.',
    // Its dropout of attention is also that after attention; there is none after the feed-forward block.
    dropoutMembers: ({ encoder, attention, head }) => ({
      embedding_dropout: encoder,
      attention_dropout: attention,
      mlp_dropout: encoder,
      classifier_dropout: head,
    }),
    tokenizer: { tokenizer_class: 'PreTrainedTokenizerFast', ...bertSpecials },
    configuresNormalizer: true,
    unusedTensors: () => [],
  },
};
