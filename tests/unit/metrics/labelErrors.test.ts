// Proves that doubts name every difference between annotation and prediction once, and that spoiled annotations rank before others.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelDoubts, type ProbableMention } from '../../../src/metrics/calibration.ts';
import { Rng } from '../../../src/util/random.ts';

const at = (start: number, end: number, confidence: number, type = 'Plant'): ProbableMention => ({ type, start, end, confidence }); // prettier-ignore
const bare = ({ type, start, end }: ProbableMention) => ({ type, start, end });

describe('doubts', () => {
  it('rank by what is found instead, and last where nothing is, the less probable annotation first', () => {
    const annotated = [[at(0, 2, 0.1), at(4, 5, 0.7)], [], [at(1, 2, 0.9), at(5, 6, 0.2)]];
    const predicted = [[at(0, 1, 0.8), at(6, 7, 0.95)], [at(3, 4, 0.5)], [at(1, 2, 0.9)]];
    const doubts = labelDoubts(
      annotated.map((mentions) => ({ mentions: mentions.map(bare) })),
      annotated.map((mentions) => mentions.map(({ confidence }) => confidence)),
      predicted,
    );
    expect(doubts).toEqual([
      { sentence: 0, annotated: null, predicted: at(6, 7, 0.95), score: 0.95 },
      { sentence: 0, annotated: at(0, 2, 0.1), predicted: at(0, 1, 0.8), score: 0.8 },
      { sentence: 1, annotated: null, predicted: at(3, 4, 0.5), score: 0.5 },
      { sentence: 2, annotated: at(5, 6, 0.2), predicted: null, score: 0 },
      { sentence: 0, annotated: at(4, 5, 0.7), predicted: null, score: 0 },
    ]);
  });

  it('name each annotated mention that is not predicted, and each predicted one that overlaps no annotated one, once', () => {
    const flat = fc
      .array(
        fc.record({
          gap: fc.nat(2),
          length: fc.integer({ min: 1, max: 2 }),
          p: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        { maxLength: 4 },
      )
      .map((parts) => {
        let from = 0;
        return parts.map(({ gap, length, p }) => {
          const start = from + gap;
          from = start + length;
          return at(start, from, p);
        });
      });
    fc.assert(
      fc.property(flat, flat, (annotated, predicted) => {
        const probabilities = [annotated.map(({ confidence }) => confidence)];
        const doubts = labelDoubts([{ mentions: annotated.map(bare) }], probabilities, [predicted]);
        const key = ({ start, end }: ProbableMention) => `${start}-${end}`;
        const overlaps = (one: ProbableMention) => annotated.some((other) => one.start < other.end && other.start < one.end); // prettier-ignore
        const same = new Set(predicted.map(key));
        expect(doubts.flatMap((one) => one.annotated ?? []).map(key).sort()).toEqual(annotated.filter((one) => !same.has(key(one))).map(key).sort()); // prettier-ignore
        const alone = doubts.filter((one) => one.annotated === null).flatMap((one) => one.predicted ?? []);
        expect(alone.map(key).sort()).toEqual(
          predicted
            .filter((one) => !overlaps(one))
            .map(key)
            .sort(),
        );
        const scores = doubts.map(({ score }) => score);
        expect(scores).toEqual([...scores].sort((left, right) => right - left));
      }),
    );
  });

  it('put annotations that were spoiled on purpose first, under a tagger that is mostly right', () => {
    const rng = Rng.seeded(5);
    const truth = Array.from({ length: 400 }, () => (rng.uniform() < 0.7 ? [at(1, 2 + rng.integer(2), 0.6 + 0.4 * rng.uniform())] : [])); // prettier-ignore
    const predicted = truth.map((mentions) => (rng.uniform() < 0.05 ? [at(5, 6, 0.5 * rng.uniform())] : mentions));
    const isSpoiled = truth.map((mentions) => mentions.length > 0 && rng.uniform() < 0.1);
    const annotated = truth.map((mentions, index) => (isSpoiled[index] === true ? [] : mentions));
    const doubts = labelDoubts(
      annotated.map((mentions) => ({ mentions: mentions.map(bare) })),
      annotated.map((mentions) => mentions.map(({ confidence }) => confidence)),
      predicted,
    );
    const count = isSpoiled.filter((is) => is).length;
    const hits = doubts.slice(0, count).filter(({ sentence }) => isSpoiled[sentence] === true).length;
    expect(count).toBeGreaterThan(15);
    expect(hits / count).toBeGreaterThan(0.75);
  });
});
