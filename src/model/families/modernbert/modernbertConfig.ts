// The shape of a ModernBERT encoder, read from a Hugging Face config.json.
import * as z from '../../../util/zod.ts';
import { LabError } from '../../../util/labError.ts';
import { activationSchema, configFile, configSizes, type EncoderSizes } from '../../config/encoderSizes.ts';
import { wholeHeadSize } from '../bert/bertConfig.ts';

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
