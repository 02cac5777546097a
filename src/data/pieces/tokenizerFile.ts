// Builds the tokenizer.json of a model whose vocabulary came in another form.
import * as z from '../../util/zod.ts';
import { LabError } from '../../util/labError.ts';
import { debertaTokenizer, sentencePieceTokenizer } from './sentencePiece.ts';
import { describedSpecials, specialName, tokenizerJson } from './tokenizerSettings.ts';

/** Settings of transformers' `BertTokenizer` for preparing text, from tokenizer_config.json. */
interface WordPieceTreatment {
  /** Null if not stated: then a vocabulary without capital letters is lower-cased. */
  readonly lowerCase: boolean | null;
  /** Null for the same as `lowerCase`. */
  readonly stripAccents: boolean | null;
  readonly tokenizeChineseChars: boolean;
  readonly specials: Readonly<Record<'unk' | 'sep' | 'cls' | 'pad' | 'mask', string>>;
}

/** Longer words are unknown. */
const LONGEST_WORD = 100;

/**
 * Builds the value of a tokenizer.json: a WordPiece model of the lines of vocab.txt, where a piece's id is its line number. If
 * lower-casing is not stated, transformers always lower-cases and would never match a capital of a cased vocabulary: here the
 * vocabulary decides. Throws LabError `tokenizer/wordpiece` for invalid or empty text, `tokenizer/special` if a special has no
 * line.
 */
function wordPieceTokenizer(bytes: Uint8Array, treatment: WordPieceTreatment) {
  const { specials, stripAccents, tokenizeChineseChars } = treatment;
  const vocabulary = readVocabulary(bytes);
  const idOf = (text: string): number => {
    const id = vocabulary.get(text);
    if (id !== undefined) return id;
    throw new LabError('tokenizer/special', `vocab.txt has no piece ${text}.`, {
      expected: text,
      got: `${vocabulary.size} other pieces`,
    });
  };
  const [cls, sep] = [specials.cls, specials.sep].map((text) => ({ id: text, ids: [idOf(text)], tokens: [text] }));
  const added = [specials.pad, specials.unk, specials.cls, specials.sep].map((text) => ({
    id: idOf(text),
    content: text,
  }));
  const mask = vocabulary.get(specials.mask);
  if (mask !== undefined) added.push({ id: mask, content: specials.mask });
  const special = (text: string, type: number) => ({ SpecialToken: { id: text, type_id: type } });
  const sequence = (id: string, type: number) => ({ Sequence: { id, type_id: type } });
  const single = [special(specials.cls, 0), sequence('A', 0), special(specials.sep, 0)];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added
      .sort((left, right) => left.id - right.id)
      .map((piece) => ({
        ...piece,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: tokenizeChineseChars,
      strip_accents: stripAccents,
      lowercase: treatment.lowerCase ?? !hasCapitals(vocabulary, specials),
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: [...single, sequence('B', 1), special(specials.sep, 1)],
      special_tokens: { [specials.cls]: cls, [specials.sep]: sep },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: specials.unk,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: LONGEST_WORD,
      vocab: Object.fromEntries(vocabulary),
    },
  };
}

/** One piece per line; of a repeated piece the later line counts. */
function readVocabulary(bytes: Uint8Array): ReadonlyMap<string, number> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw notVocabulary('bytes that are not UTF-8');
  }
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw notVocabulary('an empty file');
  return new Map(lines.map((piece, id) => [piece, id]));
}

/** Whether a piece has a capital letter; specials and other names in brackets, such as [unused1], are not text. */
function hasCapitals(vocabulary: ReadonlyMap<string, number>, specials: WordPieceTreatment['specials']): boolean {
  const names = new Set(Object.values(specials));
  return [...vocabulary.keys()].some((piece) => /\p{Lu}/u.test(piece) && !names.has(piece) && !/^\[.+\]$/.test(piece));
}

function notVocabulary(got: string): LabError {
  return new LabError('tokenizer/wordpiece', 'vocab.txt is not a WordPiece vocabulary.', {
    expected: 'a piece a line, in UTF-8',
    got,
  });
}

