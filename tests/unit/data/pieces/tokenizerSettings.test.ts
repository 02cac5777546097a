// Proves that each setting of a tokenizer's files is obeyed, whichever file it is in, or refused in words.
import { describe, expect, it } from 'vitest';
import { readTokenizer } from '../../../../src/data/pieces/tokenizer.ts';
import { tokenizerFileOf } from '../../../../src/data/pieces/tokenizerFile.ts';
import { gatheredConfig } from '../../../../src/data/pieces/tokenizerSettings.ts';
import { LabError } from '../../../../src/util/labError.ts';

type Json = Readonly<Record<string, unknown>>;
const bytesOf = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const letters = [...'abcdefmvé中A.'].flatMap((letter) => [letter, `##${letter}`]);
const pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...letters, 'M', 'MV', '##V'];
const idOf = (piece: string): number => pieces.indexOf(piece);

/** A cased BERT as tokenizer.json, with changes. */
function wordPieceFile(changes: Json = {}): Uint8Array {
  return bytesOf({
    added_tokens: [],
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: false,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    model: { type: 'WordPiece', unk_token: '[UNK]', vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])) },
    ...changes,
  });
}

function unigramFile(normalizers: readonly Json[]): Uint8Array {
  const vocab = ['<unk>', '<sep>', '<cls>', '<pad>', '▁', 'a', 'A', 'é', 'e'].map((piece) => [piece, -1]);
  return bytesOf({
    normalizer: { type: 'Sequence', normalizers },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' },
    model: { type: 'Unigram', unk_id: 0, vocab },
  });
}

const opened = (file: Uint8Array, config: Json | null) =>
  readTokenizer(file, config === null ? null : bytesOf(config), { lowerCase: false });

