// Proves that the tokens that a search matches are marked.
import { describe, expect, it } from 'vitest';
import type { Sentence } from '../../../../src/data/corpus/corpus.ts';
import { matchedTokens } from '../../../../src/ui/parts/SentenceLine.tsx';

describe('matchedTokens', () => {
  const sentence: Sentence = { tokens: ['Early', 'onset', 'disease', 'is', 'early'], mentions: [] };

  it('marks every token a match touches, across spaces and more than once', () => {
    expect([...matchedTokens(sentence, 'early')].sort()).toEqual([0, 4]);
    expect([...matchedTokens(sentence, 'Y ons')]).toEqual([0, 1]);
    expect([...matchedTokens(sentence, 'set disease i')]).toEqual([1, 2, 3]);
    expect(matchedTokens(sentence, 'rare').size).toBe(0);
    expect(matchedTokens(sentence, ' ').size).toBe(0);
  });
});
