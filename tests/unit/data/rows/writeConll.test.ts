// Proves that written rows are read back as the same sentences, mentions and tags, and that columns of unequal length are refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mention } from '../../../../src/data/corpus/corpus.ts';
import { mentionsToTags } from '../../../../src/data/corpus/tagScheme.ts';
import { readConll, writeConll } from '../../../../src/data/rows/conll.ts';
import { predictionRows } from '../../../../src/metrics/scores/scoreSplit.ts';

const token = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom('a', 'ß', '-', '7', 'β', '.') });
const sentence = fc.array(token, { minLength: 1, maxLength: 12 }).map((tokens) => ({ tokens: ['word', ...tokens] }));

/** Flat mentions: every third token begins one of two tokens. */
const mentionsIn = (tokens: readonly string[]): Mention[] =>
  tokens.flatMap((_, at) =>
    at % 3 === 1 && at + 1 < tokens.length ? [{ type: 'Disease', start: at, end: at + 2 }] : [],
  );

describe('writeConll', () => {
  it('writes what readConll reads', () => {
    fc.assert(
      fc.property(fc.array(sentence, { minLength: 1, maxLength: 6 }), (sentences) => {
        const whole = sentences.map(({ tokens }) => ({ tokens, mentions: mentionsIn(tokens) }));
        const tags = whole.map(({ tokens, mentions }) => mentionsToTags(mentions, tokens.length, 'IOB2'));
        const found = readConll(new TextEncoder().encode(writeConll(whole, [tags])), 'written.tsv');
        expect(found.sentences).toEqual(whole);
        expect(found.issues.listed).toEqual([]);
      }),
    );
  });

  it('writes gold and predicted tags as conlleval reads them', () => {
    fc.assert(
      fc.property(fc.array(sentence, { minLength: 1, maxLength: 6 }), (sentences) => {
        const gold = sentences.map(({ tokens }) => mentionsToTags(mentionsIn(tokens), tokens.length, 'IOBES'));
        const predicted = sentences.map(({ tokens }) => tokens.map((_, at) => (at % 2 === 0 ? 'O' : 'S-Disease')));
        expect(predictionRows(writeConll(sentences, [gold, predicted]))).toEqual({ gold, predicted });
      }),
    );
  });

  it('refuses a column with a tag too few, and says where', () => {
    const sentences = [{ tokens: ['a'] }, { tokens: ['b', 'c'] }];
    expect(() => writeConll(sentences, [[['O'], ['O']]])).toThrow(
      expect.objectContaining({ code: 'data/join', expected: '2 tags', got: '1' }),
    );
  });
});
