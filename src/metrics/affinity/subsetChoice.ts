// Chooses for a task between training on all tasks and on subsets of them, by what trainings found in its devel sentences, and says why.
import { Rng } from '../../util/random.ts';
import { totalCounts, type SentenceCounts } from '../scores/sentenceCounts.ts';
import { mean } from '../scores/spread.ts';
import { bootstrapIntervals, type Interval } from '../significance/bootstrapIntervals.ts';
import type { PairedCounts } from '../significance/pairedTraining.ts';

/** A subset beside all tasks, both with the same seeds: devel F1 in percent, the means over the seeds. */
export interface SubsetDifference {
  readonly f1: number;
  readonly allF1: number;
  /** F1 of the subset minus that of all tasks. */
  readonly difference: number;
  /** Bootstrap interval of the difference over devel sentences, at `SubsetChoice.level`. */
  readonly interval: Interval;
  readonly trainings: number;
}

export interface SubsetChoice {
  /** Index of the chosen subset; null for all tasks. */
  readonly chosen: number | null;
  /** For each subset. */
  readonly differences: readonly SubsetDifference[];
  /** Of each interval: 0.95 for one subset, closer to 1 for several, so that together they are wrong in 5 % of the cases at the most. */
  readonly level: number;
}

/** As in tests of significance. */
const DRAWS = 10_000;
const LEVEL = 0.95;

/**
 * All tasks stay unless the paired bootstrap over devel sentences (`bootstrapIntervals`, Bonferroni for the number of subsets) excludes zero in favour of a
 * subset; among several such ones, that with the largest difference is chosen. `subsets`: for each, its trainings as a and those on all tasks as b,
 * paired by seed and round. Throws like `checkPairs`.
 */
export function chooseSubset(subsets: readonly (readonly PairedCounts[])[]): SubsetChoice {
  const level = 1 - (1 - LEVEL) / Math.max(1, subsets.length);
  const differences = subsets.map((pairs): SubsetDifference => {
    // The same drawn sentences for all subsets.
    const rng = Rng.seeded(1).fork('subset choice');
    const { difference: interval } = bootstrapIntervals(pairs, { draws: DRAWS, level, rng });
    const f1 = mean(pairs.map(({ a }) => f1Of(a))) ?? 0;
    const allF1 = mean(pairs.map(({ b }) => f1Of(b))) ?? 0;
    return { f1, allF1, difference: f1 - allF1, interval, trainings: pairs.length };
  });
  let chosen: number | null = null;
  for (const [index, { difference, interval }] of differences.entries()) {
    if (interval.low <= 0) continue;
    if (chosen === null || difference > (differences[chosen]?.difference ?? 0)) chosen = index;
  }
  return { chosen, differences, level };
}

function f1Of(counts: SentenceCounts): number {
  const { gold, predicted, correct } = totalCounts(counts);
  return correct === 0 ? 0 : (200 * correct) / (gold + predicted);
}

/** Says what was chosen and why, such as `All tasks: no subset is better on devel by more than noise. The best of 2, a + b, is 0.40 below …`. */
export function choiceText({ chosen, differences, level }: SubsetChoice, names: readonly string[]): string {
  const percent = `${(100 * level).toFixed(level === LEVEL ? 0 : 1)} %`;
  const spelled = (index: number): string => {
    const { difference, interval, trainings } = differences[index] as SubsetDifference;
    const side = difference < 0 ? 'below' : 'above';
    return `${Math.abs(difference).toFixed(2)} ${side} all tasks on devel (${percent} interval ${interval.low.toFixed(2)} to ${interval.high.toFixed(2)}, ${trainings === 1 ? '1 training' : `${trainings} trainings`} each)`;
  };
  if (chosen !== null) return `${names[chosen] ?? ''}: F1 is ${spelled(chosen)}, which is more than noise.`;
  if (differences.length === 0) return 'All tasks: no subset was trained.';
  const best = differences.reduce((so, { difference }, index) => (difference > (differences[so]?.difference ?? 0) ? index : so), 0); // prettier-ignore
  const among = differences.length === 1 ? 'The only subset' : `The best of ${differences.length} subsets`;
  return `All tasks: no subset is better on devel by more than noise. ${among}, ${names[best] ?? ''}, is ${spelled(best)}.`;
}
