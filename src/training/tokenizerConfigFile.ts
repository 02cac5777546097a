// tokenizer_config.json of an exported tagger: as the model came, with what transformers and tag.py ask for where it was not said.
import { bertNormalizer } from '../data/bertText.ts';
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

/**
 * `stored` is what the model came with, null for none; `tokenizer` is the content of the tokenizer.json beside it. transformers makes a
 * BERT's normalizer anew from what is said here, lower-casing unless told otherwise, so that it is said as that file has it.
 */
export function tokenizerConfigFile(
  stored: Readonly<Record<string, unknown>> | null,
  { family }: Pick<EncoderConfig, 'family'>,
  tokenizer: { readonly normalizer?: unknown },
): Record<string, unknown> {
  const normalizer = family === 'bert' ? bertNormalizer(tokenizer.normalizer) : null;
  if (normalizer === null) return { ...defaults[family], ...stored };
  return {
    ...defaults[family],
    ...stored,
    do_lower_case: normalizer.lowercase,
    strip_accents: normalizer.strip_accents,
    tokenize_chinese_chars: normalizer.handle_chinese_chars,
  };
}
