// The family RoBERTa: BERT's network with byte-level BPE; its positions begin behind the number of the padding piece.
import * as z from '../../../util/zod.ts';
import { LabError } from '../../../util/labError.ts';
import type { EncoderFamily } from '../../blocks/encoderFamily.ts';
import { configFile } from '../../config/encoderSizes.ts';
import { bertMembers, bertSizes, type BertSizes } from '../bert/bertConfig.ts';
import { bertDropoutMembers, bertNetwork } from '../bert/bertFamily.ts';

export interface RobertaConfig extends BertSizes {
  readonly family: 'roberta';
}

const fileSchema = z.object({
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
  const file = configFile('config.json', 'a RoBERTa', fileSchema, json);
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
