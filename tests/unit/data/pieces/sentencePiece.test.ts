// Proves that the tokenizer made from a spiece.model equals the one made by transformers, in file and in ids, and that invalid models are refused.
import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sentencePieceTokenizer } from '../../../../src/data/pieces/sentencePiece.ts';
import { readTokenizer } from '../../../../src/data/pieces/tokenizer.ts';
import { tokenizerFileOf } from '../../../../src/data/pieces/tokenizerFile.ts';
import { LabError } from '../../../../src/util/labError.ts';
import { modelFixture } from '../../../fixtures/modelFolders.ts';
import { joined } from '../../../fixtures/safetensorsFile.ts';

const plain = { lowerCase: false, keepAccents: false };
const model = modelFixture('tokenizer/spiece.model');
const spiece = (bytes: Uint8Array<ArrayBuffer>) => ({ name: 'spiece.model', bytes });
const json = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const textBytes = (text: string) => new TextEncoder().encode(text);

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof LabError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('a small model', () => {
  it('becomes the tokenizer.json that transformers writes', () => {
    const written = json(modelFixture('tokenizer/tokenizer.json'));
    expect(sentencePieceTokenizer(model, plain)).toEqual(written);
  });

  const texts = json(modelFixture('tokenizer/texts.json')) as { readonly text: string; readonly ids: number[] }[];
  const tokenizer = readTokenizer(tokenizerFileOf(spiece(model), null), null, { lowerCase: false });
  it.each(texts)('gives the ids of transformers for $text', ({ text, ids }) => {
    const [pieces] = tokenizer.encodeSentence([text]);
    expect(pieces).toEqual(ids.length > 0 ? ids : [tokenizer.specials.unk]);
  });

  it('lowers case and keeps accents where tokenizer_config.json says so', () => {
    const types = (config: string | null) => {
      const file = json(tokenizerFileOf(spiece(model), config === null ? null : textBytes(config))) as {
        normalizer: { normalizers: { type: string }[] };
      };
      return file.normalizer.normalizers.map(({ type }) => type);
    };
    expect(types(null)).toEqual(['Replace', 'Replace', 'NFKD', 'StripAccents', 'Precompiled']);
    expect(types('{"do_lower_case":true}')).toContain('Lowercase');
    expect(types('{"keep_accents":true}')).toEqual(['Replace', 'Replace', 'Precompiled']);
  });
});

/** A message of byte fields; numbers are those of sentencepiece_model.proto. */
const field = (number: number, ...content: number[]) => Uint8Array.of(number * 8 + 2, content.length, ...content);
const piece = (text: string, score: number, type: number) =>
  field(
    1,
    ...field(1, ...textBytes(text)),
    ...[0x15, ...new Uint8Array(Float32Array.of(score).buffer)],
    ...[0x18, type],
  );
const specials = ['<unk>', '<sep>', '<cls>', '<pad>'].map((text, id) => piece(text, 0, id === 0 ? 2 : 3));

describe('pieces', () => {
  it('of a digit and a comma lose 100, as in XLNetConverter', () => {
    const pieces = ['▁12,', '7,', ',', '▁a,', '1,2'].map((text) => piece(text, -2, 1));
    const file = sentencePieceTokenizer(joined([...specials, ...pieces]), plain) as { model: { vocab: unknown[] } };
    expect(file.model.vocab.slice(4)).toEqual([
      ['▁12,', -102],
      ['7,', -102],
      [',', -2],
      ['▁a,', -2],
      ['1,2', -2],
    ]);
  });
});

describe('settings', () => {
  it('of bytes instead of unknown pieces are obeyed', () => {
    const bytes = ['<0xC3>', '<0xA9>'].map((text) => piece(text, 0, 6));
    const whole = [...specials, ...bytes, piece('▁', -1, 1), piece('a', -1, 1)];
    const ids = (trainer: Uint8Array) => {
      const file = tokenizerFileOf(spiece(joined([...whole, trainer])), textBytes('{"keep_accents":true}'));
      return readTokenizer(file, null, { lowerCase: false }).encodeToken('aé中');
    };
    // One of the bytes of 中 has no piece, and so the whole of what is unknown has none.
    expect(ids(field(2, 0x98, 0x02, 1))).toEqual([6, 7, 0]);
    expect(ids(field(2, 0x98, 0x02, 0))).toEqual([6, 7, 0]);
    const file = tokenizerFileOf(
      spiece(joined([...whole, field(2, 0x98, 0x02, 1)])),
      textBytes('{"keep_accents":true}'),
    );
    const tokenizer = readTokenizer(file, null, { lowerCase: false });
    expect(tokenizer.encodeToken('aéa')).toEqual([6, 7, 4, 5, 7]);
    expect(tokenizer.encodeSentence(['é', 'aé'])).toEqual([
      [6, 4, 5],
      [6, 7, 4, 5],
    ]);
  });

  it('of user-defined symbols and of white space are obeyed', () => {
    const whole = [...specials, piece('▁', -1, 1), piece('a', -1, 1), piece('b', -1, 1), piece('ab', 0, 4)];
    // remove_extra_whitespaces: false, which XLNet never sees.
    const file = tokenizerFileOf(spiece(joined([...whole, field(3, 0x20, 0)])), null);
    const tokenizer = readTokenizer(file, null, { lowerCase: false });
    expect(tokenizer.encodeToken('aab')).toEqual([4, 5, 7]);
    expect(tokenizer.encodeSentence(['a', 'ab'])).toEqual([[4, 5], [7]]);
  });
});

