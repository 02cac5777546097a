// Proves that every mention is in one row, of the kind given by its boundaries and type, for one system and for two in comparison.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mention } from '../../../src/data/corpus/corpus.ts';
import { lenientMentions } from '../../../src/data/corpus/tagSequences.ts';
import { compareErrors, errorKinds, pairMentions, semevalScores } from '../../../src/metrics/errorKinds.ts';
import { sentenceCounts, sharedMentions, totalCounts } from '../../../src/metrics/scores/spanScore.ts';
import { tagSequence } from '../data/corpus/taggedTexts.ts';

const at = (type: string, start: number, end: number): Mention => ({ type, start, end });

const mentions = fc.array(tagSequence(['B', 'I']).map(lenientMentions), { minLength: 3, maxLength: 3 });

const sharesToken = (left: Mention, right: Mention) => left.start < right.end && right.start < left.end;

describe('errorKinds', () => {
  it('names each kind', () => {
    const gold = [at('C', 0, 1), at('C', 2, 4), at('C', 5, 6), at('C', 7, 9), at('C', 10, 11)];
    const predicted = [at('C', 0, 1), at('C', 3, 5), at('D', 5, 6), at('D', 8, 10), at('C', 12, 13)];
    expect(
      errorKinds([gold], [predicted]).map(({ kind, gold: ours, predicted: found }) => [kind, ours, found]),
    ).toEqual([
      ['correct', gold[0], predicted[0]],
      ['boundary', gold[1], predicted[1]],
      ['type', gold[2], predicted[2]],
      ['boundaryAndType', gold[3], predicted[3]],
      ['missed', gold[4], null],
      ['spurious', null, predicted[4]],
    ]);
  });

  it('takes the best pair first, then again among what is left', () => {
    const long = at('C', 0, 6);
    // The most common tokens take precedence over the same type and over text order.
    expect(pairMentions([long], [at('C', 0, 1), at('D', 1, 6)])).toEqual([
      { kind: 'boundaryAndType', gold: long, predicted: at('D', 1, 6) },
      { kind: 'spurious', gold: null, predicted: at('C', 0, 1) },
    ]);
    // Equally many tokens: the same type.
    expect(pairMentions([long], [at('D', 0, 3), at('C', 3, 6)])).toEqual([
      { kind: 'boundary', gold: long, predicted: at('C', 3, 6) },
      { kind: 'spurious', gold: null, predicted: at('D', 0, 3) },
    ]);
    // Equally many tokens of the same type: the nearest boundaries, then the first.
    expect(pairMentions([at('C', 0, 2), at('C', 2, 6)], [at('C', 1, 3)])).toEqual([
      { kind: 'boundary', gold: at('C', 0, 2), predicted: at('C', 1, 3) },
      { kind: 'missed', gold: at('C', 2, 6), predicted: null },
    ]);
    expect(pairMentions([long], [at('C', 0, 3), at('C', 3, 6)])[0]).toEqual({
      kind: 'boundary',
      gold: long,
      predicted: at('C', 0, 3),
    });
    // The same boundaries with another type take precedence over many common tokens.
    expect(
      pairMentions([at('C', 0, 1), at('C', 1, 2)], [at('D', 0, 1), at('C', 1, 5)]).map(({ kind }) => kind),
    ).toEqual(['type', 'boundary']);
  });

  it('has every gold and every predicted mention in exactly one row, of its kind, whatever the order', () => {
    fc.assert(
      fc.property(mentions, mentions, (gold, predicted) => {
        const rows = errorKinds(gold, predicted);
        gold.forEach((ofSentence, sentence) => {
          const here = rows.filter((row) => row.sentence === sentence);
          expect(new Set(here.flatMap((row) => row.gold ?? []))).toEqual(new Set(ofSentence));
          expect(here.filter((row) => row.gold !== null)).toHaveLength(ofSentence.length);
          expect(new Set(here.flatMap((row) => row.predicted ?? []))).toEqual(new Set(predicted[sentence]));
          expect(here.filter((row) => row.predicted !== null)).toHaveLength(predicted[sentence]?.length ?? 0);
          const reversed = pairMentions([...ofSentence].reverse(), [...(predicted[sentence] ?? [])].reverse());
          expect(new Set(reversed)).toEqual(new Set(pairMentions(ofSentence, predicted[sentence] ?? [])));
        });
        for (const { kind, gold: ours, predicted: found } of rows) {
          if (ours === null || found === null) continue;
          expect(sharesToken(ours, found)).toBe(true);
          const sameBorders = ours.start === found.start && ours.end === found.end;
          const sameType = ours.type === found.type;
          expect([sameBorders, sameType]).toEqual(
            { correct: [true, true], boundary: [false, true], type: [true, false], boundaryAndType: [false, false] }[
              kind
            ],
          );
        }
        // A missed and a spurious mention that overlap would have been paired.
        const alone = rows.filter(({ kind }) => kind === 'missed' || kind === 'spurious');
        for (const { sentence, gold: ours } of alone) {
          for (const other of alone) {
            if (other.sentence !== sentence || ours === null || other.predicted === null) continue;
            expect(sharesToken(ours, other.predicted)).toBe(false);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('agrees with conlleval and with the strict and exact views on what is right', () => {
    fc.assert(
      fc.property(mentions, mentions, (gold, predicted) => {
        const kinds = errorKinds(gold, predicted).map(({ kind }) => kind);
        const correct = kinds.filter((kind) => kind === 'correct').length;
        const { strict, exact } = semevalScores(gold, predicted);
        expect(correct).toBe(totalCounts(sentenceCounts(gold, predicted)).correct);
        expect(correct).toBe(strict.correct);
        expect(correct + kinds.filter((kind) => kind === 'type').length).toBe(exact.correct);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps apart sides that share their objects', () => {
    const [first, second] = [at('C', 0, 3), at('C', 3, 6)];
    expect(errorKinds([[first, second]], [[first, second]]).map(({ kind }) => kind)).toEqual(['correct', 'correct']);
    expect(pairMentions([first], [at('C', 0, 2), second]).map(({ kind }) => kind)).toEqual(['boundary', 'spurious']);
    expect(pairMentions([at('C', 4, 6), first], [second, at('C', 0, 3)]).map(({ kind }) => kind)).toEqual([
      'correct',
      'boundary',
    ]);
  });
});

describe('compareErrors', () => {
  it('says who is right about a gold mention', () => {
    const gold = [[at('C', 0, 2), at('C', 3, 5), at('C', 6, 8), at('C', 9, 11)]];
    const a = [[at('C', 0, 2), at('C', 3, 5), at('C', 6, 7)]];
    const b = [[at('C', 0, 2), at('D', 3, 5), at('C', 6, 8)]];
    const compared = compareErrors(gold, a, b);
    expect(compared.map(({ right, a: ofA, b: ofB }) => [right, ofA?.kind, ofB?.kind])).toEqual([
      ['both', 'correct', 'correct'],
      ['a', 'correct', 'type'],
      ['b', 'boundary', 'correct'],
      ['neither', 'missed', 'missed'],
    ]);
  });

  it('says who is right about a spurious mention', () => {
    const gold = [[at('C', 10, 16)]];
    const a = [[at('C', 0, 1), at('C', 2, 4), at('C', 10, 13), at('C', 13, 16)]];
    const b = [[at('C', 3, 5), at('D', 6, 7), at('C', 10, 15)]];
    const compared = compareErrors(gold, a, b);
    expect(compared.map(({ right, a: ofA, b: ofB }) => [right, ofA?.predicted?.start, ofB?.predicted?.start])).toEqual([
      ['b', 0, undefined],
      ['neither', 2, 3],
      ['a', undefined, 6],
      ['neither', 10, 10],
      // B's own mention there has wrong boundaries.
      ['neither', 13, undefined],
    ]);
  });

  it('has every gold mention and every row of both systems once, and is the same the other way round', () => {
    fc.assert(
      fc.property(mentions, mentions, mentions, (gold, a, b) => {
        const compared = compareErrors(gold, a, b);
        expect(compared.flatMap((row) => row.gold ?? [])).toHaveLength(gold.flat().length);
        expect(compared.flatMap((row) => row.a ?? [])).toHaveLength(errorKinds(gold, a).length);
        expect(compared.flatMap((row) => row.b ?? [])).toHaveLength(errorKinds(gold, b).length);
        const rightOnly = (who: 'a' | 'b', rows: typeof compared) => rows.filter(({ right }) => right === who).length;
        const swapped = compareErrors(gold, b, a);
        expect([rightOnly('a', swapped), rightOnly('b', swapped)]).toEqual([
          rightOnly('b', compared),
          rightOnly('a', compared),
        ]);
        const both = compared.filter((row) => row.gold !== null && row.right === 'both').length;
        const expected = gold.flatMap((ofSentence, sentence) =>
          sharedMentions(sharedMentions(ofSentence, a[sentence] ?? []), b[sentence] ?? []),
        );
        expect(both).toBe(expected.length);
      }),
      { numRuns: 200 },
    );
  });
});
