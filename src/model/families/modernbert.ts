// The family ModernBERT (Warner et al. 2024): its shape, its network in plain tfjs ops, its parameters and their tensors in transformers.
import * as tf from '@tensorflow/tfjs';
import { LabError } from '../../util/labError.ts';
import * as z from '../../util/zod.ts';
import { dropout, type DropoutRates, type DropoutStream } from '../blocks/dropout.ts';
import {
  activationSchema,
  configFile,
  configSizes,
  type Batch,
  type EncoderFamily,
  type EncoderSizes,
  type NamedShapes,
} from '../blocks/encoderFamily.ts';
import { activate, attentionMask, layerNorm, parameter, projected } from '../blocks/layerBlocks.ts';
import { EMBEDDING, type Correspondence } from '../blocks/parameterLocation.ts';
import { bertSpecials, selfContext, wholeHeadSize } from './bert.ts';

// The ModernBERT encoder in plain tfjs ops: rotary positions, local and global attention, gated feed-forward, norms before each block.

/**
 * Cosines and sines of the rotary angles, [T, h] each: column k and column k + h/2 of row t turn by t / theta^(2k / h) (Su et al. 2021,
 * RoFormer). Angles are rounded to f32 as transformers rounds them.
 */
export function rotaryAngles(
  pieces: number,
  headSize: number,
  theta: number,
): { readonly cosines: Float32Array<ArrayBuffer>; readonly sines: Float32Array<ArrayBuffer> } {
  const [cosines, sines] = [new Float32Array(pieces * headSize), new Float32Array(pieces * headSize)];
  const half = headSize / 2;
  for (let k = 0; k < half; k++) {
    const frequency = Math.fround(1 / theta ** ((2 * k) / headSize));
    for (let t = 0; t < pieces; t++) {
      const angle = Math.fround(frequency * t);
      for (const column of [k, k + half]) {
        cosines[t * headSize + column] = Math.cos(angle);
        sines[t * headSize + column] = Math.sin(angle);
      }
    }
  }
  return { cosines, sines };
}

/** What the layers of one kind of attention share. */
interface AttentionKind {
  readonly mask: tf.Tensor4D;
  /** [1, T, 1, h] */
  readonly cosines: tf.Tensor4D;
  readonly sines: tf.Tensor4D;
}

function attentionKind(batch: Batch, { headSize }: ModernbertConfig, theta: number, window: number): AttentionKind {
  const { cosines, sines } = rotaryAngles(batch.pieces, headSize, theta);
  const shape: [number, number, number, number] = [1, batch.pieces, 1, headSize];
  return {
    mask: attentionMask(batch.pieceCounts, [batch.size, batch.pieces], window),
    cosines: tf.tensor4d(cosines, shape),
    sines: tf.tensor4d(sines, shape),
  };
}

