// Proves that the sentence search finds what a plain scan finds, page by page, and that the length histogram loses no sentence.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnalysisInputs } from '../../../src/analysis/analysisInputs.ts';
import { lengthHistogram, searchSentences, sentenceQuestions } from '../../../src/analysis/sentenceQuestions.ts';
import type { Sentence } from '../../../src/data/corpus/corpus.ts';
import { fakeSentences } from '../../fixtures/fakeRecords.ts';

const types = ['Disease', 'Cell'];
const sentences = fakeSentences(300, types, 5);
const everything = { text: '', type: null, withMentions: false };

describe('searchSentences', () => {
  it('finds the same sentences as a scan of the joined tokens', () => {
    const texts = sentences.map(({ tokens }) => tokens.join(' ').toLowerCase());
    const piece = fc.constantFrom('the', 'BRANN syn', 'e o', 'zzz', '. ', 'kinase');
    fc.assert(
      fc.property(piece, fc.constantFrom(null, ...types), fc.boolean(), (text, type, withMentions) => {
        const expected = sentences.flatMap(({ mentions }, index) => {
          const has = type === null || mentions.some((mention) => mention.type === type);
          const wanted = texts[index]?.includes(text.trim().toLowerCase()) === true;
          return has && wanted && (!withMentions || mentions.length > 0) ? [index] : [];
        });
        expect(searchSentences(sentences, { text, type, withMentions })).toEqual(expected);
      }),
    );
  });

  it('finds all without a question', () => {
    expect(searchSentences(sentences, everything)).toHaveLength(sentences.length);
  });
});

describe('A page of sentences', () => {
  const inputs: AnalysisInputs = {
    sentences: (_task, split) => Promise.resolve(split === 'train' ? sentences : []),
    predicted: () => Promise.reject(new Error('not asked')),
    probabilities: () => Promise.reject(new Error('not asked')),
  };

  it('is that part of the matches, with their positions in the split', async () => {
    const filter = { text: '', type: 'Cell', withMentions: true };
    const matches = searchSentences(sentences, filter);
    const { page } = sentenceQuestions(inputs);
    const answer = await page({ corpusId: 'moss', split: 'train', filter, first: 5, count: 3 });
    expect(answer.total).toBe(matches.length);
    expect(answer.lines).toEqual(matches.slice(5, 8).map((index) => ({ index, sentence: sentences[index] })));
    expect((await page({ corpusId: 'moss', split: 'test', filter, first: 0, count: 3 })).total).toBe(0);
  });

  it('has the lengths of all splits', async () => {
    const { lengths } = sentenceQuestions(inputs);
    expect(await lengths({ corpusId: 'moss' })).toEqual(lengthHistogram({ train: sentences, devel: [], test: [] }));
  });
});

describe('lengthHistogram', () => {
  const ofLengths = (lengths: readonly number[]): Sentence[] =>
    lengths.map((length) => ({ tokens: Array.from({ length }, () => 'x'), mentions: [] }));

  it('puts every sentence into the bin that holds its length', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 40 });
    fc.assert(
      fc.property(lengths, lengths, (train, test) => {
        const { bins, longest } = lengthHistogram({ train: ofLengths(train), devel: [], test: ofLengths(test) });
        expect(bins.length).toBeLessThanOrEqual(40);
        expect(longest).toBe(Math.max(0, ...train, ...test));
        for (const { from, to, train: counted } of bins) {
          expect(counted).toBe(train.filter((length) => length >= from && length <= to).length);
        }
        expect(bins.reduce((sum, bin) => sum + bin.test, 0)).toBe(test.length);
      }),
    );
  });

  it('takes the lower median over all splits', () => {
    expect(lengthHistogram({ train: ofLengths([9, 1]), devel: ofLengths([4]), test: ofLengths([6]) }).median).toBe(4);
    expect(lengthHistogram({ train: [], devel: [], test: [] })).toEqual({ bins: [], longest: 0, median: 0 });
  });
});
