// The families ELECTRA and RoBERTa: BERT's network with narrow embeddings that are widened, and with other positions.
import { LabError } from '../../util/labError.ts';
import * as z from '../../util/zod.ts';
import { configFile, configSizes, type EncoderFamily } from '../blocks/encoderFamily.ts';
import { bertDropoutMembers, bertMembers, bertNetwork, bertSizes, bertSpecials, type BertSizes } from './bert.ts';

// The family ELECTRA: BERT's network, in small models with narrow embeddings that a linear layer widens.

export interface ElectraConfig extends BertSizes {
  readonly family: 'electra';
}

const electraFileSchema = z.object({
  model_type: z.literal('electra'),
  ...bertMembers,
  embedding_size: z._default(configSizes.others, 128),
});

/**
 * Reads a parsed config.json of a discriminator or generator: both are encoders. Throws LabError `model/config` naming the first field
 * that is missing or not supported.
 */
function electraConfig(json: unknown): ElectraConfig {
  const file = configFile('config.json', 'an ELECTRA', electraFileSchema, json);
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

// The family RoBERTa: BERT's network with byte-level BPE; its positions begin behind the number of the padding piece.

export interface RobertaConfig extends BertSizes {
  readonly family: 'roberta';
}

const robertaFileSchema = z.object({
  model_type: z.literal('roberta'),
  ...bertMembers,
  pad_token_id: z._default(z.int().check(z.gte(0)), 1),
});

/**
 * Reads a parsed config.json. The position of piece t is row pad_token_id + 1 + t, as fairseq numbers them: a table of 514 rows has 512
 * positions. (transformers counts only pieces other than the padding piece; in the lab that piece comes behind a sequence alone.)
 * Throws LabError `model/config` naming the first field that is missing or not supported.
 */
function robertaConfig(json: unknown): RobertaConfig {
  const file = configFile('config.json', 'a RoBERTa', robertaFileSchema, json);
  const firstPosition = file.pad_token_id + 1;
  if (file.max_position_embeddings <= firstPosition) {
    throw new LabError('model/config', 'config.json leaves no position for any piece.', {
      expected: `max_position_embeddings above ${firstPosition} (pad_token_id + 1)`,
      got: String(file.max_position_embeddings),
    });
  }
  return { family: 'roberta', ...bertSizes(file), firstPosition };
}

export const roberta: EncoderFamily<RobertaConfig> = {
  ...bertNetwork('roberta.'),
  readConfig: robertaConfig,
  exported: {
    modelType: 'roberta',
    architecture: 'RobertaForTokenClassification',
    dropoutMembers: bertDropoutMembers,
    tokenizer: {
      tokenizer_class: 'RobertaTokenizer',
      unk_token: '<unk>',
      sep_token: '</s>',
      cls_token: '<s>',
      pad_token: '<pad>',
      mask_token: '<mask>',
    },
    configuresNormalizer: false,
    unusedTensors: () => [],
  },
};