/** x [B*T, H*h] with each head's pairs of columns turned by the angles of their position. */
function rotated(
  x: tf.Tensor2D,
  { cosines, sines, mask }: AttentionKind,
  { heads, headSize }: ModernbertConfig,
): tf.Tensor2D {
  const [B, , T] = mask.shape;
  const byHead: tf.Tensor4D = tf.reshape(x, [B, T, heads, headSize]);
  const [first, second] = tf.split(byHead, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
  const turned = tf.concat([tf.neg(second), first], 3);
  return tf.reshape(tf.add(tf.mul(byHead, cosines), tf.mul(turned, sines)), x.shape);
}

/** h'' [B*T, d] from h [B*T, d]: h' = h + dropout(attention(LN(h))), h'' = h' + ff(LN(h')). The first layer's attention reads h itself. */
function modernbertLayer(
  h: tf.Tensor2D,
  kind: AttentionKind,
  parameters: ReadonlyMap<string, tf.Tensor>,
  layer: number,
  config: ModernbertConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Tensor2D {
  const project = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    projected(x, parameters, `layer.${layer}.${name}`, config.adapters, stream);
  const norm = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    layerNorm(x, parameter(parameters, `layer.${layer}.${name}.scale`), null, config.layerNormEpsilon);

  const read = layer === 0 ? h : norm(h, 'attention.norm');
  const projections = {
    queries: rotated(project(read, 'attention.query'), kind, config),
    keys: rotated(project(read, 'attention.key'), kind, config),
    values: project(read, 'attention.value'),
  };
  const context = selfContext(projections, kind.mask, config, rates, stream, layer);
  const attended = project(context, 'attention.output');
  const middle: tf.Tensor2D = tf.add(h, dropout(attended, rates.attention, stream, layer, 'attentionOutput'));
  const fed = norm(middle, 'feedForward.norm');
  const inner: tf.Tensor2D = tf.mul(
    activate(project(fed, 'feedForward.inner.kernel'), config.activation),
    project(fed, 'feedForward.gate.kernel'),
  );
  const outer = project(dropout(inner, rates.encoder, stream, layer, 'inner'), 'feedForward.outer.kernel');
  const out: tf.Tensor2D = tf.add(middle, outer);
  return layer + 1 < config.layers ? out : norm(out, 'output.norm');
}

/** Returns hidden states [B*T, d], one tensor for the embedding and one for each layer; the last is normalised. */
export function modernbertStates(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: ModernbertConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  const words: tf.Tensor2D = tf.gather(
    parameter<tf.Tensor2D>(parameters, EMBEDDING),
    tf.tensor1d(batch.pieceIds, 'int32'),
  );
  const embedded = layerNorm(words, parameter(parameters, `${EMBEDDING}.norm.scale`), null, config.layerNormEpsilon);
  const states: tf.Tensor2D[] = [dropout(embedded, rates.encoder, stream, -1, 'embedding')];
  const everywhere = attentionKind(batch, config, config.globalTheta, Infinity);
  const nearby = attentionKind(batch, config, config.localTheta, config.window);
  for (let layer = 0; layer < config.layers; layer++) {
    const kind = config.isLocal[layer] === true ? nearby : everywhere;
    states.push(modernbertLayer(states[layer] as tf.Tensor2D, kind, parameters, layer, config, rates, stream));
  }
  return states;
}

// The shape of a ModernBERT encoder, read from a Hugging Face config.json.

export interface ModernbertConfig extends EncoderSizes {
  readonly family: 'modernbert';
  /** The longest sequence it was pretrained on. */
  readonly positions: number;
  /** For each layer, whether a piece attends only to pieces near it. */
  readonly isLocal: readonly boolean[];
  /** The largest distance in local layers. */
  readonly window: number;
  /** Bases of the rotary angles. */
  readonly globalTheta: number;
  readonly localTheta: number;
}

const no = z._default(z.literal(false), false);
const rotary = z.looseObject({
  rope_type: z._default(z.literal('default'), 'default'),
  rope_theta: z.optional(z.number().check(z.positive())),
});
const fileSchema = z.object({
  model_type: z.literal('modernbert'),
  num_hidden_layers: configSizes.layers,
  hidden_size: configSizes.others,
  num_attention_heads: configSizes.others,
  intermediate_size: configSizes.others,
  vocab_size: configSizes.others,
  max_position_embeddings: z._default(configSizes.others, 8192),
  hidden_activation: z._default(activationSchema, 'gelu'),
  norm_eps: z._default(z.number().check(z.positive()), 1e-5),
  initializer_range: z._default(z.number().check(z.positive()), 0.02),
  local_attention: z._default(z.int().check(z.gte(0)), 128),
  layer_types: z.nullish(z.array(z.enum(['full_attention', 'sliding_attention']))),
  global_attn_every_n_layers: z._default(z.int().check(z.gte(1)), 3),
  rope_parameters: z.nullish(z.object({ full_attention: z.nullish(rotary), sliding_attention: z.nullish(rotary) })),
  rope_scaling: z.optional(z.null()),
  global_rope_theta: z._default(z.number().check(z.positive()), 160_000),
  local_rope_theta: z.nullish(z.number().check(z.positive())),
  attention_bias: no,
  mlp_bias: no,
  norm_bias: no,
});

/**
 * Reads a parsed config.json, of transformers 5 or of earlier versions, which state which layers are global by `global_attn_every_n_layers`
 * and the bases of the angles by `global_rope_theta` and `local_rope_theta`. Throws LabError `model/config` naming the first field that
 * is missing or not supported (biases, scaled angles).
 */
export function modernbertConfig(json: unknown): ModernbertConfig {
  const file = configFile('config.json', 'a ModernBERT', fileSchema, json);
  const headSize = wholeHeadSize(file);
  if (headSize % 2 !== 0) {
    throw new LabError('model/config', 'config.json has heads whose columns cannot be rotated in pairs.', {
      expected: 'an even hidden_size / num_attention_heads',
      got: String(headSize),
    });
  }
  const layers = file.num_hidden_layers;
  const types = file.layer_types;
  if (types != null && types.length !== layers) {
    throw new LabError('model/config', 'config.json states the kind of attention of other layers than it has.', {
      expected: `${layers} layer_types, one a layer`,
      got: String(types.length),
    });
  }
  const isLocal = Array.from({ length: layers }, (_, layer) =>
    types == null ? layer % file.global_attn_every_n_layers !== 0 : types[layer] === 'sliding_attention',
  );
  const { full_attention: full, sliding_attention: sliding } = file.rope_parameters ?? {};
  return {
    family: 'modernbert',
    layers,
    hiddenSize: file.hidden_size,
    heads: file.num_attention_heads,
    headSize,
    innerSize: file.intermediate_size,
    vocabularySize: file.vocab_size,
    activation: file.hidden_activation,
    layerNormEpsilon: file.norm_eps,
    initializerRange: file.initializer_range,
    positions: file.max_position_embeddings,
    isLocal,
    window: Math.floor(file.local_attention / 2),
    globalTheta: full?.rope_theta ?? file.global_rope_theta,
    localTheta: sliding?.rope_theta ?? file.local_rope_theta ?? 10_000,
  };
}

// The family ModernBERT (Warner et al. 2024): names and shapes of its parameters, the corresponding tensors of transformers, and what the engine records.

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
