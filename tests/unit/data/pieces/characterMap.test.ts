// Proves that the character map of a SentencePiece model is applied to what a reader sees as a character, and that damaged maps are refused.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { characterMapOfBase64, readCharacterMap } from '../../../../src/data/pieces/normalizer.ts';
import { LabError } from '../../../../src/util/labError.ts';

const tokenizer = JSON.parse(
  readFileSync(new URL('../../../../public/models/xlnet-bio-tiny/tokenizer.json', import.meta.url), 'utf8'),
) as { readonly normalizer: { readonly normalizers: readonly { readonly precompiled_charsmap?: string }[] } };
const packed = tokenizer.normalizer.normalizers.find((step) => step.precompiled_charsmap)?.precompiled_charsmap ?? '';
const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));

describe('the map of nmt_nfkc', () => {
  const map = characterMapOfBase64(packed);

  it.each([
    ['Aspirin', 'Aspirin'],
    ['ﬁrst ½ ① ℃', 'first 1⁄2 1 °C'],
    // A letter with its mark is composed; the marks of a longer group are looked up one by one.
    ['e\u0301', 'é'],
    ['a\u200bb\u00a0c\r\nd', 'a b c d'],
    ['～', '～'],
    ['\u0007x', 'x'],
    ['😀中', '😀中'],
    ['', ''],
  ])('%j becomes %j', (text, expected) => {
    expect(map(text)).toBe(expected);
  });

  it('gives for a text what it gives for its words', () => {
    const word = fc.stringMatching(/^[a-zA-Zα-ωÀ-ÿﬁ½①㎎]{1,6}$/u);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (words) => {
        expect(map(words.join('-'))).toBe(words.map(map).join('-'));
      }),
    );
  });
});

describe('a damaged map', () => {
  const codeOf = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof LabError) return error.code;
      throw error;
    }
    return 'no error';
  };

  it.each([
    ['nothing', new Uint8Array()],
    ['a size alone', Uint8Array.of(4, 0, 0, 0)],
    ['a trie of half a unit', Uint8Array.of(2, 0, 0, 0, 0, 0)],
    ['a trie beyond its end', Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 0)],
  ])('of %s is refused', (_what, damaged) => {
    expect(codeOf(() => readCharacterMap(damaged))).toBe('tokenizer/format');
  });

  it('in text that is not base64 is refused', () => {
    expect(codeOf(() => characterMapOfBase64('%%%'))).toBe('tokenizer/format');
  });

  it('is refused or read wherever it is cut and whatever byte is changed, and comes to an end', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.string({ unit: 'binary' }), (at, flip, text) => {
        const altered = flip === 0 ? bytes.slice(0, at) : bytes.slice();
        if (flip > 0) altered[at] = (altered[at] as number) ^ flip;
        const run = () => readCharacterMap(altered)(`ﬁ½Aé${text}`);
        expect(codeOf(run)).toMatch(/^(no error|tokenizer\/format)$/);
      }),
      { numRuns: 100 },
    );
  }, 30_000);
});
