// The table of encoder families, and the configuration of an encoder of any of them.
import { familyOfType } from '../../data/import/modelFiles.ts';
import type { FamilyName } from '../../data/pieces/encoderFacts.ts';
import * as z from '../../util/zod.ts';
import type { EncoderFamily, NamedShapes } from '../blocks/encoderFamily.ts';
import { bert, type BertConfig } from './bert.ts';
import { electra, roberta, type ElectraConfig, type RobertaConfig } from './bertRelatives.ts';
import { deberta, type DebertaConfig } from './deberta.ts';
import { modernbert, type ModernbertConfig } from './modernbert.ts';
import { bilstm, windowCnn, type BilstmConfig, type WindowConfig } from './words/wordFamilies.ts';
import { xlnet, type XlnetConfig } from './xlnet.ts';

interface EncoderConfigs {
  readonly xlnet: XlnetConfig;
  readonly bert: BertConfig;
  readonly roberta: RobertaConfig;
  readonly electra: ElectraConfig;
  readonly modernbert: ModernbertConfig;
  readonly 'deberta-v2': DebertaConfig;
  readonly bilstm: BilstmConfig;
  readonly 'window-cnn': WindowConfig;
}

export type EncoderConfig = EncoderConfigs[FamilyName];

const families: { readonly [Family in FamilyName]: EncoderFamily<EncoderConfigs[Family]> } = {
  xlnet,
  bert,
  roberta,
  electra,
  modernbert,
  'deberta-v2': deberta,
  bilstm,
  'window-cnn': windowCnn,
};

/** Returns the record of an encoder's family. */
export function familyOf<Config extends EncoderConfig>({ family }: Config): EncoderFamily<Config> {
  return families[family] as unknown as EncoderFamily<Config>;
}

const familySchema = z.looseObject({ model_type: z.optional(z.string()), hidden_size: z.optional(z.unknown()) });

/**
 * Reads a parsed config.json of an encoder of any family. One without `model_type`, as in BERT's early years, is recognised by its
 * `hidden_size`, which XLNet names differently. Throws LabError `model/config` naming the first field that is missing or not
 * supported.
 */
export function encoderConfig(json: unknown): EncoderConfig {
  const stated = familySchema.safeParse(json).data;
  const type = stated?.model_type ?? (stated?.hidden_size === undefined ? 'xlnet' : 'bert');
  return families[familyOfType(type)].readConfig(json);
}

/** Returns every encoder parameter and its shape, in a fixed order: embedding, then layer by layer. */
export function encoderShapes(config: EncoderConfig): ReadonlyMap<string, readonly number[]> {
  const { embedding, layer } = familyOf(config).shapes(config);
  const ofLayers = Array.from({ length: config.layers }, (_, index): NamedShapes =>
    layer(index).map(([name, shape]) => [`layer.${index}.${name}`, shape]),
  );
  return new Map([...embedding, ...ofLayers.flat()]);
}
