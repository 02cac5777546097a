// The paired approximate randomisation test of two systems' F1 over sentences.
import type { Rng } from '../../util/random.ts';
import { totalCounts } from '../scores/sentenceCounts.ts';
import { checkPairs, type PairedCounts } from './pairedTraining.ts';

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
