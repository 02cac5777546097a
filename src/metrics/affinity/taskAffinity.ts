// Estimates which tasks help one another from their gradients, and chooses for a task between training on all tasks and on subsets.
import type { Work } from '../../util/clock.ts';
import { Rng } from '../../util/random.ts';
import { mean, totalCounts, type SentenceCounts } from '../scores/spanScore.ts';
import { bootstrapIntervals, type Interval, type PairedCounts } from '../significance/bootstrapIntervals.ts';
import {
  fitShift,
  innerProduct,
  linearised,
  meanCurvature,
  meanMarginChange,
  shiftedLosses,
  type SequenceGradient,
  type WeightedSequence,
} from './linearisedTagger.ts';

// Estimates which tasks help one another: cosines of gradients, and the devel loss of each task after training on each subset of them.

/** Samples of a task's sequences at the weights of a joint run. */
export interface TaskGradients {
  readonly train: readonly SequenceGradient[];
  readonly devel: readonly SequenceGradient[];
  /** Sequences of the task that an epoch of the joint run shows. */
  readonly shown: number;
}

/** A difference of mean devel losses with its interval of 95 % over devel sequences, paired and normal. */
export interface LossDifference {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** The subset of tasks with the lowest estimated devel loss for a task, among those with it. */
export interface EstimatedBest {
  /** Indices of tasks, increasing. */
  readonly subset: readonly number[];
  /** Of training on all tasks minus on the subset: positive where the subset is better. All zero where the best is all of them. */
  readonly gain: LossDifference;
}

export interface TaskAffinity {
  /** Cosines of the tasks' mean training gradients, [task][task]. */
  readonly cosines: readonly (readonly number[])[];
  /**
   * [task][partner] What training together with the partner takes off the task's estimated devel loss: its mean over subsets with the task and
   * without the partner, minus that over subsets with both. Null on the diagonal, and where one kind of subset was not tried.
   */
  readonly gains: readonly (readonly (number | null)[])[];
  /** Mean devel loss of each task at the snapshot. */
  readonly startLosses: readonly number[];
  /** The subsets that were tried, as indices of tasks: single ones, all, and others. */
  readonly subsets: readonly (readonly number[])[];
  /** [subset][task] Estimated mean devel loss after training on the subset; null for tasks that are not in it. */
  readonly losses: readonly (readonly (number | null)[])[];
  /** For each task. */
  readonly best: readonly EstimatedBest[];
  /** The ridge of the regression, in units of the mean curvature. */
  readonly ridge: number;
}

/** All subsets of up to seven tasks; of more, single ones, pairs, all, and random ones up to this number. */
const MOST_SUBSETS = 127;
/** In units of the mean curvature of the training loss, increasing. */
const RIDGES = Array.from({ length: 15 }, (_, index) => 10 ** (index / 2 - 2));
/** How far margins, in nats of log-odds, may move on average: beyond it a linear margin says little about the network. */
const TRUSTED_CHANGE = 1;
/** Of the standard normal distribution at 95 %. */
const QUANTILE = 1.96;

/**
 * Estimates as Grad-TAG does (Li et al. 2024, arXiv 2409.06091): the joint run's tagger is linearised at its snapshot, fine-tuned on each subset S of the
 * tasks as a ridge logistic regression on the sequences of S, each counted as often as an epoch shows its like, and its loss on devel sequences of
 * each task of S is read. One ridge serves all subsets: the smallest that moves the margins of devel sequences by one nat or less on average, over single tasks
 * and all of them together, since Grad-TAG's approximation holds near the snapshot only, and a smaller ridge would fit even contrary labels by going far. What is
 * estimated is the loss after fine-tuning the joint tagger on S, near its weights, and not that of a tagger that is trained on S from pretrained ones.
 */
export function* taskAffinity(tasks: readonly TaskGradients[], seed: number): Work<TaskAffinity> {
  const dimensions = tasks[0]?.train[0]?.gradient.length ?? 0;
  const train = tasks.map(({ train: sequences, shown }) =>
    sequences.map((one): WeightedSequence => ({ ...linearised(one), weight: shown / sequences.length })),
  );
  const devel = tasks.map((task) => task.devel.map(linearised));
  const subsets = taskSubsets(tasks.length, MOST_SUBSETS, seed);
  const compared = subsets.filter(({ length }) => length === 1 || length === tasks.length);
  const of = RIDGES.length * compared.length + subsets.length;
  const curvature = Math.max(Number.MIN_VALUE, meanCurvature(train.flat()));
  const fit = (subset: readonly number[], ridge: number): Float64Array =>
    fitShift(subset.flatMap((task) => train[task] ?? []), ridge * curvature, dimensions); // prettier-ignore
  let done = 0;
  let ridge = RIDGES.at(-1) ?? 1;
  for (const candidate of RIDGES) {
    const changes: number[] = [];
    for (const subset of compared) {
      const shift = fit(subset, candidate);
      changes.push(meanMarginChange(subset.flatMap((task) => devel[task] ?? []), shift)); // prettier-ignore
      yield { phase: 'estimating losses', done: ++done, of };
    }
    if ((mean(changes) ?? 0) > TRUSTED_CHANGE) continue;
    ridge = candidate;
    break;
  }
  done = RIDGES.length * compared.length;
  const bySubset: (readonly (readonly number[] | null)[])[] = [];
  for (const subset of subsets) {
    const shift = fit(subset, ridge);
    bySubset.push(devel.map((sequences, task) => (subset.includes(task) ? shiftedLosses(sequences, shift) : null)));
    yield { phase: 'estimating losses', done: ++done, of };
  }
  const losses = bySubset.map((row) => row.map((values) => values && (mean(values) ?? 0)));
  return {
    cosines: gradientCosines(tasks),
    gains: tasks.map((_, task) => tasks.map((_partner, partner) => partnerGain(task, partner, subsets, losses))),
    startLosses: devel.map((sequences) => mean(shiftedLosses(sequences, new Float64Array(dimensions))) ?? 0),
    subsets,
    losses,
    best: tasks.map((_, task) => bestFor(task, subsets, losses, bySubset)),
    ridge,
  };
}

/** Cosines [task][task] of the mean gradients of the training samples; 0 for a gradient without length. */
export function gradientCosines(tasks: readonly Pick<TaskGradients, 'train'>[]): readonly (readonly number[])[] {
  const means = tasks.map(({ train }) => {
    const sum = new Float64Array(train[0]?.gradient.length ?? 0);
    for (const { gradient } of train) for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] as number) + (gradient[at] as number); // prettier-ignore
    return sum;
  });
  const lengths = means.map((one) => Math.sqrt(innerProduct(one, one)));
  return means.map((one, row) =>
    means.map((other, column) => {
      const scale = (lengths[row] as number) * (lengths[column] as number);
      return scale === 0 ? 0 : Math.max(-1, Math.min(1, innerProduct(one, other) / scale));
    }),
  );
}

