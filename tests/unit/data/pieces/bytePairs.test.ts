// Proves that the tokenizers of RoBERTa, ModernBERT and DeBERTa-v3 give the ids of Hugging Face's, and that each piece belongs to its token.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { byteText, visibleBytes, type PieceTokenizer } from '../../../../src/data/pieces/pieceModels.ts';
import { readTokenizer } from '../../../../src/data/pieces/tokenizer.ts';
import { tokenizerFileOf } from '../../../../src/data/pieces/tokenizerFile.ts';

interface Encoded {
  readonly sentences: readonly (readonly number[])[];
  readonly tokens: readonly (readonly number[])[];
}
interface Fixture {
  readonly texts: readonly string[];
  readonly roberta: Encoded & { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly string[] };
  readonly modernbert: Encoded & { readonly tokenizer: unknown };
  readonly deberta: { readonly spm: string; readonly plain: Encoded; readonly lowerSplit: Encoded };
}

const fixture = JSON.parse(readFileSync(new URL('../../../fixtures/pieces/bpe.json', import.meta.url), 'utf8')) as Fixture; // prettier-ignore
const { texts, roberta, modernbert, deberta } = fixture;
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const json = (value: unknown): Uint8Array<ArrayBuffer> => bytes(JSON.stringify(value));
const read = (file: Uint8Array, config: Uint8Array | null = null): PieceTokenizer => readTokenizer(file, config, { lowerCase: false }); // prettier-ignore

const vocabulary = { name: 'vocab.json', bytes: json(roberta.vocab) };
const merges = bytes(['#version: 0.2', ...roberta.merges, ''].join('\n'));
const spm = { name: 'spm.model', bytes: Uint8Array.from(atob(deberta.spm), (character) => character.charCodeAt(0)) };
const masked = { added_tokens_decoder: { 110: { content: '[MASK]', special: true } } };
const lowerSplit = json({ ...masked, do_lower_case: true, split_by_punct: true });

const cases: readonly (readonly [string, PieceTokenizer, Encoded])[] = [
  ['RoBERTa, from vocab.json and merges.txt', read(tokenizerFileOf(vocabulary, null, merges)), roberta],
  ['ModernBERT, from tokenizer.json', read(json(modernbert.tokenizer)), modernbert],
  ['DeBERTa-v3, from spm.model', read(tokenizerFileOf(spm, json(masked)), json(masked)), deberta.plain],
  ['DeBERTa-v3, lower-cased and split at punctuation', read(tokenizerFileOf(spm, lowerSplit), lowerSplit), deberta.lowerSplit], // prettier-ignore
];

describe.each(cases)('%s', (_, tokenizer, expected) => {
  it('gives the ids of a text, alone and as a sentence of one token', () => {
    for (const [index, text] of texts.entries()) {
      const orUnknown = (ids: readonly number[] | undefined): readonly number[] => ids?.length ? ids : [tokenizer.specials.unk]; // prettier-ignore
      expect([text, tokenizer.encodeToken(text)]).toEqual([text, orUnknown(expected.tokens[index])]);
      expect([text, tokenizer.encodeSentence([text])[0]]).toEqual([text, orUnknown(expected.sentences[index])]);
    }
  });

  it('gives the ids of a sentence, every one to the token of its first character', () => {
    for (const [index, text] of texts.entries()) {
      const tokens = text.split(' ');
      // Such tokens have nothing to be seen: they get an unknown piece that the whole text has not.
      if (tokens.some((token) => /^[\s▁]*$/u.test(token))) continue;
      const byToken = tokenizer.encodeSentence(tokens);
      expect([text, byToken.flat()]).toEqual([text, expected.sentences[index]]);
      expect(byToken.every((ids) => ids.length > 0)).toBe(true);
    }
    const sentence = ['the', 'naïve', 'T-cell', 'café', "they've", '中国', 'rot'];
    const later = tokenizer.encodeSentence(['x', ...sentence]).slice(1);
    expect(later).toEqual(sentence.map((token) => tokenizer.encodeToken(token)));
  });
});

describe('a byte-level BPE tokenizer', () => {
  it('has the special pieces of its family, and as many ids as its embedding needs', () => {
    expect(cases[0]?.[1].specials).toEqual({ unk: 3, sep: 2, cls: 0, pad: 1 });
    expect(cases[1]?.[1].specials).toEqual({ unk: 0, sep: 2, cls: 1, pad: 3 });
    expect(cases[2]?.[1].specials).toEqual({ unk: 3, sep: 2, cls: 1, pad: 0 });
    expect(cases[1]?.[1].vocabularySize).toBe(422);
    expect(cases[2]?.[1].vocabularySize).toBe(111);
  });

  it('follows add_prefix_space of tokenizer_config.json for a whole sentence', () => {
    const config = json({ tokenizer_class: 'RobertaTokenizer', add_prefix_space: true });
    const prefixed = read(tokenizerFileOf(vocabulary, null, merges), config);
    expect(prefixed.encodeSentence(['gene'])).toEqual([prefixed.encodeToken('gene')]);
    expect(cases[0]?.[1].encodeSentence(['gene'])).not.toEqual([prefixed.encodeToken('gene')]);
  });

  it('writes each byte as a letter, and takes only white space away from what is seen', () => {
    expect(byteText('a é\n')).toBe('aĠÃ©Ċ');
    expect(visibleBytes(byteText('a é\n'))).toBe('aÃ©');
    expect(new Set(Array.from({ length: 0x800 }, (_, code) => byteText(String.fromCharCode(code)))).size).toBe(0x800);
  });

  it.each([
    ['merges a piece that it does not list', { merges: ['q x'] }, 'the piece'],
    ['does not work on bytes', {}, 'ByteLevel'],
    ['drops merges at random', { dropout: 0.1 }, 'Unigram, WordPiece or byte-level BPE'],
  ])('that %s is refused', (_, changes, expected) => {
    const file = {
      model: { type: 'BPE', vocab: { a: 0, q: 1, x: 2 }, merges: [], ...changes },
      pre_tokenizer: 'merges' in changes ? { type: 'ByteLevel' } : null,
    };
    expect(() => read(json(file))).toThrow(expect.objectContaining({ code: 'tokenizer/format', expected: expect.stringContaining(expected) as string }) as Error); // prettier-ignore
  });

  it('refuses a word of 20,001 bytes instead of working for minutes', () => {
    const long = (): unknown => cases[0]?.[1].encodeToken('a'.repeat(20_001));
    expect(long).toThrow(expect.objectContaining({ code: 'tokenizer/long-text' }) as Error);
  });
});
