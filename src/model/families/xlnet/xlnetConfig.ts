// The shape of an XLNet encoder, read from a Hugging Face config.json.
import * as z from '../../../util/zod.ts';
import { LabError } from '../../../util/labError.ts';
import { activationSchema, configFile, configSizes, type EncoderSizes } from '../../config/encoderSizes.ts';

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