describe('a broken model', () => {
  it.each([
    ['nothing', new Uint8Array()],
    ['text', textBytes('{"model": 1}')],
    ['byte pairs instead of Unigram', joined([...specials, field(2, 0x18, 2)])],
    ['an unknown piece beyond the others', joined([...specials, field(2, 0xc0, 0x02, 9)])],
    ['a score that is no number', joined([...specials, piece('a', NaN, 1)])],
    ['a piece that is not UTF-8', joined([...specials, field(1, ...field(1, 0xff))])],
    ['a piece that is a number', joined([...specials, Uint8Array.of(0x08, 1)])],
  ])('of %s is refused', (_what, bytes) => {
    expect(codeOf(() => sentencePieceTokenizer(bytes, plain))).toBe('tokenizer/sentencepiece');
  });

  it.each([
    ['word marks behind words', field(2, 0xc0, 0x01, 1), "treat_whitespace_as_suffix: false, as XLNet's models have"],
    ['no word mark at the start', field(3, 0x18, 0), "add_dummy_prefix: true, as XLNet's models have"],
    ['spaces as they are', field(3, 0x28, 0), "escape_whitespaces: true, as XLNet's models have"],
  ])('with %s is refused by the name of the setting', (_what, bytes, expected) => {
    const refuse = () => sentencePieceTokenizer(joined([...specials, bytes]), plain);
    expect(refuse).toThrow(expect.objectContaining({ code: 'tokenizer/setting', expected }));
  });

  it('with unused pieces is refused', () => {
    expect(codeOf(() => sentencePieceTokenizer(joined([...specials, piece('a', -1, 5)]), plain))).toBe('tokenizer/sentencepiece'); // prettier-ignore
  });

  it('without <sep> or <cls> is refused by name', () => {
    expect(codeOf(() => sentencePieceTokenizer(joined(specials.slice(0, 2)), plain))).toBe('tokenizer/special');
  });

  it('is refused or read wherever it is cut and whatever byte is changed', () => {
    fc.assert(
      fc.property(fc.nat(model.byteLength - 1), fc.integer({ min: 0, max: 255 }), (at, flip) => {
        const altered = flip === 0 ? model.slice(0, at) : model.slice();
        if (flip > 0) altered[at] = (altered[at] as number) ^ flip;
        expect(codeOf(() => sentencePieceTokenizer(altered, plain))).toMatch(/^(no error|tokenizer\/.*)$/);
      }),
      { numRuns: 500 },
    );
  });
});

const folder = fileURLToPath(new URL('../../../../../shared/models/xlnet-bio-tiny/', import.meta.url));
const isHere = existsSync(`${folder}spiece.model`);
if (!isHere) console.warn(`Skipped: no spiece.model in ${folder}.`);

describe.skipIf(!isHere)("the built-in model's own spiece.model", () => {
  const fileOf = (name: string) => (isHere ? new Uint8Array(readFileSync(folder + name)) : new Uint8Array());
  const written = fileOf('tokenizer.json');
  const made = isHere ? tokenizerFileOf(spiece(fileOf('spiece.model')), null) : written;

  it('becomes its tokenizer.json', () => {
    expect(json(made)).toEqual(json(written));
  });

  it('gives the same ids for any text', () => {
    const [ours, theirs] = [made, written].map((file) => readTokenizer(file, null, { lowerCase: false }));
    const text = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.lorem({ maxCount: 4, mode: 'sentences' })), { maxLength: 6 }); // prettier-ignore
    fc.assert(
      fc.property(text, (tokens) => {
        expect(ours?.encodeSentence(tokens)).toEqual(theirs?.encodeSentence(tokens));
        for (const token of tokens) expect(ours?.encodeToken(token)).toEqual(theirs?.encodeToken(token));
      }),
      { numRuns: 500 },
    );
  });
});
