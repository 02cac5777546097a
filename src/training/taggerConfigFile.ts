// config.json of an exported tagger: the pretrained model's own, with the head and the dropout that it was trained with.
import type { EncoderConfig } from '../model/encoderConfig.ts';
import type { WrittenType } from '../model/safetensorsStream.ts';
import type { TaggerHead } from '../schema/taggerHead.ts';

const architectures = { xlnet: 'XLNetForTokenClassification', bert: 'BertForTokenClassification' } as const;

/** `stored` is the parsed config.json of the model that training started from; members that the lab does not know stay as they are. */
export function taggerConfigFile(
  stored: Readonly<Record<string, unknown>>,
  { family }: Pick<EncoderConfig, 'family'>,
  { tags, config }: Pick<TaggerHead, 'tags' | 'config'>,
  dtype: WrittenType,
): Record<string, unknown> {
  // Older names for what is said below.
  const { num_labels: _count, _num_labels: _older, torch_dtype: _type, ...kept } = stored;
  return {
    ...kept,
    model_type: family,
    architectures: [architectures[family]],
    id2label: Object.fromEntries(tags.map((tag, index) => [index, tag])),
    label2id: Object.fromEntries(tags.map((tag, index) => [tag, index])),
    dtype: dtype === 'F16' ? 'float16' : 'float32',
    ...dropoutMembers(family, config.dropout),
  };
}

/** XLNet has one rate in transformers, the encoder's, and none before its classifier. */
function dropoutMembers(
  family: EncoderConfig['family'],
  { encoder, attention, head }: TaggerHead['config']['dropout'],
): Record<string, number> {
  return family === 'xlnet'
    ? { dropout: encoder }
    : { hidden_dropout_prob: encoder, attention_probs_dropout_prob: attention, classifier_dropout: head };
}
