// Tests which differences between two systems exceed noise over sentences and over seeds, corrected for the number of comparisons.
import type { Work } from '../../util/clock.ts';
import { Rng } from '../../util/random.ts';
import {
  mean,
  spanScore,
  spread,
  spreadWithin,
  totalCounts,
  type SentenceCounts,
  type Spread,
} from '../scores/spanScore.ts';
import {
  bootstrapIntervals,
  checkPairs,
  significanceDefaults,
  type Interval,
  type PairedCounts,
  type PairedTraining,
  type SignificanceOptions,
} from './bootstrapIntervals.ts';

/**
 * Adjusts p-values, in the given order (Holm 1979; R's `p.adjust(method = "holm")`): comparing them with 0.05 keeps the probability
 * of even one false finding in the whole family at or below 5 %, whatever the dependence between comparisons.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((left, right) => (pValues[left] ?? 0) - (pValues[right] ?? 0));
  const adjusted = pValues.map(() => 1);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, (pValues.length - rank) * (pValues[index] ?? 1));
    adjusted[index] = Math.min(1, largest);
  });
  return adjusted;
}

/** The difference of two trainings with the same seed and round, percent of F1. */
interface PairedDifference {
  readonly seed: number;
  /** Of the selected snapshots. */
  readonly difference: number;
  /** Of every kept snapshot. */
  readonly snapshots: readonly number[];
}

/**
 * `trainings`: over all seeds and rounds, one value each. `seeds`: over the means of the seeds. `rounds`: over the rounds of a
 * seed, seeds pooled. `snapshots`: over the kept snapshots of a training, trainings pooled; there the mean is that of all
 * snapshots.
 */
interface PairedSpread {
  readonly trainings: Spread | null;
  readonly seeds: Spread | null;
  readonly rounds: Spread | null;
  readonly snapshots: Spread | null;
}

/** Computes the spreads of paired differences; null if there are no values, deviation null if there are too few. */
export function pairedSpread(differences: readonly PairedDifference[]): PairedSpread {
  const seeds = [...new Set(differences.map(({ seed }) => seed))].map((seed) =>
    differences.filter((training) => training.seed === seed).map(({ difference }) => difference),
  );
  return {
    trainings: spread(differences.map(({ difference }) => difference)),
    seeds: spread(seeds.flatMap((values) => mean(values) ?? [])),
    rounds: spreadWithin(seeds),
    snapshots: spreadWithin(differences.map(({ snapshots }) => snapshots)),
  };
}

/**
 * The probability that |T| is at least |t| with `freedom` (1, 2, …) degrees of freedom: one minus the finite sums of Abramowitz and
 * Stegun 1964, 26.7.3 and 26.7.4. Absolute error about 1e-15.
 */
export function pOfStudentT(t: number, freedom: number): number {
  return Math.max(0, 1 - within(Math.atan(Math.abs(t) / Math.sqrt(freedom)), freedom));
}

/** The t that |T| stays below with probability `level` (0.95: the table's t of .975) with `freedom` (1, 2, …) degrees of freedom. */
export function criticalStudentT(level: number, freedom: number): number {
  let low = 0;
  let high = Math.PI / 2;
  // Sixty halvings leave less than the last bit of the angle.
  for (let halving = 0; halving < 60; halving++) {
    const angle = (low + high) / 2;
    if (within(angle, freedom) < level) low = angle;
    else high = angle;
  }
  return Math.sqrt(freedom) * Math.tan((low + high) / 2);
}

/** P(|T| < sqrt(freedom) tan(angle)). */
function within(angle: number, freedom: number): number {
  const cosine = Math.cos(angle);
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let power = isOdd ? 3 : 2; power <= freedom - 2; power += 2) {
    term *= ((power - 1) / power) * cosine ** 2;
    sum += term;
  }
  const product = Math.sin(angle) * sum;
  return isOdd ? (2 / Math.PI) * (angle + product) : product;
}

/**
 * Whether a difference is more than noise, with `alpha` for the whole family:
 * - `sentences`: no; other sentences of this kind could reverse it: the adjusted p of the randomisation test is not below alpha.
 * - `oneSeed`: not chance on these sentences, but one seed says nothing about variation between seeds, however many rounds it has.
 * - `seeds`: not chance on these sentences, but seeds alone may cause such a difference: the adjusted larger p is not below alpha.
 * - `yes`: it exceeds both.
 */