/**
 * The subsets of `count` tasks to try, at most `most` where that leaves room for single tasks and all of them: all if they fit, else single ones, all of them,
 * pairs as far as they fit, and random subsets of three tasks or more of the seed. Smaller ones first.
 */
export function taskSubsets(count: number, most: number, seed: number): readonly (readonly number[])[] {
  const every = Array.from({ length: count }, (_, task) => task);
  if (2 ** count - 1 <= most) {
    const all = Array.from({ length: 2 ** count - 1 }, (_, mask) => every.filter((task) => ((mask + 1) >> task) & 1));
    return all.sort(bySize);
  }
  const found = new Map<string, readonly number[]>();
  const add = (subset: readonly number[]): void => void found.set(subset.join(), subset);
  for (const task of every) add([task]);
  add(every);
  const rng = Rng.seeded(seed).fork('subsets');
  const pairs = every.flatMap((task) => every.slice(task + 1).map((other) => [task, other]));
  // Half of the room is for larger ones.
  for (const pair of rng.shuffled(pairs).slice(0, Math.max(0, Math.floor((most - count - 1) / 2)))) add(pair);
  while (found.size < most) {
    const size = 3 + rng.integer(count - 3);
    add(rng.shuffled(every).slice(0, size).sort((left, right) => left - right)); // prettier-ignore
  }
  return [...found.values()].sort(bySize);
}

function bySize(left: readonly number[], right: readonly number[]): number {
  const size = left.length - right.length;
  if (size !== 0) return size;
  const at = left.findIndex((task, index) => task !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

function partnerGain(
  task: number,
  partner: number,
  subsets: TaskAffinity['subsets'],
  losses: TaskAffinity['losses'],
): number | null {
  if (task === partner) return null;
  const meanLoss = (isWith: boolean): number | null =>
    mean(subsets.flatMap((subset, index) => {
      const loss = losses[index]?.[task] ?? null;
      return loss === null || subset.includes(partner) !== isWith ? [] : [loss];
    })); // prettier-ignore
  const [without, together] = [meanLoss(false), meanLoss(true)];
  return without === null || together === null ? null : without - together;
}

/** The larger subset wins a tie: it trains on more. */
function bestFor(
  task: number,
  subsets: TaskAffinity['subsets'],
  losses: TaskAffinity['losses'],
  bySubset: readonly (readonly (readonly number[] | null)[])[],
): EstimatedBest {
  const whole = subsets.length - 1;
  let best = whole;
  for (let index = whole - 1; index >= 0; index--) {
    const loss = losses[index]?.[task] ?? null;
    if (loss !== null && loss < (losses[best]?.[task] ?? Infinity)) best = index;
  }
  const gain = pairedDifference(bySubset[whole]?.[task] ?? [], bySubset[best]?.[task] ?? []);
  return { subset: subsets[best] ?? [], gain };
}

/** Of the means of two lists of losses of the same sequences, the first minus the second. */
function pairedDifference(from: readonly number[], to: readonly number[]): LossDifference {
  const differences = from.map((loss, index) => loss - (to[index] ?? 0));
  const centre = mean(differences) ?? 0;
  const squares = differences.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  const count = differences.length;
  const half = count < 2 ? 0 : QUANTILE * Math.sqrt(squares / (count - 1) / count);
  return { mean: centre, low: centre - half, high: centre + half };
}

// Chooses for a task between training on all tasks and on subsets of them, by what trainings found in its devel sentences, and says why.

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
