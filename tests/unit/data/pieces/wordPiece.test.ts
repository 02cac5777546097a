// Proves that the tokenizer made from a vocab.txt equals the one made by transformers, in file and in ids, and that invalid vocabularies are refused.
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readTokenizer } from '../../../../src/data/pieces/tokenizer.ts';
import { tokenizerFileOf } from '../../../../src/data/pieces/tokenizerFile.ts';
import { LabError } from '../../../../src/util/labError.ts';

interface Case {
  readonly name: string;
  /** tokenizer_config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly vocabulary: readonly string[];
  /** tokenizer.json as written by transformers. */
  readonly tokenizer: { readonly normalizer: Readonly<Record<string, unknown>> };
  readonly texts: readonly { readonly text: string; readonly ids: number[] }[];
}

const cases = JSON.parse(
  readFileSync(new URL('../../../fixtures/bert/tokenizers.json', import.meta.url), 'utf8'),
) as readonly Case[];
const caseOf = (name: string): Case => cases.find((known) => known.name === name) as Case;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const vocabularyFile = (pieces: readonly string[], ending = '\n') => ({
  name: 'vocab.txt',
  bytes: bytesOf(pieces.map((piece) => piece + ending).join('')),
});
const json = (bytes: Uint8Array): Case['tokenizer'] => JSON.parse(new TextDecoder().decode(bytes)) as Case['tokenizer'];
const configFile = (config: Case['config']) => bytesOf(JSON.stringify(config));
const made = ({ vocabulary, config }: Case) => tokenizerFileOf(vocabularyFile(vocabulary), configFile(config));
const reader = (known: Case, lowerCase = false) => readTokenizer(made(known), configFile(known.config), { lowerCase });

function refusal(read: () => unknown): LabError {
  try {
    read();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe.each(cases)('the vocabulary $name', (known) => {
  it('becomes the tokenizer.json that transformers writes', () => {
    expect(json(made(known))).toEqual(known.tokenizer);
  });

  const tokenizer = reader(known);
  it.each(known.texts)('gives the ids of transformers for $text', ({ text, ids }) => {
    expect(tokenizer.encodeToken(text)).toEqual(ids.length > 0 ? ids : [tokenizer.specials.unk]);
  });

  it('gives the ids of transformers for whole sentences, each token with its own', () => {
    for (const { text, ids } of known.texts) {
      const tokens = text
        .split(' ')
        .filter((token) => tokenizer.encodeToken(token).join() !== String(tokenizer.specials.unk));
      const unknown = tokens.length < text.split(' ').length;
      const perToken = tokenizer.encodeSentence(tokens);
      expect(perToken).toEqual(tokens.map((token) => tokenizer.encodeToken(token)));
      if (!unknown) expect(perToken.flat()).toEqual(ids);
    }
  });
});

describe('a vocabulary', () => {
  it('has specials, and as many pieces as lines', () => {
    const { specials, vocabularySize } = reader(caseOf('own specials'));
    const { vocabulary } = caseOf('own specials');
    const named = ['<q>', '<end>', '<cls>', '<nil>'].map((piece) => vocabulary.indexOf(piece));
    expect([specials.unk, specials.sep, specials.cls, specials.pad]).toEqual(named);
    expect(vocabularySize).toBe(vocabulary.length);
  });

  it('tells by its capitals whether text is lower-cased, where nothing else does', () => {
    const lowerCased = (pieces: readonly string[], config: Case['config'] = {}) =>
      json(tokenizerFileOf(vocabularyFile(pieces), configFile(config))).normalizer.lowercase;
    expect(lowerCased(caseOf('uncased').vocabulary)).toBe(true);
    expect(lowerCased([...caseOf('uncased').vocabulary, '[unusedA]'])).toBe(true);
    expect(lowerCased(caseOf('cased').vocabulary)).toBe(false);
    expect(lowerCased(caseOf('cased').vocabulary, { do_lower_case: true })).toBe(true);
  });

  it('is the same whatever ends its lines', () => {
    const { vocabulary } = caseOf('cased');
    const file = tokenizerFileOf(vocabularyFile(vocabulary), null);
    expect(tokenizerFileOf(vocabularyFile(vocabulary, '\r\n'), null)).toEqual(file);
    const cut = { name: 'vocab.txt', bytes: bytesOf(vocabulary.join('\n')) };
    expect(tokenizerFileOf(cut, null)).toEqual(file);
  });

  it('is refused when it is no text, empty, or without a special', () => {
    const { vocabulary } = caseOf('cased');
    const broken = { name: 'vocab.txt', bytes: Uint8Array.of(0xff, 0xfe, 0x0a) };
    expect(refusal(() => tokenizerFileOf(broken, null)).code).toBe('tokenizer/wordpiece');
    expect(refusal(() => tokenizerFileOf(vocabularyFile([]), null)).code).toBe('tokenizer/wordpiece');
    const without = vocabulary.filter((piece) => piece !== '[SEP]');
    expect(refusal(() => tokenizerFileOf(vocabularyFile(without), null))).toMatchObject({
      code: 'tokenizer/special',
      expected: '[SEP]',
    });
    const odd = configFile({ do_lower_case: 'no' });
    expect(refusal(() => tokenizerFileOf(vocabularyFile(vocabulary), odd)).code).toBe('tokenizer/format');
  });
});

it('a cased vocabulary reads lower-cased text where a run asks for it', () => {
  const tokenizer = reader(caseOf('cased'), true);
  expect(tokenizer.encodeToken('LEAF')).toEqual(reader(caseOf('cased')).encodeToken('leaf'));
});

it('every token has a piece, and the pieces it has alone, whatever the text', () => {
  const token = fc.oneof(
    fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }),
    fc.constantFrom('IL-2', '[SEP]', '[UNK]', '##s', '中国', '\u200b', '\u0301', '😀', 'a\u00a0b', 'İ', 'ΑΣ'),
  );
  const tokenizers = cases.map((known) => reader(known));
  fc.assert(
    fc.property(fc.array(token, { maxLength: 6 }), fc.constantFrom(...tokenizers), (tokens, tokenizer) => {
      const perToken = tokenizer.encodeSentence(tokens);
      expect(perToken).toEqual(tokens.map((each) => tokenizer.encodeToken(each)));
      for (const pieces of perToken) expect(pieces.length).toBeGreaterThan(0);
      for (const piece of perToken.flat()) expect(piece).toBeLessThan(tokenizer.vocabularySize);
    }),
  );
});
