// The family XLNet: its shape, its network in plain tfjs ops with relative attention, its parameters and their tensors in transformers.
import * as tf from '@tensorflow/tfjs';
import { LabError } from '../../util/labError.ts';
import * as z from '../../util/zod.ts';
import { dropout, type DropoutRates, type DropoutStream } from '../blocks/dropout.ts';
import {
  activationSchema,
  configFile,
  configSizes,
  residualShapes,
  type Batch,
  type EncoderFamily,
  type EncoderSizes,
} from '../blocks/encoderFamily.ts';
import { attentionMask, parameter, projected, residualBlocks } from '../blocks/layerBlocks.ts';
import { EMBEDDING, type Correspondence } from '../blocks/parameterLocation.ts';

/** What every layer's attention reads besides the hidden states; computed once per batch. */
interface AttentionInputs {
  /** R [2T, d] */
  readonly positions: tf.Tensor2D;
  /** [B, 1, T, T] 1 where two pieces are in different segments. */
  readonly segmentsDiffer: tf.Tensor4D;
  /** [B, 1, T, T] 0 where a piece may attend, -1e30 where not. */
  readonly mask: tf.Tensor4D;
}

/** Computes mask and segment matrices of a batch. */
export function attentionInputs(
  segmentIds: Int32Array,
  pieceCounts: Int32Array,
  [B, T]: readonly [number, number],
  positions: Float32Array,
): AttentionInputs {
  const differ = new Float32Array(B * T * T);
  for (let b = 0; b < B; b++) {
    for (let i = 0; i < T; i++) {
      for (let j = 0; j < T; j++) {
        if (segmentIds[b * T + i] !== segmentIds[b * T + j]) differ[(b * T + i) * T + j] = 1;
      }
    }
  }
  return {
    positions: tf.tensor2d(positions, [2 * T, positions.length / (2 * T)]),
    segmentsDiffer: tf.tensor4d(differ, [B, 1, T, T]),
    mask: attentionMask(pieceCounts, [B, T]),
  };
}

/** o [B*T, d] from hidden states h [B*T, d]: attention over h's projections, then the output projection. `prefix` is `layer.<l>.attention.`. */
function relativeAttention(
  h: tf.Tensor2D,
  inputs: AttentionInputs,
  parameters: ReadonlyMap<string, tf.Tensor>,
  prefix: string,
  config: XlnetConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
  layer: number,
): tf.Tensor2D {
  const project = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    projected(x, parameters, prefix + name, config.adapters, stream);
  // Position keys are shared by all sequences, and so is their dropout mask.
  const sinusoids = dropout(inputs.positions, rates.encoder, stream, -1, 'position');
  const projections = {
    queries: project(h, 'query'),
    keys: project(h, 'key'),
    values: project(h, 'value'),
    positionKeys: project(sinusoids, 'position'),
  };
  const context = relativeContext(projections, inputs, parameters, prefix, config, rates, stream, layer);
  return project(context, 'output');
}

/** Queries, keys and values [B*T, H*h], position keys [2T, H*h]. */
interface AttentionProjections {
  readonly queries: tf.Tensor2D;
  readonly keys: tf.Tensor2D;
  readonly values: tf.Tensor2D;
  readonly positionKeys: tf.Tensor2D;
}

/**
 * concat_heads(A v) [B*T, H*h] with A = softmax_j(((q_i + w)·k_j + (q_i + r)·kr[T - i + j] + (q_i + s)·e[segments differ]) / sqrt(h)).
 * `prefix` is `layer.<l>.attention.`.
 */
