// tokenizer_config.json of an exported tagger: as the model came, with what transformers and tag.py ask for where it was not said.
import type { EncoderConfig } from '../model/encoderConfig.ts';

const defaults = {
  xlnet: {
    tokenizer_class: 'XLNetTokenizer',
    unk_token: '<unk>',
    sep_token: '<sep>',
    cls_token: '<cls>',
    pad_token: '<pad>',
    mask_token: '<mask>',
  },
  bert: {
    tokenizer_class: 'BertTokenizer',
    unk_token: '[UNK]',
    sep_token: '[SEP]',
    cls_token: '[CLS]',
    pad_token: '[PAD]',
    mask_token: '[MASK]',
  },
} as const;

/** `stored` is what the model came with, null for none. */
export function tokenizerConfigFile(
  stored: Readonly<Record<string, unknown>> | null,
  { family }: Pick<EncoderConfig, 'family'>,
): Record<string, unknown> {
  return { ...defaults[family], ...stored };
}
