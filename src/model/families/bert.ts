// The family BERT: the shape of its encoders, their network in plain tfjs ops, and the parameters with their tensors in transformers.
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
  type NamedShapes,
  type SiteRates,
} from '../blocks/encoderFamily.ts';
import { attentionMask, layerNorm, parameter, projected, residualBlocks } from '../blocks/layerBlocks.ts';
import { EMBEDDING, type Correspondence } from '../blocks/parameterLocation.ts';

/** o [B*T, d] from hidden states h [B*T, d]: attention over h's projections, then the output projection. `prefix` is `layer.<l>.attention.`. */
function selfAttention(
  h: tf.Tensor2D,
  mask: tf.Tensor4D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  prefix: string,
  config: BertSizes,
  rates: DropoutRates,
  stream: DropoutStream | null,
  layer: number,
): tf.Tensor2D {
  const project = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    tf.add(
      projected(x, parameters, prefix + name, config.adapters, stream),
      parameter(parameters, `${prefix}${name}.bias`),
    );
  const projections = { queries: project(h, 'query'), keys: project(h, 'key'), values: project(h, 'value') };
  return project(selfContext(projections, mask, config, rates, stream, layer), 'output');
}

/** concat_heads(A v) [B*T, H*h] with A = softmax_j(q_i·k_j / sqrt(h) + mask); queries, keys and values [B*T, H*h] with their biases. */
export function selfContext(
  projections: { readonly queries: tf.Tensor2D; readonly keys: tf.Tensor2D; readonly values: tf.Tensor2D },
  mask: tf.Tensor4D,
  { heads: H, headSize }: Pick<BertSizes, 'heads' | 'headSize'>,
  rates: DropoutRates,
  stream: DropoutStream | null,
  layer: number,
): tf.Tensor2D {
  const [B, , T] = mask.shape;
  const byHead = (x: tf.Tensor2D): tf.Tensor4D => tf.transpose(tf.reshape(x, [B, T, H, headSize]), [0, 2, 1, 3]); // [B, H, T, h]
  const scores = tf.matMul(byHead(projections.queries), byHead(projections.keys), false, true); // [B, H, T, T]
  const attention = tf.softmax(tf.add(tf.mul(scores, 1 / Math.sqrt(headSize)), mask));
  const context = tf.matMul(
    dropout(attention, rates.attention, stream, layer, 'attention'),
    byHead(projections.values),
  );
  return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [B * T, H * headSize]);
}

