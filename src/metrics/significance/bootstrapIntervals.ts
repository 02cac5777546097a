// Computes bootstrap intervals over sentences: of a tagger's F1, of two systems trained alike, and of their difference.
import { LabError } from '../../util/labError.ts';
import { Rng } from '../../util/random.ts';
import { spanScore, totalCounts, type SentenceCounts, type SpanCounts } from '../scores/spanScore.ts';

export interface SignificanceOptions {
  /** Seed of the random numbers. All comparisons use the same, so that a p does not depend on the other comparisons. */
  readonly seed: number;
  readonly alpha: number;
  /** Of the randomisation test. */
  readonly draws: number;
  /** Of the bootstrap. */
  readonly resamples: number;
}

export const significanceDefaults: SignificanceOptions = { seed: 1, alpha: 0.05, draws: 10_000, resamples: 2_000 };

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Intervals in percent of F1, the mean over the pairs. */
export interface BootstrapIntervals {
  readonly a: Interval;
  readonly b: Interval;
  /** Of F1(A) - F1(B), both on the same drawn sentences. */
  readonly difference: Interval;
}

/**
 * Percentile intervals (Efron 1979; Efron and Tibshirani 1993, section 13.3) at `level` (0.95): draws as many sentences as there
 * are, with replacement, the same for both systems and all `pairs`, `draws` times; `level` of the draws lie between the quantiles.
 * Percentile rather than BCa: sums over hundreds of sentences have next to no skew or bias to correct, the tests measure the
 * coverage, and with few sentences BCa's acceleration is itself mostly noise. Like the randomisation test it covers sentences, not
 * seeds. Throws like `checkPairs`.
 */
export function bootstrapIntervals(
  pairs: readonly PairedCounts[],
  { draws, level, rng }: { readonly draws: number; readonly level: number; readonly rng: Rng },
): BootstrapIntervals {
  checkPairs(pairs);
  const { patterns, patternOf, width } = countPatterns(pairs);
  const times = new Int32Array(patterns.length / width);
  const sums = new Int32Array(width);
  const a = new Float64Array(draws);
  const b = new Float64Array(draws);
  const difference = new Float64Array(draws);

  for (let draw = 0; draw < draws; draw++) {
    times.fill(0);
    for (let drawn = 0; drawn < patternOf.length; drawn++) {
      const pattern = patternOf[rng.integer(patternOf.length)] ?? 0;
      times[pattern] = (times[pattern] ?? 0) + 1;
    }
    sums.fill(0);
    for (let pattern = 0; pattern < times.length; pattern++) {
      const weight = times[pattern] ?? 0;
      if (weight === 0) continue;
      const row = pattern * width;
      for (let index = 0; index < width; index++) {
        sums[index] = (sums[index] ?? 0) + weight * (patterns[row + index] ?? 0);
      }
    }
    const ofA = meanF1(sums, 1);
    const ofB = meanF1(sums, 3);
    a[draw] = ofA;
    b[draw] = ofB;
    difference[draw] = ofA - ofB;
  }
  return { a: middle(a, level), b: middle(b, level), difference: middle(difference, level) };
}

/**
 * Returns the distinct rows of counts, `[rows][width]` concatenated, and the row of every sentence: many sentences share one, so a
 * draw adds up rows instead of sentences. A row is gold, then predicted and correct of A, predicted and correct of B, for each
 * pair: width 1 + 4 * pairs.
 */
function countPatterns(pairs: readonly PairedCounts[]) {
  const gold = pairs[0]?.a.gold ?? new Int32Array(0);
  const columns = [gold, ...pairs.flatMap(({ a, b }) => [a.predicted, a.correct, b.predicted, b.correct])];
  const places = new Map<string, number>();
  const patterns: number[] = [];
  const patternOf = gold.map((_, sentence) => {
    const row = columns.map((counts) => counts[sentence] ?? 0);
    const key = row.join();
    const index = places.get(key) ?? places.size;
    if (index === places.size) {
      places.set(key, index);
      patterns.push(...row);
    }
    return index;
  });
  return { patterns: Int32Array.from(patterns), patternOf, width: columns.length };
}

/** Mean over pairs of the F1 of the system whose counts begin at `first`; `sums` is laid out like a row of `countPatterns`. */
function meanF1(sums: Int32Array, first: number): number {
  const gold = sums[0] ?? 0;
  let sum = 0;
  for (let index = first; index < sums.length; index += 4) {
    const correct = sums[index + 1] ?? 0;
    if (correct > 0) sum += (200 * correct) / (gold + (sums[index] ?? 0));
  }
  return (4 * sum) / (sums.length - 1);
}

/**
 * Returns the interval of the middle `level` of the values, which it sorts; quantiles interpolated between neighbours (Hyndman and
 * Fan 1996, type 7).
 */
function middle(values: Float64Array, level: number): Interval {
  values.sort();
  const quantile = (share: number) => {
    const at = share * (values.length - 1);
    const below = Math.floor(at);
    const low = values[below] ?? 0;
    return low + (at - below) * ((values[below + 1] ?? low) - low);
  };
  return { low: quantile((1 - level) / 2), high: quantile((1 + level) / 2) };
}

// Totals of a tagger's errors from the counts of its sentences, with the interval of its F1.

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

// Two systems trained alike and applied to the same sentences: the unit of their comparison.

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
