// Proves that counts of sentences add up to conlleval's, for any tags.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lenientMentions } from '../../../../src/data/corpus/tagSequences.ts';
import { conlleval } from '../../../../src/metrics/scores/scoreSplit.ts';
import { sentenceCounts, spanScore, totalCounts } from '../../../../src/metrics/scores/spanScore.ts';
import { tagSequence } from '../../data/corpus/taggedTexts.ts';

describe('sentenceCounts', () => {
  it('counts gold, predicted and right mentions of each sentence', () => {
    const at = (type: string, start: number, end: number) => ({ type, start, end });
    expect(
      sentenceCounts(
        [[at('C', 0, 1), at('D', 2, 4)], [], [at('C', 0, 2)]],
        [[at('C', 0, 1), at('C', 2, 4), at('D', 5, 6)], [at('C', 1, 2)], [at('C', 0, 1)]],
      ),
    ).toEqual({
      gold: Int32Array.of(2, 0, 1),
      predicted: Int32Array.of(3, 1, 1),
      correct: Int32Array.of(1, 0, 0),
    });
  });

  it('adds up to the counts and scores of conlleval', () => {
    const sentence = tagSequence(['B', 'I', 'E', 'S']).chain((gold) =>
      tagSequence(['B', 'I', 'E', 'S']).map((other) => ({
        gold,
        predicted: gold.map((tag, index) => other[index] ?? tag),
      })),
    );
    fc.assert(
      fc.property(fc.array(sentence, { maxLength: 8 }), (sentences) => {
        const gold = sentences.map((tags) => tags.gold);
        const predicted = sentences.map((tags) => tags.predicted);
        const counts = sentenceCounts(gold.map(lenientMentions), predicted.map(lenientMentions));
        expect(spanScore(totalCounts(counts))).toEqual(conlleval(gold, predicted).entities.overall);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses sides of different sentences', () => {
    expect(() => sentenceCounts([[], []], [[]])).toThrow(expect.objectContaining({ code: 'metrics/sentences' }));
  });
});
