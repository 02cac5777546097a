// Which differences between two systems can be told from noise, over sentences and over seeds, corrected for how many are looked at.
import { Rng } from '../util/rng.ts';
import { bootstrapIntervals, type Interval } from './bootstrapIntervals.ts';
import { holm } from './holm.ts';
import { pairedSpread, type PairedSpread } from './pairedSpread.ts';
import type { PairedTraining } from './pairedTraining.ts';
import { randomisationTest, type RandomisationTest } from './randomisationTest.ts';
import { totalCounts, type SentenceCounts } from './sentenceCounts.ts';
import { spanScore } from './spanScore.ts';
import type { Spread } from './spread.ts';
import { criticalStudentT, pOfStudentT } from './studentT.ts';

/**
 * Whether a difference is more than noise, with `alpha` for the whole family:
 * - `sentences`: no; other sentences of this kind could turn it, the adjusted p of the randomisation test is not below alpha.
 * - `oneSeed`: on these sentences it is no chance, but with one seed nothing is known of what seeds do, however many rounds it has.
 * - `seeds`: on these sentences it is no chance, but seeds alone may make such a difference: the adjusted larger p is not below alpha.
 * - `yes`: it is more than both.
 */
export type Verdict = 'sentences' | 'oneSeed' | 'seeds' | 'yes';

export interface Estimate extends Interval {
  readonly mean: number;
}

export interface Significance {
  /** Mean F1 over the trainings with its bootstrap interval over sentences, percent; `difference` is A's less B's. */
  readonly a: Estimate;
  readonly b: Estimate;
  readonly difference: Estimate;
  readonly sentences: RandomisationTest & { readonly adjusted: number };
  readonly seeds: SeedTest | null;
  /** The larger p of sentences and seeds, that of sentences where there is one seed. */
  readonly p: number;
  readonly adjusted: number;
  /** Comparisons that the p-values are adjusted for. */
  readonly family: number;
  readonly spread: PairedSpread;
  readonly verdict: Verdict;
}

/** A paired t test of the seeds' mean differences. */
export interface SeedTest {
  readonly count: number;
  readonly p: number;
  /** Half of the t interval at 1 - alpha: t * deviation / sqrt(count), percent of F1. Unadjusted. */
  readonly halfWidth: number;
}

export interface SignificanceOptions {
  /** Of the random numbers. Every comparison has the same ones, so its p does not hang on which others are looked at. */
  readonly seed: number;
  readonly alpha: number;
  /** Of the randomisation test. */
  readonly draws: number;
  /** Of the bootstrap. */
  readonly resamples: number;
}

export const significanceDefaults: SignificanceOptions = { seed: 1, alpha: 0.05, draws: 10_000, resamples: 2_000 };

/** How many comparisons are done. */
export interface SignificanceProgress {
  readonly done: number;
  readonly of: number;
}

/**
 * Judges a family of comparisons, each a list of paired trainings, and returns them in order; it yields behind each, so that a
 * caller can report, give back its thread, or stop.
 *
 * A difference has to exceed two kinds of noise, so two tests have to reject and the larger p counts (intersection-union test, Berger 1982): a
 * paired randomisation test over the sentences, given these trainings, and a paired t test over seeds (rounds of a seed averaged; k seeds, k - 1
 * degrees of freedom), given these sentences. Holm's correction over the family then bounds the chance of even one false `yes` by alpha.
 * For a family of one the second is the plain rule |mean| > t(.975, k - 1) * deviation / sqrt(k). Two or three seeds seldom pass: t(.975) is 12.7
 * for two, 4.3 for three; then `seeds` says that more seeds are wanted, not that there is no difference. Throws as `checkPairs`.
 */
export function* significance(
  comparisons: readonly (readonly PairedTraining[])[],
  options: SignificanceOptions = significanceDefaults,
): Generator<SignificanceProgress, Significance[]> {
  const measured: Measured[] = [];
  for (const trainings of comparisons) {
    measured.push(measure(trainings, options));
    yield { done: measured.length, of: comparisons.length };
  }
  const ofSentences = holm(measured.map(({ sentences }) => sentences.p));
  const ofBoth = holm(measured.map(({ p }) => p));
  return measured.map((one, index) => {
    const sentences = { ...one.sentences, adjusted: ofSentences[index] ?? 1 };
    const adjusted = ofBoth[index] ?? 1;
    const verdict = verdictOf(sentences.adjusted, one.seeds === null ? null : adjusted, options.alpha);
    return { ...one, sentences, adjusted, family: comparisons.length, verdict };
  });
}

type Measured = Omit<Significance, 'sentences' | 'adjusted' | 'family' | 'verdict'> & {
  readonly sentences: RandomisationTest;
};

function measure(trainings: readonly PairedTraining[], options: SignificanceOptions): Measured {
  const rng = Rng.seeded(options.seed);
  const level = 1 - options.alpha;
  const sentences = randomisationTest(trainings, { draws: options.draws, rng: rng.fork('randomisation') });
  const intervals = bootstrapIntervals(trainings, { draws: options.resamples, level, rng: rng.fork('bootstrap') });
  const meanOf = (f1: (training: PairedTraining) => number) =>
    trainings.reduce((sum, training) => sum + f1(training), 0) / trainings.length;
  const differenceOf = ({ a, b }: PairedTraining) => f1Of(a) - f1Of(b);
  const spread = pairedSpread(
    trainings.map((training) => ({
      seed: training.seed,
      difference: differenceOf(training),
      snapshots: training.snapshots.map(({ a, b }) => a - b),
    })),
  );
  const seeds = seedTest(spread.seeds, level);
  return {
    a: { mean: meanOf(({ a }) => f1Of(a)), ...intervals.a },
    b: { mean: meanOf(({ b }) => f1Of(b)), ...intervals.b },
    difference: { mean: meanOf(differenceOf), ...intervals.difference },
    sentences,
    seeds,
    p: Math.max(sentences.p, seeds?.p ?? 0),
    spread,
  };
}

function f1Of(counts: SentenceCounts): number {
  return spanScore(totalCounts(counts)).f1;
}

/** Null with fewer than two seeds. Differences that are all the same have p 0, or 1 where they are 0. */
function seedTest(seeds: Spread | null, level: number): SeedTest | null {
  if (seeds === null || seeds.deviation === null) return null;
  const error = seeds.deviation / Math.sqrt(seeds.count);
  const p = seeds.mean === 0 ? 1 : pOfStudentT(seeds.mean / error, seeds.count - 1);
  return { count: seeds.count, p, halfWidth: criticalStudentT(level, seeds.count - 1) * error };
}

/** `ofBoth` is null with one seed; it is never below `ofSentences`. */
function verdictOf(ofSentences: number, ofBoth: number | null, alpha: number): Verdict {
  if (ofSentences >= alpha) return 'sentences';
  if (ofBoth === null) return 'oneSeed';
  return ofBoth < alpha ? 'yes' : 'seeds';
}
