// Reads the configuration of every supported encoder family.
import * as z from '../../util/zod.ts';
import { refuseOtherFamily } from '../../data/import/modelFiles.ts';
import { bertConfig, type BertConfig } from './bertConfig.ts';
import { xlnetConfig, type XlnetConfig } from './xlnetConfig.ts';

export type EncoderConfig = XlnetConfig | BertConfig;

const familySchema = z.looseObject({ model_type: z.optional(z.string()), hidden_size: z.optional(z.unknown()) });

/**
 * Reads a parsed config.json of an encoder of any family. One without `model_type`, as in BERT's early years, is recognised by its
 * `hidden_size`, which XLNet names differently. Throws LabError `model/config` naming the first field that is missing or not
 * supported.
 */
export function encoderConfig(json: unknown): EncoderConfig {
  const family = familySchema.safeParse(json).data;
  const type = family?.model_type ?? (family?.hidden_size === undefined ? 'xlnet' : 'bert');
  refuseOtherFamily(type);
  return type === 'bert' ? bertConfig(json) : xlnetConfig(json);
}