export function relativeContext(
  { queries, keys, values, positionKeys }: AttentionProjections,
  inputs: Pick<AttentionInputs, 'segmentsDiffer' | 'mask'>,
  parameters: ReadonlyMap<string, tf.Tensor>,
  prefix: string,
  config: XlnetConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
  layer: number,
): tf.Tensor2D {
  const { heads: H, headSize } = config;
  const [B, , T] = inputs.mask.shape;
  const weight = (name: string): tf.Tensor => parameter(parameters, prefix + name);
  const byHead = (x: tf.Tensor2D): tf.Tensor4D => tf.transpose(tf.reshape(x, [B, T, H, headSize]), [0, 2, 1, 3]); // [B, H, T, h]
  const perHead = (name: string): tf.Tensor4D => tf.reshape(weight(name), [1, H, 1, headSize]);

  const [q, k, v] = [byHead(queries), byHead(keys), byHead(values)];
  const content = tf.matMul(tf.add(q, perHead('contentBias')), k, false, true); // [B, H, T, T]

  const kr = tf.transpose(tf.reshape(positionKeys, [2 * T, H, headSize]), [1, 0, 2]); // [H, 2T, h]
  const qr = tf.reshape(tf.transpose(tf.add(q, perHead('positionBias')), [1, 0, 2, 3]), [H, B * T, headSize]);
  const position = tf.transpose(relativeShift(tf.matMul(qr, kr, false, true), B, T, H), [1, 0, 2, 3]); // [B, H, T, T]

  const qs = tf.add(q, perHead('segmentBias')) as tf.Tensor4D;
  const e = tf.reshape(weight('segmentEmbedding'), [2, 1, H, 1, headSize]);
  const [same, different] = tf.unstack(e, 0).map((vector) => tf.sum(tf.mul(qs, vector), -1, true)) as [
    tf.Tensor,
    tf.Tensor,
  ]; // [B, H, T, 1]
  const segment = tf.add(same, tf.mul(inputs.segmentsDiffer, tf.sub(different, same))); // [B, H, T, T]

  const scores = tf.mul(tf.add(tf.add(content, position), segment), 1 / Math.sqrt(headSize));
  const attention = dropout(tf.softmax(tf.add(scores, inputs.mask)), rates.attention, stream, layer, 'attention');
  const context = tf.transpose(tf.matMul(attention, v), [0, 2, 1, 3]); // [B, T, H, h]
  return tf.reshape(context, [B * T, H * headSize]);
}

/** out[i, j] = x[i, T - i + j]: x [H, B*T, 2T] to [H, B, T, T], by reading the flat rows with one column fewer (Dai et al. 2019, appendix B). */
export function relativeShift(x: tf.Tensor, B: number, T: number, H: number): tf.Tensor4D {
  const flat = tf.reshape(x, [H * B, T * 2 * T]);
  const skewed = tf.reshape(tf.slice(flat, [0, T], [H * B, T * (2 * T - 1)]), [H * B, T, 2 * T - 1]);
  return tf.reshape(tf.slice(skewed, [0, 0, 0], [H * B, T, T]), [H, B, T, T]);
}

