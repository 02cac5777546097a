// Proves which words and characters get a row, which of them are trained, how tokens are looked up, and what coverage counts.
import { describe, expect, it } from 'vitest';
import { makeTagSet } from '../../../../src/data/corpus/tagScheme.ts';
import { wordTokenizerFile } from '../../../../src/data/pieces/pieceModels.ts';
import { buildSequences } from '../../../../src/data/pieces/sequences.ts';
import { readTokenizer } from '../../../../src/data/pieces/tokenizer.ts';
import {
  countTokens,
  spellingsIn,
  spellingsOf,
  wordVocabulary,
  type WordVectors,
} from '../../../../src/data/words/baselines.ts';
import { batchCharacters, padBatch } from '../../../../src/training/batches.ts';

const sentence = (text: string) => ({ tokens: text.split(' '), mentions: [] });
const train = countTokens([[sentence('The ague of the Brann 1847 moor'), sentence('Of moor and moor')]]);
const others = countTokens([[sentence('the fen of 23 ague ague')]]);
const vector = (value: number): Float32Array => Float32Array.of(value, -value);
const given: WordVectors = {
  format: 'GloVe text',
  dimensions: 2,
  fileWords: 9,
  vectors: new Map([['the', vector(1)], ['of', vector(2)], ['0000', vector(3)], ['fen', vector(4)], ['frequent', vector(5)]]), // prettier-ignore
  composed: new Map([['ague', vector(6)]]),
};

describe('wordVocabulary', () => {
  it('has training words with a vector or two occurrences, then words with a vector that are not trained', () => {
    const { words, trained, given: rows } = wordVocabulary({ train, others }, given, true);
    expect(words.slice(2, trained)).toEqual(['moor', '1847', 'Of', 'The', 'ague', 'of', 'the']);
    expect(words.slice(trained)).toEqual(['fen', '0000', 'frequent']);
    const ofWord = (word: string) => rows[words.indexOf(word)];
    expect([ofWord('The'), ofWord('the')]).toEqual([vector(1), vector(1)]);
    expect([ofWord('1847'), ofWord('ague'), ofWord('moor')]).toEqual([vector(3), vector(6), null]);
  });

  it('trains no word where the network does not, and every word where there are no vectors', () => {
    expect(wordVocabulary({ train, others }, given, false).trained).toBe(2);
    const without = wordVocabulary({ train, others }, null, false);
    expect(without.words.slice(2)).toEqual(['moor']);
    expect(without.trained).toBe(3);
    expect(without.coverage).toBeNull();
  });

  it('counts how tokens of all splits are found', () => {
    const { coverage } = wordVocabulary({ train, others }, given, true);
    expect(coverage).toEqual({
      all: { types: 11, tokens: 17 },
      asSpelled: { types: 3, tokens: 5 },
      otherwiseSpelled: { types: 3, tokens: 3 },
      composed: { types: 1, tokens: 3 },
      without: { types: 4, tokens: 6 },
    });
  });

  it('asks a file for every spelling, and has characters that occur twice in training text', () => {
    expect(spellingsOf('Brann-18')).toEqual(['Brann-18', 'brann-18', 'brann-00']);
    expect([...spellingsIn([countTokens([[sentence('A a')]])])]).toEqual(['A', 'a']);
    const { characters } = wordVocabulary({ train: countTokens([[sentence('aab bc')]]), others }, null, true);
    expect(characters).toEqual(['a', 'b']);
  });
});

describe('the tokenizer of words', () => {
  const file = wordTokenizerFile({ words: [' padding', ' unknown', 'The', 'the', 'of', 'x0', '__proto__'], characters: ['t', 'h', 'T'], longest: 4 }); // prettier-ignore
  const tokenizer = readTokenizer(file, null, { lowerCase: false });

  it('finds a token as spelled, in lower case, with digits as 0, and else not', () => {
    const rows = ['The', 'THE', 'of', 'X7', 'fen', '__proto__', 'constructor'].map((token) =>
      tokenizer.encodeToken(token),
    );
    expect(rows.flat()).toEqual([2, 3, 4, 5, 1, 6, 1]);
    expect(readTokenizer(file, null, { lowerCase: true }).encodeToken('The')).toEqual([3]);
    expect(tokenizer.vocabularySize).toBe(7);
  });

  it('gives the characters of a token, of long ones the first', () => {
    expect(tokenizer.characters?.count).toBe(5);
    expect([...(tokenizer.characters?.spell('Ththth𝛼') ?? [])]).toEqual([4, 3, 2, 3]);
    expect([...(tokenizer.characters?.spell('t𝛼t') ?? [])]).toEqual([2, 1, 2]);
  });

  it('gives sequences with characters and no specials, which a batch lists once for each word', () => {
    const sentences = [sentence('the Thh the'), sentence('of')];
    const config = { labelMode: 'first', encoding: 'token', layout: 'sentence', maxPieces: 16, specials: 'none', specialsInLoss: false } as const; // prettier-ignore
    const { sequences } = buildSequences(sentences, makeTagSet(['Disease'], 'IOB2', 'first'), tokenizer, config);
    expect(sequences.map(({ pieceIds }) => [...pieceIds])).toEqual([[3, 1, 3], [4]]);
    const { characters, pieces } = padBatch(sequences, [0, 1]);
    expect(characters).toMatchObject({ words: 4, longest: 3 });
    expect([...(characters?.counts ?? [])]).toEqual([0, 3, 3, 2]);
    expect([...(characters?.ids ?? [])]).toEqual([0, 0, 0, 2, 3, 1, 4, 3, 3, 1, 1, 0]);
    expect([...(characters?.rows.subarray(0, 4) ?? [])]).toEqual([1, 2, 1, 0]);
    expect(characters?.rows[pieces]).toBe(3);
    expect(batchCharacters([[]], 16)).toMatchObject({ words: 1, longest: 1 });
  });

  it('is refused without words, or with other members', () => {
    const broken = new TextEncoder().encode(
      JSON.stringify({ model: { type: 'Words', words: ['x'], characters: [], longest: 4 } }),
    );
    expect(() => readTokenizer(broken, null, { lowerCase: false })).toThrow(/tokenizer this lab can run/);
  });
});
