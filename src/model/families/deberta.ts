// The family DeBERTa-v3 (He et al. 2021): its shape, its network in plain tfjs ops with disentangled attention, its parameters in transformers.
import * as tf from '@tensorflow/tfjs';
import * as z from '../../util/zod.ts';
import { dropout, type AdapterSite, type DropoutRates, type DropoutStream } from '../blocks/dropout.ts';
import {
  activationSchema,
  configFile,
  configSizes,
  type Batch,
  type EncoderFamily,
  type EncoderSizes,
  type NamedShapes,
} from '../blocks/encoderFamily.ts';
import { attentionMask, layerNorm, parameter, projected, residualBlocks } from '../blocks/layerBlocks.ts';
import { EMBEDDING, type Correspondence } from '../blocks/parameterLocation.ts';
import { bertDropoutMembers, bertNetwork, bertSites, bertSpecials, wholeHeadSize } from './bert.ts';
import { relativeShift } from './xlnet.ts';

// The DeBERTa-v3 encoder in plain tfjs ops: disentangled attention to contents and distances, layers as in BERT.

/** What every layer's attention reads besides the hidden states. */
interface AttentionInputs {
  /** The normalised table of distances [2 span, d]. */
  readonly table: tf.Tensor2D;
  /** [2T] the table's row for the distance T - p, and for p - T. */
  readonly forwards: tf.Tensor1D;
  readonly backwards: tf.Tensor1D;
  readonly mask: tf.Tensor4D;
}

/**
 * The row of the table for the distance i - j from a query i to a key j: near distances have one each, further ones share them by their
 * logarithm (He et al. 2021, DeBERTa; rounded to f32 as in transformers, since a bucket begins where a ceiling does).
 */
export function distanceRow(distance: number, { span, buckets, furthest }: DebertaConfig): number {
  const row = (buckets === null ? distance : bucketOf(distance, buckets, furthest)) + span;
  return Math.max(0, Math.min(2 * span - 1, row));
}

function bucketOf(distance: number, buckets: number, furthest: number): number {
  const middle = Math.floor(buckets / 2);
  const length = Math.abs(distance);
  if (length <= middle) return distance;
  const share = Math.fround(logarithm(length / middle) / logarithm((furthest - 1) / middle));
  return Math.sign(distance) * (Math.ceil(Math.fround(share * (middle - 1))) + middle);
}

const logarithm = (value: number): number => Math.fround(Math.log(Math.fround(value)));

function attentionInputs(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: DebertaConfig,
): AttentionInputs {
  const T = batch.pieces;
  const rows = (distanceOf: (p: number) => number): tf.Tensor1D =>
    tf.tensor1d(
      Array.from({ length: 2 * T }, (_, p) => distanceRow(distanceOf(p), config)),
      'int32',
    );
  return {
    table: layerNorm(
      parameter(parameters, `${EMBEDDING}.relative`),
      parameter(parameters, `${EMBEDDING}.relative.norm.scale`),
      parameter(parameters, `${EMBEDDING}.relative.norm.shift`),
      config.layerNormEpsilon,
    ),
    forwards: rows((p) => T - p),
    backwards: rows((p) => p - T),
    mask: attentionMask(batch.pieceCounts, [batch.size, T]),
  };
}

/**
 * o [B*T, d] from hidden states h [B*T, d]: A = softmax_j((q_i·k_j + q_i·K[i - j] + k_j·Q[i - j]) / sqrt(3 h)), where K and Q are keys and
 * queries of the table of distances, then the output projection.
 */