/** Transformers' names of the settings for preparing text, with its defaults. */
const sentencePieceSchema = z.looseObject({
  do_lower_case: z._default(z.boolean(), false),
  keep_accents: z._default(z.boolean(), false),
});
const debertaSchema = z.looseObject({
  do_lower_case: z._default(z.boolean(), false),
  split_by_punct: z._default(z.boolean(), false),
});
const bytePairSchema = z.looseObject({
  add_prefix_space: z._default(z.boolean(), false),
  unk_token: z._default(specialName, '<unk>'),
  sep_token: z._default(specialName, '</s>'),
  cls_token: z._default(specialName, '<s>'),
  pad_token: z._default(specialName, '<pad>'),
  mask_token: z._default(specialName, '<mask>'),
});
const wordPieceSchema = z.looseObject({
  do_lower_case: z._default(z.nullable(z.boolean()), null),
  strip_accents: z._default(z.nullable(z.boolean()), null),
  tokenize_chinese_chars: z._default(z.boolean(), true),
  unk_token: z._default(specialName, '[UNK]'),
  sep_token: z._default(specialName, '[SEP]'),
  cls_token: z._default(specialName, '[CLS]'),
  pad_token: z._default(specialName, '[PAD]'),
  mask_token: z._default(specialName, '[MASK]'),
});

/**
 * Builds the bytes of a tokenizer.json from an XLNet's `spiece.model`, a DeBERTa-v3's `spm.model`, a BERT's `vocab.txt`, or a RoBERTa's
 * `vocab.json` with its `merges.txt`, with text prepared as in tokenizer_config.json. Throws LabError `tokenizer/sentencepiece`, `tokenizer/wordpiece`, `tokenizer/special`, `tokenizer/json` or
 * `tokenizer/format`.
 */
export function tokenizerFileOf(
  vocabulary: { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> },
  configFile: Uint8Array | null,
  merges: Uint8Array | null = null,
): Uint8Array<ArrayBuffer> {
  const read = <Schema extends z.ZodMiniType>(schema: Schema): z.output<Schema> =>
    tokenizerJson('tokenizer_config.json', configFile ?? new TextEncoder().encode('{}'), schema);
  const { name, bytes } = vocabulary;
  const made = (): { readonly added_tokens: readonly { readonly content: string }[] } => {
    if (name === 'vocab.txt') return fromWordPiece(bytes, read(wordPieceSchema));
    if (name === 'vocab.json') return fromBytePairs(bytes, merges ?? new Uint8Array(), read(bytePairSchema));
    if (name === 'spiece.model') return fromSentencePiece(bytes, read(sentencePieceSchema));
    const { do_lower_case: lowerCase, split_by_punct: splitsPunctuation } = read(debertaSchema);
    return debertaTokenizer(bytes, { lowerCase, splitsPunctuation });
  };
  const content = made();
  const added = describedSpecials(content.added_tokens, configFile);
  return new TextEncoder().encode(JSON.stringify({ ...content, added_tokens: added }));
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

const vocabularySchema = z.record(z.string(), z.int().check(z.gte(0)));

/** As transformers' `RobertaTokenizer` does. Throws LabError `tokenizer/special` if a special has no number. */
function fromBytePairs(bytes: Uint8Array, merges: Uint8Array, config: z.output<typeof bytePairSchema>) {
  const vocab = tokenizerJson('vocab.json', bytes, vocabularySchema, 'a JSON object of pieces and their numbers');
  const lines = new TextDecoder().decode(merges).split(/\r?\n/);
  const { unk_token: unk, sep_token: sep, cls_token: cls, pad_token: pad, mask_token: mask } = config;
  const added = [cls, pad, sep, unk, mask].flatMap((content) => {
    const id = Object.hasOwn(vocab, content) ? vocab[content] : undefined;
    if (id === undefined && content !== mask) {
      throw new LabError('tokenizer/special', `vocab.json has no piece ${content}.`, {
        expected: content,
        got: `${Object.keys(vocab).length} other pieces`,
      });
    }
    const settings = { single_word: false, lstrip: content === mask, rstrip: false, normalized: false, special: true };
    return id === undefined ? [] : [{ id, content, ...settings }];
  });
  const byteLevel = {
    type: 'ByteLevel',
    add_prefix_space: config.add_prefix_space,
    trim_offsets: true,
    use_regex: true,
  };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: {
      ...{ type: 'RobertaProcessing', trim_offsets: true, add_prefix_space: config.add_prefix_space },
      sep: [sep, vocab[sep]],
      cls: [cls, vocab[cls]],
    },
    decoder: byteLevel,
    model: {
      ...{ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: '', end_of_word_suffix: '' },
      ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false },
      vocab,
      merges: lines.filter((line) => line !== '' && !line.startsWith('#version')),
    },
  };
}