/** h'' [B*T, d] from h [B*T, d]. */
function bertLayer(
  h: tf.Tensor2D,
  mask: tf.Tensor4D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  layer: number,
  config: BertSizes,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Tensor2D {
  const attended = selfAttention(h, mask, parameters, `layer.${layer}.attention.`, config, rates, stream, layer);
  return residualBlocks(h, attended, parameters, layer, config, { inner: 0, outer: rates.encoder }, stream);
}

/** Returns hidden states [B*T, d], one tensor for the embedding and one for each layer. Throws if a sequence has more pieces than positions. */
export function bertStates(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: BertSizes,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  const longest = Math.max(...batch.pieceCounts);
  const most = config.positions - (config.firstPosition ?? 0);
  if (longest > most) throw new Error(`${longest} pieces in a sequence, of ${most} positions`);
  const mask = attentionMask(batch.pieceCounts, [batch.size, batch.pieces]);
  const embedded = dropout(embedding(batch, parameters, config), rates.encoder, stream, -1, 'embedding');
  const states: tf.Tensor2D[] = [widened(embedded, parameters, config)];
  for (let layer = 0; layer < config.layers; layer++) {
    states.push(bertLayer(states[layer] as tf.Tensor2D, mask, parameters, layer, config, rates, stream));
  }
  return states;
}

/** LN(word + position + segment) [B*T, e]. */
function embedding(batch: Batch, parameters: ReadonlyMap<string, tf.Tensor>, config: BertSizes): tf.Tensor2D {
  const rows = (name: string, indices: Int32Array): tf.Tensor2D =>
    tf.gather(parameter<tf.Tensor2D>(parameters, name), tf.tensor1d(indices, 'int32'));
  // Only padding may extend beyond the last position.
  const { firstPosition = 0 } = config;
  const positions = batch.pieceIds.map((_, index) =>
    Math.min(firstPosition + (index % batch.pieces), config.positions - 1),
  );
  const placed = tf.add(rows(EMBEDDING, batch.pieceIds), rows(`${EMBEDDING}.position`, positions));
  return layerNorm(
    tf.add(placed, rows(`${EMBEDDING}.segment`, batch.segmentIds)),
    parameter(parameters, `${EMBEDDING}.norm.scale`),
    parameter(parameters, `${EMBEDDING}.norm.shift`),
    config.layerNormEpsilon,
  );
}

/** x W + b [B*T, d] from embeddings [B*T, e]; x itself where they are as wide as the layers. */
function widened(x: tf.Tensor2D, parameters: ReadonlyMap<string, tf.Tensor>, config: BertSizes): tf.Tensor2D {
  if (config.embeddingSize === undefined) return x;
  const kernel = parameter<tf.Tensor2D>(parameters, `${EMBEDDING}.project.kernel`);
  return tf.add(tf.matMul(x, kernel), parameter(parameters, `${EMBEDDING}.project.bias`));
}

// The shape of a BERT encoder and of its relatives, read from a Hugging Face config.json.

/** An encoder with BERT's layers: the relatives differ in what is before the first of them. */
export interface BertSizes extends EncoderSizes {
  /** Rows of the position embedding. */
  readonly positions: number;
  /** The row of a sequence's first piece; absent for 0. */
  readonly firstPosition?: number;
  /** Rows of the segment embedding. */
  readonly segments: number;
  /** Width of the embeddings, if it is not the hidden size: then a linear layer widens them. */
  readonly embeddingSize?: number;
}

export interface BertConfig extends BertSizes {
  readonly family: 'bert';
}

/** Members of config.json that BERT's relatives share. */
export const bertMembers = {
  num_hidden_layers: configSizes.layers,
  hidden_size: configSizes.others,
  num_attention_heads: configSizes.others,
  intermediate_size: configSizes.others,
  vocab_size: configSizes.others,
  max_position_embeddings: configSizes.others,
  type_vocab_size: z._default(configSizes.others, 2),
  hidden_act: z._default(activationSchema, 'gelu'),
  layer_norm_eps: z._default(z.number().check(z.positive()), 1e-12),
  initializer_range: z._default(z.number().check(z.positive()), 0.02),
  position_embedding_type: z._default(z.literal('absolute'), 'absolute'),
  is_decoder: z._default(z.literal(false), false),
};

const fileSchema = z.object({ model_type: z._default(z.literal('bert'), 'bert'), ...bertMembers });

/** Reads a parsed config.json. Throws LabError `model/config` naming the first field that is missing or not supported. */
export function bertConfig(json: unknown): BertConfig {
  return { family: 'bert', ...bertSizes(configFile('config.json', 'a BERT', fileSchema, json)) };
}

/** Returns the sizes from the members of config.json. Throws LabError `model/config` for heads that do not divide the hidden size. */
export function bertSizes(file: z.output<z.ZodMiniObject<typeof bertMembers>>): BertSizes {
  return {
    layers: file.num_hidden_layers,
    hiddenSize: file.hidden_size,
    heads: file.num_attention_heads,
    headSize: wholeHeadSize(file),
    innerSize: file.intermediate_size,
    vocabularySize: file.vocab_size,
    activation: file.hidden_act,
    layerNormEpsilon: file.layer_norm_eps,
    initializerRange: file.initializer_range,
    positions: file.max_position_embeddings,
    segments: file.type_vocab_size,
  };
}

/** Returns the head size. Throws LabError `model/config` for heads that do not divide the hidden size. */
export function wholeHeadSize(file: { readonly hidden_size: number; readonly num_attention_heads: number }): number {
  const headSize = file.hidden_size / file.num_attention_heads;
  if (Number.isInteger(headSize)) return headSize;
  throw new LabError('model/config', 'config.json has heads that do not divide the hidden size.', {
    expected: 'hidden_size a multiple of num_attention_heads',
    got: `hidden_size ${file.hidden_size}, num_attention_heads ${file.num_attention_heads}`,
  });
}

/**
 * Converts the original release's parsed `bert_config.json`, which has the same fields, to config.json. Its `gelu` becomes that of
 * transformers, as in their conversion. Throws LabError `model/config` unless it is an object.
 */
export function bertConfigOfRelease(json: unknown): Record<string, unknown> {
  const described = configFile('bert_config.json', 'a BERT', z.record(z.string(), z.unknown()), json);
  return { ...described, model_type: 'bert' };
}

// The family BERT and what its relatives share with it: names and shapes of its parameters, the corresponding tensors of transformers, and what the engine records.

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

const embeddingTensors: ReadonlyMap<string, string> = new Map([
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
  const theirs = number === undefined ? embeddingTensors.get(parameter) : layer.get(ofLayer);
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
