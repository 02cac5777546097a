// Proves that the tokenizer gives the piece ids of Hugging Face's own, assigns every piece to its token, and refuses invalid files.
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readTokenizer } from '../../../../src/data/pieces/tokenizer.ts';
import { LabError } from '../../../../src/util/labError.ts';

interface Case {
  readonly sentences: readonly {
    readonly tokens: readonly string[];
    readonly pieceIdsPerToken: readonly (readonly number[])[];
    readonly wholeSentencePieceIds: readonly number[];
    readonly lowerPieceIds: readonly (readonly number[])[];
  }[];
}

const root = new URL('../../../..', import.meta.url);
const bytes = (path: string): Uint8Array => readFileSync(new URL(path, root));
const tokenizerFile = bytes('public/models/xlnet-bio-tiny/tokenizer.json');
const configFile = bytes('public/models/xlnet-bio-tiny/tokenizer_config.json');
const reference = JSON.parse(readFileSync(new URL('tests/fixtures/xlnet-bio-tiny/case.json', root), 'utf8')) as Case;
const cased = readTokenizer(tokenizerFile, configFile, { lowerCase: false });
const lower = readTokenizer(tokenizerFile, configFile, { lowerCase: true });

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof LabError) return error.code;
    throw error;
  }
  return 'no error';
}

/** tokenizer.json with one change, as bytes. */
function changed(change: (json: { model: Record<string, unknown>; added_tokens: { content: string }[] }) => void) {
  const json = JSON.parse(new TextDecoder().decode(tokenizerFile)) as Parameters<typeof change>[0];
  change(json);
  return new TextEncoder().encode(JSON.stringify(json));
}

describe('readTokenizer', () => {
  it.each(reference.sentences)('encodes $tokens as transformers does', (sentence) => {
    expect(sentence.tokens.map((token) => cased.encodeToken(token))).toEqual(sentence.pieceIdsPerToken);
    expect(cased.encodeSentence(sentence.tokens).flat()).toEqual(sentence.wholeSentencePieceIds);
    expect(sentence.tokens.map((token) => lower.encodeToken(token))).toEqual(sentence.lowerPieceIds);
  });

  it('gives whole-sentence pieces back to the tokens they were cut from', () => {
    for (const { tokens, pieceIdsPerToken } of reference.sentences) {
      expect(cased.encodeSentence(tokens)).toEqual(pieceIdsPerToken);
    }
  });

  it('knows the specials and the size of the vocabulary', () => {
    expect(cased.specials).toEqual({ unk: 0, cls: 3, sep: 4, pad: 5 });
    expect(cased.vocabularySize).toBe(8000);
  });

  it('gives <unk> for tokens that normalise to nothing, without moving their neighbours', () => {
    expect(cased.encodeToken('\u200b')).toEqual([0]);
    expect(cased.encodeToken('')).toEqual([0]);
    const [of, nothing, human, last] = cased.encodeSentence(['of', '\u200b', 'human', '\u0301']);
    expect([of, nothing, human, last]).toEqual([[14], [0], [94], [0]]);
    expect(cased.encodeSentence(['\u200b'])).toEqual([[0]]);
    expect(cased.encodeSentence([])).toEqual([]);
  });

  it('normalises as the released code: doubled quotes, accents, ligatures', () => {
    expect(cased.encodeToken('``')).toEqual(cased.encodeToken('"'));
    expect(cased.encodeToken("''")).toEqual(cased.encodeToken('"'));
    expect(cased.encodeToken('café')).toEqual(cased.encodeToken('cafe'));
    expect(lower.encodeToken('CAFÉ')).toEqual(cased.encodeToken('cafe'));
  });

  it('keeps every piece and gives each token one, whatever the text', () => {
    const token = fc.oneof(
      fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }),
      fc.constantFrom('IL-2', '<sep>', '½', '中国', '😀', 'a\u00a0b', '▁', '``', "''", '\u0301x', 'ﬁ', 'İ', '<unk>'),
    );
    fc.assert(
      fc.property(
        fc.array(token, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(cased, lower),
        (tokens, tokenizer) => {
          const perToken = tokenizer.encodeSentence(tokens);
          expect(perToken).toHaveLength(tokens.length);
          for (const pieces of perToken) expect(pieces.length).toBeGreaterThan(0);
          for (const piece of perToken.flat()) {
            expect(piece).toBeGreaterThanOrEqual(0);
            expect(piece).toBeLessThan(tokenizer.vocabularySize);
          }
        },
      ),
    );
  });

  it('assigns a piece that spans two tokens to the token of its first character', () => {
    // A vocabulary with one piece across a space: with the word mark in its middle, and no pre-tokenizer to split it.
    const file = new TextEncoder().encode(
      JSON.stringify({
        model: {
          type: 'Unigram',
          unk_id: 0,
          vocab: [
            ['<unk>', 0],
            ['<sep>', 0],
            ['<cls>', 0],
            ['<pad>', 0],
            ['▁a', -3],
            ['▁b', -3],
            ['b▁c', -1],
            ['▁', -2],
            ['c', -4],
            ['d', -4],
          ],
        },
        added_tokens: [],
        normalizer: null,
        pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: false },
        post_processor: null,
        decoder: null,
      }),
    );
    const spanning = readTokenizer(file, null, { lowerCase: false });
    // ▁a | ▁ | b▁c | d : the word mark belongs to b, the piece b▁c to token b, and only d is left for token cd.
    expect(spanning.encodeSentence(['a', 'b', 'cd'])).toEqual([[4], [7, 6], [9]]);
    // The same with nothing left for c.
    expect(spanning.encodeSentence(['a', 'b', 'c'])).toEqual([[4], [7, 6], [0]]);
  });

  it('refuses files that are not such a tokenizer, and says what is wrong', () => {
    const text = (value: string): Uint8Array => new TextEncoder().encode(value);
    const options = { lowerCase: false };
    expect(codeOf(() => readTokenizer(text('{"model":'), configFile, options))).toBe('tokenizer/json');
    expect(codeOf(() => readTokenizer(new Uint8Array([0xff, 0xfe, 0x00]), configFile, options))).toBe('tokenizer/json');
    expect(codeOf(() => readTokenizer(tokenizerFile, text('no'), options))).toBe('tokenizer/json');
    expect(codeOf(() => readTokenizer(text('[]'), configFile, options))).toBe('tokenizer/format');
    const wordPiece = changed((json) => Object.assign(json.model, { type: 'WordPiece' }));
    expect(codeOf(() => readTokenizer(wordPiece, configFile, options))).toBe('tokenizer/format');
    const badVocabulary = changed((json) => Object.assign(json.model, { vocab: [['a', 'b']] }));
    expect(codeOf(() => readTokenizer(badVocabulary, configFile, options))).toBe('tokenizer/format');
    const oddNormalizer = changed((json) => Object.assign(json, { normalizer: { type: 'Mystery' } }));
    expect(codeOf(() => readTokenizer(oddNormalizer, configFile, options))).toBe('tokenizer/format');
    const otherSeparator = text(JSON.stringify({ sep_token: { content: '<end>' } }));
    expect(codeOf(() => readTokenizer(tokenizerFile, otherSeparator, options))).toBe('tokenizer/special');
    expect(codeOf(() => readTokenizer(tokenizerFile, null, options))).toBe('no error');
  });
});
