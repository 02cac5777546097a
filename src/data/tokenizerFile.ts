// The tokenizer.json of a model that came with a vocabulary in another form.
import { z } from 'zod';
import { sentencePieceTokenizer } from './formats/sentencePiece.ts';
import { tokenizerJson } from './formats/tokenizerJson.ts';
import { wordPieceTokenizer } from './formats/wordPiece.ts';
import { specialName } from './tokenizer.ts';

/** What transformers calls the ways to treat text, with its defaults. */
const sentencePieceSchema = z.looseObject({
  do_lower_case: z.boolean().default(false),
  keep_accents: z.boolean().default(false),
});
const wordPieceSchema = z.looseObject({
  do_lower_case: z.boolean().nullable().default(null),
  strip_accents: z.boolean().nullable().default(null),
  tokenize_chinese_chars: z.boolean().default(true),
  unk_token: specialName.default('[UNK]'),
  sep_token: specialName.default('[SEP]'),
  cls_token: specialName.default('[CLS]'),
  pad_token: specialName.default('[PAD]'),
  mask_token: specialName.default('[MASK]'),
});

/**
 * The bytes of a tokenizer.json made of an XLNet's `spiece.model` or a BERT's `vocab.txt`, text treated as tokenizer_config.json asks.
 * Throws LabError `tokenizer/sentencepiece`, `tokenizer/wordpiece`, `tokenizer/special`, `tokenizer/json` or `tokenizer/format`.
 */
export function tokenizerFileOf(
  vocabulary: { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> },
  configFile: Uint8Array | null,
): Uint8Array<ArrayBuffer> {
  const read = <Schema extends z.ZodType>(schema: Schema): z.output<Schema> =>
    tokenizerJson('tokenizer_config.json', configFile ?? new TextEncoder().encode('{}'), schema);
  const content =
    vocabulary.name === 'vocab.txt'
      ? fromWordPiece(vocabulary.bytes, read(wordPieceSchema))
      : fromSentencePiece(vocabulary.bytes, read(sentencePieceSchema));
  return new TextEncoder().encode(JSON.stringify(content));
}

function fromSentencePiece(bytes: Uint8Array<ArrayBuffer>, config: z.output<typeof sentencePieceSchema>) {
  return sentencePieceTokenizer(bytes, { lowerCase: config.do_lower_case, keepAccents: config.keep_accents });
}

function fromWordPiece(bytes: Uint8Array, config: z.output<typeof wordPieceSchema>) {
  return wordPieceTokenizer(bytes, {
    lowerCase: config.do_lower_case,
    stripAccents: config.strip_accents,
    tokenizeChineseChars: config.tokenize_chinese_chars,
    specials: {
      unk: config.unk_token,
      sep: config.sep_token,
      cls: config.cls_token,
      pad: config.pad_token,
      mask: config.mask_token,
    },
  });
}
