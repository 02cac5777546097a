// Two systems trained alike and applied to the same sentences: the unit of their comparison.
import { LabError } from '../../util/labError.ts';
import type { SentenceCounts } from '../scores/sentenceCounts.ts';

/** Two systems on the same test sentences. */
export interface PairedCounts {
  readonly a: SentenceCounts;
  readonly b: SentenceCounts;
}

/** A training of A and the training of B with the same seed and round, each with the counts of its selected snapshot. */
export interface PairedTraining extends PairedCounts {
  readonly seed: number;
  readonly round: number;
  /** F1 of the kept snapshots on these sentences, percent, paired in order of epoch; empty if they were not scored. */
  readonly snapshots: readonly { readonly a: number; readonly b: number }[];
}

/**
 * Throws `significance/empty` without trainings, and `significance/sentences` unless all counts are of the same sentences, as shown
 * by their number and the gold mentions of each.
 */
export function checkPairs(pairs: readonly PairedCounts[]): void {
  const first = pairs[0];
  if (first === undefined) {
    throw new LabError('significance/empty', 'There is nothing to compare.', {
      expected: 'at least one training of each system',
      got: 'none',
    });
  }
  const { gold } = first.a;
  for (const counts of pairs.flatMap(({ a, b }) => [a, b])) {
    for (const found of [counts.gold, counts.predicted, counts.correct]) {
      if (found.length === gold.length) continue;
      throw new LabError('significance/sentences', 'The trainings were not scored on the same sentences.', {
        expected: `${gold.length} sentences`,
        got: `${found.length}`,
      });
    }
    const odd = gold.findIndex((count, sentence) => counts.gold[sentence] !== count);
    if (odd < 0) continue;
    throw new LabError('significance/sentences', `The trainings differ in the gold mentions of sentence ${odd}.`, {
      expected: `${gold[odd]}`,
      got: `${counts.gold[odd]}`,
    });
  }
}
