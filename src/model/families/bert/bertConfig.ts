// The shape of a BERT encoder and of its relatives, read from a Hugging Face config.json.
import * as z from '../../../util/zod.ts';
import { LabError } from '../../../util/labError.ts';
import { activationSchema, configFile, configSizes, type EncoderSizes } from '../../config/encoderSizes.ts';

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
