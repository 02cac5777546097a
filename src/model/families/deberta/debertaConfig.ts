// The shape of a DeBERTa-v3 encoder, read from a Hugging Face config.json.
import * as z from '../../../util/zod.ts';
import { activationSchema, configFile, configSizes, type EncoderSizes } from '../../config/encoderSizes.ts';
import { wholeHeadSize } from '../bert/bertConfig.ts';

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