function disentangledAttention(
  h: tf.Tensor2D,
  { table, forwards, backwards, mask }: AttentionInputs,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: DebertaConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
  layer: number,
): tf.Tensor2D {
  const { heads: H, headSize } = config;
  const [B, , T] = mask.shape;
  const weight = <W extends tf.Tensor>(name: string): W => parameter<W>(parameters, `layer.${layer}.attention.${name}`);
  const project = (x: tf.Tensor2D, name: string, site?: AdapterSite): tf.Tensor2D =>
    tf.add(
      projected(x, parameters, `layer.${layer}.attention.${name}`, config.adapters, stream, site),
      weight(`${name}.bias`),
    );
  const byHead = (x: tf.Tensor2D): tf.Tensor4D => tf.transpose(tf.reshape(x, [B, T, H, headSize]), [0, 2, 1, 3]); // [B, H, T, h]
  /** x_a·row[T - a + b] [B, H, T, T] for rows [2T, H*h]. */
  const byDistance = (x: tf.Tensor4D, rows: tf.Tensor2D): tf.Tensor4D => {
    const ofHead = tf.transpose(tf.reshape(rows, [2 * T, H, headSize]), [1, 0, 2]); // [H, 2T, h]
    const flat = tf.reshape(tf.transpose(x, [1, 0, 2, 3]), [H, B * T, headSize]);
    return tf.transpose(relativeShift(tf.matMul(flat, ofHead, false, true), B, T, H), [1, 0, 2, 3]);
  };

  const [q, k, v] = [byHead(project(h, 'query')), byHead(project(h, 'key')), byHead(project(h, 'value'))];
  const distances = dropout(table, rates.encoder, stream, layer, 'position');
  const toPosition = byDistance(q, tf.gather(project(distances, 'key', 'adapterPosition'), forwards));
  // By key, so the other way round.
  const fromPosition = tf.transpose(
    byDistance(k, tf.gather(project(distances, 'query', 'adapterPosition'), backwards)),
    [0, 1, 3, 2],
  );
  const scores = tf.add(tf.add(tf.matMul(q, k, false, true), toPosition), fromPosition);
  const attention = tf.softmax(tf.add(tf.mul(scores, 1 / Math.sqrt(3 * headSize)), mask));
  const context = tf.matMul(dropout(attention, rates.attention, stream, layer, 'attention'), v);
  return project(tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [B * T, H * headSize]), 'output');
}

/** Returns hidden states [B*T, d], one tensor for the embedding and one for each layer. Only distances encode positions. */
export function debertaStates(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: DebertaConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  const words: tf.Tensor2D = tf.gather(
    parameter<tf.Tensor2D>(parameters, EMBEDDING),
    tf.tensor1d(batch.pieceIds, 'int32'),
  );
  const embedded = layerNorm(
    words,
    parameter(parameters, `${EMBEDDING}.norm.scale`),
    parameter(parameters, `${EMBEDDING}.norm.shift`),
    config.layerNormEpsilon,
  );
  const states: tf.Tensor2D[] = [dropout(embedded, rates.encoder, stream, -1, 'embedding')];
  const inputs = attentionInputs(batch, parameters, config);
  const dropped = { inner: 0, outer: rates.encoder };
  for (let layer = 0; layer < config.layers; layer++) {
    const h = states[layer] as tf.Tensor2D;
    const attended = disentangledAttention(h, inputs, parameters, config, rates, stream, layer);
    states.push(residualBlocks(h, attended, parameters, layer, config, dropped, stream));
  }
  return states;
}

// The shape of a DeBERTa-v3 encoder, read from a Hugging Face config.json.

export interface DebertaConfig extends EncoderSizes {
  readonly family: 'deberta-v2';
  /** The table of distances has twice as many rows. */
  readonly span: number;
  /** Buckets of distances, half of them for each direction; null where every distance has a row. */
  readonly buckets: number | null;
  /** Distances that the buckets divide. */
  readonly furthest: number;
}

const both = ['c2p', 'p2c'];
const terms = z.pipe(
  z.transform((stated) =>
    typeof stated === 'string'
      ? stated
          .toLowerCase()
          .split('|')
          .map((one) => one.trim())
      : stated,
  ),
  z
    .array(z.string())
    .check(z.refine((stated) => both.every((one) => stated.includes(one)), 'both c2p and p2c are expected')),
);
const fileSchema = z.object({
  model_type: z.literal('deberta-v2'),
  num_hidden_layers: configSizes.layers,
  hidden_size: configSizes.others,
  num_attention_heads: configSizes.others,
  intermediate_size: configSizes.others,
  vocab_size: configSizes.others,
  max_position_embeddings: z._default(configSizes.others, 512),
  hidden_act: z._default(activationSchema, 'gelu'),
  layer_norm_eps: z._default(z.number().check(z.positive()), 1e-7),
  initializer_range: z._default(z.number().check(z.positive()), 0.02),
  relative_attention: z.literal(true),
  pos_att_type: terms,
  position_biased_input: z.literal(false),
  share_att_key: z.literal(true),
  norm_rel_ebd: z.literal('layer_norm'),
  position_buckets: z._default(z.int().check(z.lte(1_000_000)), -1),
  max_relative_positions: z._default(z.int().check(z.lte(1_000_000)), -1),
  type_vocab_size: z._default(z.literal(0), 0),
  conv_kernel_size: z.optional(z.literal(0)),
});

