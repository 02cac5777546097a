// Totals of a tagger's errors from the counts of its sentences, with the interval of its F1.
import { Rng } from '../../util/random.ts';
import { totalCounts, type SentenceCounts } from '../scores/sentenceCounts.ts';
import { spanScore, type SpanCounts } from '../scores/spanScore.ts';
import { bootstrapIntervals, type Interval } from './bootstrapIntervals.ts';
import { significanceDefaults } from './significance.ts';

/** What a tagger did on the sentences of one split. */
export interface ErrorTotals extends SpanCounts {
  readonly sentences: number;
  /** Sentences in which every mention was found and nothing else marked. */
  readonly withoutError: number;
  /** Mentions that were not found, and what was marked instead or beside them. */
  readonly missed: number;
  readonly spurious: number;
  /** Percent, with its bootstrap interval over sentences. */
  readonly f1: Interval & { readonly mean: number };
}

/** Sums errors up; the interval is the one that `significance` gives a system that is trained once. Throws like `checkPairs`. */
export function errorTotals(counts: SentenceCounts, { seed, resamples, alpha } = significanceDefaults): ErrorTotals {
  const { gold, predicted, correct } = totalCounts(counts);
  const withoutError = counts.correct.filter(
    (right, sentence) => right === counts.gold[sentence] && right === counts.predicted[sentence],
  ).length;
  const rng = Rng.seeded(seed).fork('bootstrap');
  const { a } = bootstrapIntervals([{ a: counts, b: counts }], { draws: resamples, level: 1 - alpha, rng });
  return {
    gold,
    predicted,
    correct,
    sentences: counts.gold.length,
    withoutError,
    missed: gold - correct,
    spurious: predicted - correct,
    f1: { mean: spanScore({ gold, predicted, correct }).f1, ...a },
  };
}