/** h'' [B*T, d] from h [B*T, d]. */
function xlnetLayer(
  h: tf.Tensor2D,
  inputs: AttentionInputs,
  parameters: ReadonlyMap<string, tf.Tensor>,
  layer: number,
  config: XlnetConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Tensor2D {
  const attended = relativeAttention(h, inputs, parameters, `layer.${layer}.attention.`, config, rates, stream, layer);
  const dropped = { inner: rates.encoder, outer: rates.encoder };
  return residualBlocks(h, attended, parameters, layer, config, dropped, stream);
}

/**
 * R [2T, d], row p = sinusoid(T - p): distances T down to 1 - T, sines in the first half of the columns, cosines in the second
 * (Dai et al. 2019, Transformer-XL; order as in the XLNet release). Computed in float64, since WGSL's sine is only specified near 0.
 */
export function relativePositions(pieces: number, hiddenSize: number, clampLength: number | null): Float32Array {
  const rows = 2 * pieces;
  const half = hiddenSize / 2;
  const table = new Float32Array(rows * hiddenSize);
  for (let row = 0; row < rows; row++) {
    const distance = pieces - row;
    const clamped = clampLength === null ? distance : Math.max(-clampLength, Math.min(clampLength, distance));
    for (let k = 0; k < half; k++) {
      const angle = clamped / 10000 ** ((2 * k) / hiddenSize);
      table[row * hiddenSize + k] = Math.sin(angle);
      table[row * hiddenSize + half + k] = Math.cos(angle);
    }
  }
  return table;
}

/**
 * Returns hidden states [B*T, d], one tensor for the embedding and one for each layer; the last has the encoder's output dropout.
 * Only the distances inside attention encode positions.
 */
export function xlnetStates(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: XlnetConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  const { size: B, pieces: T } = batch;
  const sinusoids = relativePositions(T, config.hiddenSize, config.clampLength);
  const inputs = attentionInputs(batch.segmentIds, batch.pieceCounts, [B, T], sinusoids);
  const embedded = tf.gather(parameter<tf.Tensor2D>(parameters, EMBEDDING), tf.tensor1d(batch.pieceIds, 'int32'));
  const states: tf.Tensor2D[] = [dropout(embedded, rates.encoder, stream, -1, 'embedding')];
  for (let layer = 0; layer < config.layers; layer++) {
    states.push(xlnetLayer(states[layer] as tf.Tensor2D, inputs, parameters, layer, config, rates, stream));
  }
  const last = states.pop() as tf.Tensor2D;
  return [...states, dropout(last, rates.encoder, stream, config.layers, 'encoderOutput')];
}

// The shape of an XLNet encoder, read from a Hugging Face config.json.

export interface XlnetConfig extends EncoderSizes {
  readonly family: 'xlnet';
  /** Largest relative distance distinguished; null for no limit. */
  readonly clampLength: number | null;
}

const fileSchema = z.object({
  model_type: z.literal('xlnet'),
  n_layer: configSizes.layers,
  d_model: configSizes.others,
  n_head: configSizes.others,
  d_head: z.optional(configSizes.others),
  d_inner: configSizes.others,
  vocab_size: configSizes.others,
  ff_activation: activationSchema,
  layer_norm_eps: z._default(z.number().check(z.positive()), 1e-12),
  clamp_len: z._default(z.int(), -1),
  initializer_range: z._default(z.number().check(z.positive()), 0.02),
  attn_type: z._default(z.literal('bi'), 'bi'),
  bi_data: z._default(z.literal(false), false),
});

/**
 * Reads a parsed config.json. Throws LabError `model/config` naming the first field that is missing or not supported
 * (attention other than `bi`, bidirectional data). `untie_r` says nothing here: the files of transformers have the biases of each
 * layer, whatever it is, and so do its models.
 */
export function xlnetConfig(json: unknown): XlnetConfig {
  const file = configFile('config.json', 'an XLNet', fileSchema, json);
  const headSize = file.d_head ?? file.d_model / file.n_head;
  if (!Number.isInteger(headSize) || headSize * file.n_head !== file.d_model || file.d_model % 2 !== 0) {
    throw new LabError('model/config', 'config.json has head sizes that do not fill the hidden size.', {
      expected: 'an even d_model = n_head * d_head',
      got: `d_model ${file.d_model}, n_head ${file.n_head}, d_head ${headSize}`,
    });
  }
  return {
    family: 'xlnet',
    layers: file.n_layer,
    hiddenSize: file.d_model,
    heads: file.n_head,
    headSize,
    innerSize: file.d_inner,
    vocabularySize: file.vocab_size,
    activation: file.ff_activation,
    layerNormEpsilon: file.layer_norm_eps,
    clampLength: file.clamp_len > 0 ? file.clamp_len : null,
    initializerRange: file.initializer_range,
  };
}

const releaseSchema = z.object({
  d_model: configSizes.others,
  n_layer: configSizes.layers,
  n_head: configSizes.others,
  d_head: configSizes.others,
  d_inner: configSizes.others,
  n_token: configSizes.others,
  ff_activation: z.string(),
  /** A release with tied biases has one for all layers, which nothing but itself can train. */
  untie_r: z.literal(true),
});

/**
 * Converts the original release's parsed `xlnet_config.json` to config.json. Its `gelu` becomes that of transformers, as in their
 * conversion. Throws LabError `model/config` naming the first field that is missing.
 */
export function xlnetConfigOfRelease(json: unknown): Record<string, unknown> {
  const { n_token, ...described } = configFile('xlnet_config.json', 'an XLNet', releaseSchema, json);
  return { model_type: 'xlnet', ...described, vocab_size: n_token };
}

// The family XLNet: names and shapes of its parameters, the corresponding tensors of transformers, and what the engine records.

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