export type Verdict = 'sentences' | 'oneSeed' | 'seeds' | 'yes';

interface Estimate extends Interval {
  readonly mean: number;
}

export interface Significance {
  /** Mean F1 over the trainings with its bootstrap interval over sentences, percent; `difference` is A minus B. */
  readonly a: Estimate;
  readonly b: Estimate;
  readonly difference: Estimate;
  readonly sentences: RandomisationTest & { readonly adjusted: number };
  readonly seeds: SeedTest | null;
  /** The larger p of sentences and seeds; that of sentences if there is one seed. */
  readonly p: number;
  readonly adjusted: number;
  /** Number of comparisons that the p-values are adjusted for. */
  readonly family: number;
  readonly spread: PairedSpread;
  readonly verdict: Verdict;
}

/** A paired t test of the seeds' mean differences. */
interface SeedTest {
  readonly count: number;
  readonly p: number;
  /** Half of the t interval at 1 - alpha: t * deviation / sqrt(count), percent of F1. Unadjusted. */
  readonly halfWidth: number;
}

/**
 * Tests a family of comparisons, each a list of paired trainings, and returns the results in order; it yields after each, so that a
 * caller can report, release its thread, or stop.
 *
 * A difference has to exceed two kinds of noise, so two tests must reject and the larger p counts (intersection-union test, Berger
 * 1982): a paired randomisation test over the sentences, given these trainings, and a paired t test over seeds (rounds of a seed
 * averaged; k seeds, k - 1 degrees of freedom), given these sentences. Holm's correction over the family then bounds the
 * probability of even one false `yes` by alpha. For a family of one the second is the plain rule |mean| > t(.975, k - 1) *
 * deviation / sqrt(k). Two or three seeds seldom pass: t(.975) is 12.7 for two, 4.3 for three; then `seeds` means that more seeds
 * are needed, not that there is no difference. Throws like `checkPairs`.
 */