/**
 * Reads a parsed config.json, whose `model_type` is `deberta-v2` for version 3, too. Throws LabError `model/config` naming the first field
 * that is missing or not supported: absolute positions, separate projections of distances, and the convolution of some large DeBERTa-v2.
 */
export function debertaConfig(json: unknown): DebertaConfig {
  const file = configFile('config.json', 'a DeBERTa-v3', fileSchema, json);
  const furthest = file.max_relative_positions < 1 ? file.max_position_embeddings : file.max_relative_positions;
  const buckets = file.position_buckets > 0 ? file.position_buckets : null;
  return {
    family: 'deberta-v2',
    layers: file.num_hidden_layers,
    hiddenSize: file.hidden_size,
    heads: file.num_attention_heads,
    headSize: wholeHeadSize(file),
    innerSize: file.intermediate_size,
    vocabularySize: file.vocab_size,
    activation: file.hidden_act,
    layerNormEpsilon: file.layer_norm_eps,
    initializerRange: file.initializer_range,
    span: buckets ?? furthest,
    buckets,
    furthest,
  };
}

// The family DeBERTa-v3 (He et al. 2021): names and shapes of its parameters, the corresponding tensors of transformers, and what the engine records.

/** The table of distances is shared by all layers, and so it belongs to what is before the first. */
function embeddingShapes({ vocabularySize, hiddenSize: d, span }: DebertaConfig): NamedShapes {
  return [
    [EMBEDDING, [vocabularySize, d]],
    [`${EMBEDDING}.norm.scale`, [d]],
    [`${EMBEDDING}.norm.shift`, [d]],
    [`${EMBEDDING}.relative`, [2 * span, d]],
    [`${EMBEDDING}.relative.norm.scale`, [d]],
    [`${EMBEDDING}.relative.norm.shift`, [d]],
  ];
}

const bertLayers = bertNetwork('deberta.');
/** The layers are those of a BERT, which needs a table of positions. */
const asBert = (config: DebertaConfig) => ({ ...config, positions: 1, segments: 1 });

const embeddingNames: ReadonlyMap<string, string> = new Map([
  [EMBEDDING, 'embeddings.word_embeddings.weight'],
  [`${EMBEDDING}.norm.scale`, 'embeddings.LayerNorm.weight'],
  [`${EMBEDDING}.norm.shift`, 'embeddings.LayerNorm.bias'],
  [`${EMBEDDING}.relative`, 'encoder.rel_embeddings.weight'],
  [`${EMBEDDING}.relative.norm.scale`, 'encoder.LayerNorm.weight'],
  [`${EMBEDDING}.relative.norm.shift`, 'encoder.LayerNorm.bias'],
]);

function debertaTensor(parameter: string, config: DebertaConfig): Correspondence {
  const shape = embeddingShapes(config).find(([name]) => name === parameter)?.[1];
  const name = embeddingNames.get(parameter);
  if (shape !== undefined && name !== undefined) return { name: `deberta.${name}`, shape, transposed: false };
  const ofBert = bertLayers.tensor(parameter, asBert(config));
  return { ...ofBert, name: ofBert.name.replace(/\.self\.(query|key|value)\./, '.self.$1_proj.') };
}

export const deberta: EncoderFamily<DebertaConfig> = {
  readConfig: debertaConfig,
  shapes: (config) => ({ embedding: embeddingShapes(config), layer: bertLayers.shapes(asBert(config)).layer }),
  positions: () => null,
  prefix: 'deberta.',
  tensor: debertaTensor,
  states: debertaStates,
  // Each layer drops from the table of distances.
  sites: (rates) => ({ ...bertSites(rates), position: rates.encoder }),
  design: (config) => ({
    embedding: { kind: 'normed words', last: 'shift' },
    norms: 'after',
    isBiased: true,
    distances: null,
    rotary: null,
    disentangled: { rows: 2 * config.span, rowOf: (distance) => distanceRow(distance, config) },
  }),
  exported: {
    modelType: 'deberta-v2',
    architecture: 'DebertaV2ForTokenClassification',
    dropoutMembers: ({ head, ...rates }) => {
      const { classifier_dropout: classifier, ...others } = bertDropoutMembers({ ...rates, head });
      return { ...others, cls_dropout: classifier ?? head };
    },
    tokenizer: { tokenizer_class: 'DebertaV2Tokenizer', ...bertSpecials },
    configuresNormalizer: false,
    unusedTensors: () => [],
  },
};
