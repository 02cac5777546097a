// Simulated counts of sentences for the tests of significance.
import fc from 'fast-check';
import type { SentenceCounts } from '../../../../src/metrics/scores/spanScore.ts';
import type { PairedCounts } from '../../../../src/metrics/significance/bootstrapIntervals.ts';
import type { Rng } from '../../../../src/util/random.ts';

/** Counts of a system that finds each gold mention with probability `recall` and adds one with probability `spurious`. */
export function simulatedSystem(gold: Int32Array, rng: Rng, recall: number, spurious: number): SentenceCounts {
  const correct = gold.map((count) => {
    let found = 0;
    for (let mention = 0; mention < count; mention++) if (rng.uniform() < recall) found++;
    return found;
  });
  return { gold, correct, predicted: correct.map((found) => found + (rng.uniform() < spurious ? 1 : 0)) };
}

/** Gold counts of `sentences`, uniform over 0 to 3. */
export function simulatedGold(sentences: number, rng: Rng): Int32Array {
  return Int32Array.from({ length: sentences }, () => rng.integer(4));
}

/** Pairs of trainings on the same few sentences, with any counts that a prediction can have. */
export function smallPairs(maxSentences: number): fc.Arbitrary<PairedCounts[]> {
  const gold = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: maxSentences });
  const systemOn = (counts: readonly number[]): fc.Arbitrary<SentenceCounts> =>
    fc
      .tuple(...counts.map((count) => fc.tuple(fc.integer({ min: 0, max: count }), fc.integer({ min: 0, max: 2 }))))
      .map((found) => ({
        gold: Int32Array.from(counts),
        correct: Int32Array.from(found, ([correct]) => correct),
        predicted: Int32Array.from(found, ([correct, spurious]) => correct + spurious),
      }));
  return gold.chain((counts) =>
    fc.array(fc.record({ a: systemOn(counts), b: systemOn(counts) }), { minLength: 1, maxLength: 3 }),
  );
}
