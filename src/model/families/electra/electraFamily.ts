// The family ELECTRA: BERT's network, in small models with narrow embeddings that a linear layer widens.
import * as z from '../../../util/zod.ts';
import type { EncoderFamily } from '../../blocks/encoderFamily.ts';
import { configFile, configSizes } from '../../config/encoderSizes.ts';
import { bertMembers, bertSizes, type BertSizes } from '../bert/bertConfig.ts';
import { bertDropoutMembers, bertNetwork, bertSpecials } from '../bert/bertFamily.ts';

export interface ElectraConfig extends BertSizes {
  readonly family: 'electra';
}

const fileSchema = z.object({
  model_type: z.literal('electra'),
  ...bertMembers,
  embedding_size: z._default(configSizes.others, 128),
});

/**
 * Reads a parsed config.json of a discriminator or generator: both are encoders. Throws LabError `model/config` naming the first field
 * that is missing or not supported.
 */
function electraConfig(json: unknown): ElectraConfig {
  const file = configFile('config.json', 'an ELECTRA', fileSchema, json);
  const narrow = file.embedding_size === file.hidden_size ? {} : { embeddingSize: file.embedding_size };
  return { family: 'electra', ...bertSizes(file), ...narrow };
}

export const electra: EncoderFamily<ElectraConfig> = {
  ...bertNetwork('electra.'),
  readConfig: electraConfig,
  exported: {
    modelType: 'electra',
    architecture: 'ElectraForTokenClassification',
    dropoutMembers: bertDropoutMembers,
    tokenizer: { tokenizer_class: 'ElectraTokenizer', ...bertSpecials },
    configuresNormalizer: true,
    unusedTensors: () => [],
  },
};