function refusal(run: () => unknown): LabError {
  try {
    run();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('case and accents', () => {
  const lower = ['a', '##b'].map(idOf);

  it('follow tokenizer_config.json where it states them, as the same model without tokenizer.json does', () => {
    const vocabulary = { name: 'vocab.txt', bytes: bytesOf(pieces.map((piece) => `${piece}\n`).join('')) };
    for (const config of [
      { do_lower_case: true },
      { do_lower_case: false },
      { strip_accents: true },
      { do_lower_case: true, strip_accents: false, tokenize_chinese_chars: false },
    ]) {
      const slow = opened(tokenizerFileOf(vocabulary, bytesOf(config)), config);
      const fast = opened(wordPieceFile(), config);
      for (const token of ['Ab', 'éa', 'a中b', 'MV', 'É'])
        expect(fast.encodeToken(token)).toEqual(slow.encodeToken(token));
    }
    expect(opened(wordPieceFile(), { do_lower_case: true }).encodeToken('Ab')).toEqual(lower);
    expect(opened(wordPieceFile(), {}).encodeToken('Ab')).toEqual(['A', '##b'].map(idOf));
    expect(opened(wordPieceFile(), null).encodeToken('Ab')).toEqual(['A', '##b'].map(idOf));
  });

  it('follow tokenizer.json for the classes of transformers that use it as it is', () => {
    const config = { do_lower_case: true, tokenizer_class: 'PreTrainedTokenizerFast' };
    expect(opened(wordPieceFile(), config).encodeToken('Ab')).toEqual(['A', '##b'].map(idOf));
  });

  it('of an XLNet follow tokenizer_config.json too', () => {
    const plain = unigramFile([]);
    const lowered = unigramFile([{ type: 'Lowercase' }]);
    const stripped = unigramFile([{ type: 'NFKD' }, { type: 'StripAccents' }]);
    expect(opened(plain, { do_lower_case: true }).encodeToken('A')).toEqual([4, 5]);
    expect(opened(lowered, { do_lower_case: false }).encodeToken('A')).toEqual([4, 6]);
    expect(opened(stripped, { keep_accents: true }).encodeToken('é')).toEqual([4, 7]);
    expect(opened(plain, { keep_accents: false, tokenizer_class: 'XLNetTokenizer' }).encodeToken('é')).toEqual([4, 8]);
    expect(opened(plain, { keep_accents: false }).encodeToken('é')).toEqual([4, 7]);
    expect(opened(stripped, {}).encodeToken('é')).toEqual([4, 8]);
  });
});

describe('added tokens', () => {
  const size = pieces.length;
  const token = (content: string, more: Json = {}) => ({ content, single_word: false, lstrip: false, rstrip: false, normalized: true, special: false, ...more }); // prettier-ignore

  it('of tokenizer_config.json join those of tokenizer.json, and their settings count', () => {
    const file = wordPieceFile({ added_tokens: [{ id: idOf('MV'), ...token('MV') }] });
    expect(opened(file, null).encodeToken('aMV')).toEqual([idOf('a'), idOf('MV')]);
    const config = {
      added_tokens_decoder: {
        [idOf('MV')]: token('MV', { single_word: true }),
        [size]: token('<G>', { normalized: false }),
      },
    };
    const settled = opened(file, config);
    expect(settled.encodeToken('aMV')).toEqual([idOf('a'), idOf('[UNK]')].slice(1));
    expect(settled.encodeToken('a-MV')).toContain(idOf('MV'));
    expect(settled.encodeToken('a<G>b')).toEqual([idOf('a'), size, idOf('b')]);
    expect(settled.vocabularySize).toBe(size + 1);
  });

  it('named as additional specials have the id of the vocabulary, or the next one', () => {
    for (const key of ['additional_special_tokens', 'extra_special_tokens']) {
      const settled = opened(wordPieceFile(), { [key]: ['MV', '<e1>', { content: '<e2>' }] });
      expect(settled.encodeToken('aMVb')).toEqual([idOf('a'), idOf('MV'), idOf('b')]);
      expect(settled.encodeToken('<e2><e1>')).toEqual([size + 1, size]);
    }
  });

  it('that are special count as text where split_special_tokens says so', () => {
    const settled = opened(wordPieceFile(), { additional_special_tokens: ['MV'], split_special_tokens: true });
    expect(settled.encodeToken('aMVb')).toEqual([idOf('[UNK]')]);
  });

  it('across white space are found in sentences', () => {
    const settled = opened(wordPieceFile(), { added_tokens_decoder: { [size]: token('a b') } });
    expect(settled.encodeSentence(['c', 'a', 'b', 'd'])).toEqual([[idOf('c')], [size], [idOf('[UNK]')], [idOf('d')]]);
  });

  it('with ids that contradict the vocabulary or each other are refused', () => {
    const wrong = { added_tokens_decoder: { 3: token('MV') } };
    expect(refusal(() => opened(wordPieceFile(), wrong))).toMatchObject({ code: 'tokenizer/setting', got: 'number 3' });
    const file = wordPieceFile({ added_tokens: [{ id: size, ...token('<G>') }] });
    expect(refusal(() => opened(file, { added_tokens_decoder: { 3: token('<G>') } })).code).toBe('tokenizer/setting');
  });
});

describe('settings that are not obeyed', () => {
  it.each([{ never_split: ['abc'] }, { do_basic_tokenize: false }, { do_lowercase_and_remove_accent: true }])(
    'are refused: %j',
    (config) => {
      expect(refusal(() => opened(wordPieceFile(), config))).toMatchObject({ code: 'tokenizer/setting' });
    },
  );

  it('are accepted where they change nothing', () => {
    const config = { never_split: ['[SEP]'], sep_token: '[SEP]', do_basic_tokenize: true, strip_accents: null };
    expect(opened(wordPieceFile(), config).encodeToken('ab')).toEqual(['a', '##b'].map(idOf));
  });
});

it('a special that is described with settings is found as they say', () => {
  const described = { content: '[MASK]', single_word: true, lstrip: true, rstrip: false, normalized: false };
  const files = new Map([['special_tokens_map.json', bytesOf({ mask_token: described })]]);
  const config = gatheredConfig(files, null);
  const vocabulary = { name: 'vocab.txt', bytes: bytesOf(pieces.map((piece) => `${piece}\n`).join('')) };
  const tokenizer = readTokenizer(tokenizerFileOf(vocabulary, config), config, { lowerCase: false });
  expect(tokenizer.encodeToken('a-[MASK]')).toContain(idOf('[MASK]'));
  expect(tokenizer.encodeToken('a[MASK]')).not.toContain(idOf('[MASK]'));
});

it('a file of an early version, which leaves the type of its model out, is read', () => {
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  const file = wordPieceFile({ model: { unk_token: '[UNK]', max_input_chars_per_word: 100, vocab } });
  expect(opened(file, null).encodeToken('ab')).toEqual(['a', '##b'].map(idOf));
  const list = ['<unk>', '<sep>', '<cls>', '<pad>', 'a'].map((piece) => [piece, -1]);
  const unigram = bytesOf({ model: { unk_id: 0, vocab: list } });
  expect(opened(unigram, null).encodeToken('a')).toEqual([4]);
});

describe('gatheredConfig', () => {
  const gathered = (files: Readonly<Record<string, unknown>>, encoder: string | null = null): unknown => {
    const bytes = gatheredConfig(
      new Map(Object.entries(files).map(([name, value]) => [name, bytesOf(value)])),
      encoder,
    );
    return bytes && JSON.parse(new TextDecoder().decode(bytes));
  };

  it('leaves tokenizer_config.json unchanged, byte for byte, where other files add nothing', () => {
    expect(gathered({})).toBe(null);
    const own = bytesOf('{ "cls_token":"[CLS]" }');
    const map = bytesOf({ cls_token: '[CLS]', sep_token: { content: '[SEP]' } });
    expect(gatheredConfig(new Map([['tokenizer_config.json', own], ['special_tokens_map.json', map]]), null)).toBe(own); // prettier-ignore
  });

  it('adds the tokens of added_tokens.json', () => {
    const files = {
      'added_tokens.json': { '<e1>': 40, '[E]': 41 },
      'special_tokens_map.json': { additional_special_tokens: ['[E]'] },
    };
    expect(gathered(files)).toMatchObject({
      added_tokens_decoder: {
        40: { content: '<e1>', normalized: true, special: false },
        41: { content: '[E]', normalized: false, special: true },
      },
      additional_special_tokens: ['[E]'],
    });
    const listed = {
      'tokenizer_config.json': { added_tokens_decoder: { 39: { content: '<e1>' } } },
      'added_tokens.json': { '<e1>': 40 },
    };
    expect(refusal(() => gathered(listed)).code).toBe('tokenizer/setting');
  });

  it('takes names of specials from special_tokens_map.json, unless tokenizer_config.json lists its added tokens', () => {
    const map = { cls_token: '<start>', sep_token: { content: '</s>', lstrip: false } };
    expect(gathered({ 'special_tokens_map.json': map })).toEqual({ cls_token: '<start>', sep_token: '</s>' });
    const own = { cls_token: '[CLS]', added_tokens_decoder: { 2: { content: '[CLS]' } } };
    expect(gathered({ 'special_tokens_map.json': map, 'tokenizer_config.json': own })).toEqual({
      ...own,
      sep_token: '</s>',
    });
  });

  it("takes do_lower_case from the encoder's configuration where tokenizer_config.json leaves it out", () => {
    const encoder = { 'bert_config.json': { do_lower_case: true } };
    expect(gathered(encoder, 'bert_config.json')).toEqual({ do_lower_case: true });
    const own = { ...encoder, 'tokenizer_config.json': { do_lower_case: false } };
    expect(gathered(own, 'bert_config.json')).toEqual({ do_lower_case: false });
  });
});

describe('a normalizer', () => {
  const prepending = (prepend: string) => unigramFile([{ type: 'Prepend', prepend }]);

  it('that adds huge texts is refused', () => {
    expect(refusal(() => opened(prepending('x'.repeat(100_000)), null)).code).toBe('tokenizer/format');
    expect(opened(prepending('a'), null).encodeToken('A')).toEqual([4, 5, 6]);
  });

  it('that makes text grow again and again stops in words', () => {
    const doubling = Array.from({ length: 40 }, () => ({ type: 'Replace', pattern: { String: 'a' }, content: 'aa' }));
    expect(refusal(() => opened(unigramFile(doubling), null).encodeToken('a'.repeat(100))).code).toBe(
      'tokenizer/growth',
    );
  });
});