export function* significance(
  comparisons: readonly (readonly PairedTraining[])[],
  options: SignificanceOptions = significanceDefaults,
): Work<Significance[]> {
  const measured: Measured[] = [];
  for (const trainings of comparisons) {
    measured.push(measure(trainings, options));
    yield { phase: 'testing significance', done: measured.length, of: comparisons.length };
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

/** Null with fewer than two seeds. If all differences are equal, p is 0, or 1 if they are 0. */
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

// The paired approximate randomisation test of two systems' F1 over sentences.

export interface RandomisationTest {
  /** Two-sided, over 0 to 1. */
  readonly p: number;
  /** Whether all swaps were counted rather than sampled. */
  readonly exact: boolean;
  /** Swaps counted or drawn. */
  readonly swaps: number;
  /** Sentences where A's and B's counts differ in some training; only they can matter. */
  readonly differing: number;
}

/** With at most this many differing sentences, all 2^n swaps are counted. */
const countedSentences = 16;
/** Percent of F1 within which two statistics count as equal: far above rounding (1e-13), far below what a reader can see. */
const tie = 1e-9;

/**
 * Estimates the probability of a difference at least as large as observed if the two systems' outputs were exchangeable (Noreen
 * 1989; Yeh 2000). A swap exchanges A's and B's counts of a sentence with probability 1/2, in all `pairs` at once, since they share
 * the sentence; the statistic is
 * |mean over pairs of F1(A) - F1(B)|, F1 in percent from summed counts. p = (1 + swaps at least as large) / (1 + `draws`), so it is
 * never 0; if at most 16 sentences differ, it is the exact share of all 2^n swaps. It generalises to similar sentences for these
 * trainings, not to other seeds. Throws like `checkPairs`.
 */
export function randomisationTest(
  pairs: readonly PairedCounts[],
  { draws, rng }: { readonly draws: number; readonly rng: Rng },
): RandomisationTest {
  checkPairs(pairs);
  const differing = differingSentences(pairs);
  const statistic = statisticOf(pairs);
  const differences = differencesOf(pairs, differing);
  const noneSwapped = new Int32Array(2 * pairs.length);
  const isLarge = (swapped: Int32Array, observed: number) => statistic(swapped) >= observed - tie;
  const observed = statistic(noneSwapped);

  if (differing.length <= countedSentences) {
    let large = 0;
    let swaps = 0;
    for (const swapped of everySwap(differences)) {
      swaps++;
      if (isLarge(swapped, observed)) large++;
    }
    return { p: large / swaps, exact: true, swaps, differing: differing.length };
  }
  const draw = swapDrawer(differences, rng);
  let large = 0;
  for (let index = 0; index < draws; index++) if (isLarge(draw(), observed)) large++;
  return { p: (1 + large) / (1 + draws), exact: false, swaps: draws, differing: differing.length };
}

function differingSentences(pairs: readonly PairedCounts[]): number[] {
  const sentences = [...(pairs[0]?.a.gold.keys() ?? [])];
  return sentences.filter((sentence) =>
    pairs.some(
      ({ a, b }) => a.correct[sentence] !== b.correct[sentence] || a.predicted[sentence] !== b.predicted[sentence],
    ),
  );
}

/** A's counts minus B's for every differing sentence: `[differing][2 * pairs]`, correct then predicted of each pair. */
function differencesOf(pairs: readonly PairedCounts[], differing: readonly number[]): Int32Array[] {
  return differing.map((sentence) =>
    Int32Array.from(
      pairs.flatMap(({ a, b }) => [
        (a.correct[sentence] ?? 0) - (b.correct[sentence] ?? 0),
        (a.predicted[sentence] ?? 0) - (b.predicted[sentence] ?? 0),
      ]),
    ),
  );
}

/** Returns the statistic after moving the summed differences `swapped`, `[2 * pairs]`, from A to B. */
function statisticOf(pairs: readonly PairedCounts[]): (swapped: Int32Array) => number {
  const totals = pairs.map(({ a, b }) => ({ a: totalCounts(a), b: totalCounts(b) }));
  return (swapped) => {
    let sum = 0;
    totals.forEach(({ a, b }, pair) => {
      const correct = swapped[2 * pair] ?? 0;
      const predicted = swapped[2 * pair + 1] ?? 0;
      sum += f1(a.correct - correct, a.gold + a.predicted - predicted);
      sum -= f1(b.correct + correct, b.gold + b.predicted + predicted);
    });
    return Math.abs(sum / totals.length);
  };
}

/** F1 in percent; `mentions` is gold plus predicted. */
const f1 = (correct: number, mentions: number) => (correct > 0 ? (200 * correct) / mentions : 0);

/** Yields the summed differences of each of the 2^n swaps, in Gray code order: one sentence changes sides at a time. */
function* everySwap(differences: readonly Int32Array[]): Generator<Int32Array> {
  const swapped = new Int32Array(differences[0]?.length ?? 0);
  const isSwapped = differences.map(() => false);
  yield swapped;
  for (let step = 1; step < 2 ** differences.length; step++) {
    const sentence = 31 - Math.clz32(step & -step);
    const sign = isSwapped[sentence] === true ? -1 : 1;
    isSwapped[sentence] = sign > 0;
    differences[sentence]?.forEach((difference, index) => {
      swapped[index] = (swapped[index] ?? 0) + sign * difference;
    });
    yield swapped;
  }
}

/**
 * Draws swaps: each call gives the summed differences of a new one. The sums for each of the 256 ways to swap eight sentences are
 * precomputed, so a draw adds one row per eight random bits.
 */
function swapDrawer(differences: readonly Int32Array[], rng: Rng): () => Int32Array {
  const width = differences[0]?.length ?? 0;
  const blocks = Math.ceil(differences.length / 8);
  const sums = new Int32Array(blocks * 256 * width); // [block][byte][width]
  for (let block = 0; block < blocks; block++) {
    for (let byte = 1; byte < 256; byte++) {
      const lowest = byte & -byte;
      const added = differences[8 * block + 31 - Math.clz32(lowest)];
      const row = (block * 256 + byte) * width;
      const rest = (block * 256 + byte - lowest) * width;
      for (let index = 0; index < width; index++) sums[row + index] = (sums[rest + index] ?? 0) + (added?.[index] ?? 0);
    }
  }
  const swapped = new Int32Array(width);
  return () => {
    swapped.fill(0);
    let bits = 0;
    for (let block = 0; block < blocks; block++) {
      bits = block % 4 === 0 ? rng.nextUint32() : bits >>> 8;
      const row = (block * 256 + (bits & 255)) * width;
      for (let index = 0; index < width; index++) swapped[index] = (swapped[index] ?? 0) + (sums[row + index] ?? 0);
    }
    return swapped;
  };
}
