// Computes the data of charts: curves of runs, devel F1 by epoch, F1 by slicing rate and training share with spreads, and figures reported elsewhere.
import { mean, spread, spreadWithin, type Spread } from '../../metrics/scores/spanScore.ts';
import { isSliced, METHODS, traitsOf, type Method } from '../../schema/methods.ts';
import type { ReportedByTask, ReportedFile, ReportedScore } from '../../schema/resultFile.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import { canonicalJson } from '../../util/digest.ts';
import { variantName } from '../state/runViews.ts';
import {
  membersOf,
  taskKey,
  type Comparison,
  type Measures,
  type ScoredSplit,
  type TaskComparison,
  type Training,
  type Variant,
} from './comparison.ts';
import { publishedScores } from './publishedScores.ts';

interface Curve {
  /** `STL`, `MTL-XC`, `MTL-LS 0.50`. */
  readonly name: string;
  readonly variant: Variant;
  readonly points: readonly { readonly epoch: number; readonly f1: number }[];
}

/** Which trainings a curve averages; a null seed means all seeds. */
interface CurveChoice {
  readonly round: number;
  readonly seed: number | null;
}

/** Devel F1 by epoch, one curve per variant: the mean over the seeds that reached each epoch. Variants without scores are omitted. */
export function comparisonCurves({ variants }: TaskComparison, { round, seed }: CurveChoice): readonly Curve[] {
  return variants.flatMap((variant) => {
    const chosen = variant.trainings.filter(
      (training) => training.round === round && (seed === null || training.seed === seed),
    );
    const points = meanCurve(chosen);
    return points.length === 0 ? [] : [{ name: variantName(variant), variant, points }];
  });
}

interface RatePoint {
  readonly rate: number;
  readonly layers: number;
  readonly f1: number;
  /** Null for a single value. */
  readonly deviation: number | null;
}

interface RateCurve {
  readonly points: readonly RatePoint[];
  /** Mean F1 of the methods without a slicing rate. */
  readonly stl: number | null;
  readonly mtlXc: number | null;
  /** The other sliced methods and the joint ones that they start from, those that the task has. */
  readonly others: readonly {
    readonly sliced: Method;
    readonly joint: Method;
    readonly points: readonly RatePoint[];
    readonly level: number | null;
  }[];
}

/** F1 by slicing rate (paper, Table 2) over finished trainings; variants with an unknown rate are omitted. */
export function rateCurve(
  { variants }: TaskComparison,
  { split, over }: { readonly split: ScoredSplit; readonly over: SpreadOver },
): RateCurve {
  const scoreOf = (variant: Variant) => variantSpread(variant, { split, measure: 'f1', over });
  const reference = (method: Method): number | null => {
    const found = variants.find((variant) => variant.method === method);
    return found === undefined ? null : (scoreOf(found)?.mean ?? null);
  };
  const pointsOf = (method: Method): readonly RatePoint[] =>
    variants.flatMap((variant): RatePoint[] => {
      const { rate, layers } = variant;
      const score = variant.method === method ? scoreOf(variant) : null;
      if (rate === null || layers === null || score === null) return [];
      return [{ rate, layers, f1: score.mean, deviation: score.deviation }];
    });
  const others = METHODS.filter(isSliced).flatMap((sliced) => {
    const joint = traitsOf(sliced).base;
    if (joint === null || sliced === 'MTL-LS') return [];
    const [points, level] = [pointsOf(sliced), reference(joint)];
    return points.length === 0 && level === null ? [] : [{ sliced, joint, points, level }];
  });
  return { points: pointsOf('MTL-LS'), stl: reference('STL'), mtlXc: reference('MTL-XC'), others };
}

/** Rounds and seeds of any variant of the task, ascending. */
export function roundsAndSeeds({ variants }: TaskComparison): {
  readonly rounds: readonly number[];
  readonly seeds: readonly number[];
} {
  const trainings = variants.flatMap((variant) => variant.trainings);
  const distinct = (of: (training: Training) => number) =>
    [...new Set(trainings.map(of))].sort((left, right) => left - right);
  return { rounds: distinct(({ round }) => round), seeds: distinct(({ seed }) => seed) };
}

function meanCurve(trainings: readonly Training[]): Curve['points'] {
  const values = new Map<number, number[]>();
  for (const { curve } of trainings) {
    for (const { epoch, f1 } of curve) values.set(epoch, [...(values.get(epoch) ?? []), f1]);
  }
  return [...values]
    .sort(([left], [right]) => left - right)
    .flatMap(([epoch, own]) => {
      const f1 = mean(own);
      return f1 === null ? [] : [{ epoch, f1 }];
    });
}

/** Trainings on one share of the training sentences, one per seed. */
export interface LearningPoint {
  /** Fraction of each task's training sentences; 1 for all. */
  readonly share: number;
  /** Training sentences of all tasks of a run in total; the rounded mean where seeds differ. */
  readonly sentences: number;
  /** Test F1 of the selected snapshots over seeds, in percent. */
  readonly f1: Spread;
}

/**
 * The learning curve through `run`, by increasing share: runs of the pool with the same tasks, method, category, slicing, round, model
 * and settings except the share. Runs with unknown test F1 on `task` or unknown sentence counts are omitted.
 */
export function learningCurve(run: RunRecord, task: TaskRef, pool: readonly RunRecord[]): readonly LearningPoint[] {
  const specs = new Map(pool.map(({ spec }) => [spec.id, spec]));
  const settingsOf = ({ spec }: RunRecord): string => {
    const { trainShare: _share, ...config } = spec.config;
    const { method, category, slicing, round, model } = spec;
    const tasks = spec.tasks.map(taskKey).sort();
    return canonicalJson([method, category, slicing, round, model.fingerprint, tasks, membersOf(spec, specs), config]);
  };
  const settings = settingsOf(run);
  const key = taskKey(task);
  const byShare = new Map<number, { readonly sentences: number; readonly f1: number }[]>();
  for (const record of pool) {
    if (settingsOf(record) !== settings) continue;
    const { spec, snapshots, selectedEpoch, counts } = record;
    const index = spec.tasks.findIndex((one) => taskKey(one) === key);
    const f1 = snapshots.find(({ epoch }) => epoch === selectedEpoch)?.test[index]?.lenient.overall.f1;
    if (f1 === undefined || counts === null) continue;
    const sentences = counts.reduce((sum, { train }) => sum + train.sentences, 0);
    const share = spec.config.trainShare ?? 1;
    byShare.set(share, [...(byShare.get(share) ?? []), { sentences, f1 }]);
  }
  return [...byShare]
    .sort(([left], [right]) => left - right)
    .flatMap(([share, trainings]) => {
      const f1 = spread(trainings.map((training) => training.f1));
      const sentences = mean(trainings.map((training) => training.sentences));
      return f1 === null || sentences === null ? [] : [{ share, sentences: Math.round(sentences), f1 }];
    });
}

// Computes the curves of runs for one chart: smoothed, and thinned to what a picture can show.

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

/** What a curve is drawn across. */
export type CurveScale = 'steps' | 'epochs' | 'minutes';

const MS_PER_MINUTE = 60_000;

/** The training loss of a run. */
export function lossCurve({ steps }: Pick<RunRecord, 'steps'>, across: CurveScale): readonly CurvePoint[] {
  return steps.map(({ step, epoch, elapsedMs, loss }) => ({
    x: position({ step, epoch, elapsedMs }, across),
    y: loss,
  }));
}

/** Devel F1 after each epoch of a run, the mean over its tasks; epochs without a devel score are omitted. */
export function develCurve({ epochs }: Pick<RunRecord, 'epochs'>, across: CurveScale): readonly CurvePoint[] {
  return epochs.flatMap(({ step, epoch, elapsedMs, devel }) => {
    const y = mean(devel.flatMap((scores) => (scores === null ? [] : [scores.lenient.overall.f1])));
    return y === null ? [] : [{ x: position({ step, epoch, elapsedMs }, across), y }];
  });
}

function position(
  { step, epoch, elapsedMs }: { readonly step: number; readonly epoch: number; readonly elapsedMs: number },
  across: CurveScale,
): number {
  return across === 'steps' ? step : across === 'epochs' ? epoch : elapsedMs / MS_PER_MINUTE;
}

/**
 * Smooths by an exponential moving average. `weight` in [0, 1) is what the past weighs, 0 for none. Corrected at the start as by Adam, so that the
 * first points are not drawn towards zero.
 */
export function smoothed(points: readonly CurvePoint[], weight: number): readonly CurvePoint[] {
  if (weight <= 0) return points;
  let average = 0;
  let left = 1;
  return points.map(({ x, y }) => {
    average = weight * average + (1 - weight) * y;
    left *= weight;
    return { x, y: average / (1 - left) };
  });
}

/**
 * Returns at most `limit` points in order, first and last included: each stretch keeps its lowest and its highest value, so that no spike is lost.
 */
export function thinned<Point>(
  points: readonly Point[],
  limit: number,
  valueOf: (point: Point) => number,
): readonly Point[] {
  const first = points[0];
  const last = points.at(-1);
  if (points.length <= limit || first === undefined || last === undefined) return points;
  const stretches = Math.max(1, Math.floor((limit - 2) / 2));
  const left: Point[] = [first];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = 1 + Math.floor((stretch * (points.length - 2)) / stretches);
    const to = 1 + Math.floor(((stretch + 1) * (points.length - 2)) / stretches);
    const [low, high] = extremes(points, from, to, valueOf);
    for (const index of low < high ? [low, high] : low === high ? [low] : [high, low]) {
      const point = points[index];
      if (point !== undefined) left.push(point);
    }
  }
  left.push(last);
  return left;
}

/** Indices of the first lowest and the first highest of some points. */
function extremes<Point>(
  points: readonly Point[],
  from: number,
  to: number,
  valueOf: (point: Point) => number,
): readonly [low: number, high: number] {
  let [low, lowest, high, highest] = [from, Infinity, from, -Infinity];
  for (let index = from; index < to; index++) {
    const point = points[index];
    if (point === undefined) continue;
    const value = valueOf(point);
    if (value < lowest) [low, lowest] = [index, value];
    if (value > highest) [high, highest] = [index, value];
  }
  return [low, high];
}

// Summarises a variant's scores on a task: the mean, and the deviation over seeds, rounds and snapshots separately.

export type MeasureName = keyof Measures;

/** The source of variation. */
export type SpreadOver = 'trainings' | 'seeds' | 'rounds' | 'snapshots';

/**
 * A score's mean and standard deviation over one source of variation; null when no finished training has the score.
 * `trainings`: over all seeds and rounds, one value each, from the selected snapshot.
 * `seeds`: over the means of the seeds. `rounds`: over the rounds of a seed, pooled over seeds. `snapshots`: over the saved snapshots of a
 * training (the paper's last five), pooled over trainings; the mean is then over all snapshots.
 */
export function variantSpread(
  { trainings }: Pick<Variant, 'trainings'>,
  { split, measure, over }: { readonly split: ScoredSplit; readonly measure: MeasureName; readonly over: SpreadOver },
): Spread | null {
  const finished = trainings.filter(({ status }) => status === 'finished');
  const valueOf = (scores: Pick<Training, ScoredSplit>): readonly number[] => {
    const found = scores[split];
    return found === null ? [] : [found[measure]];
  };
  if (over === 'trainings') return spread(finished.flatMap(valueOf));
  if (over === 'snapshots') return spreadWithin(finished.map(({ snapshots }) => snapshots.flatMap(valueOf)));
  const bySeed = new Map<number, number[]>();
  for (const training of finished) {
    const values = bySeed.get(training.seed) ?? [];
    values.push(...valueOf(training));
    bySeed.set(training.seed, values);
  }
  const seeds = [...bySeed.values()];
  if (over === 'rounds') return spreadWithin(seeds);
  return spread(seeds.flatMap((values) => mean(values) ?? []));
}

/** The mean over all seeds and rounds of the selected snapshots' scores. */
export function variantMean(
  variant: Pick<Variant, 'trainings'>,
  split: ScoredSplit,
  measure: MeasureName,
): number | null {
  return variantSpread(variant, { split, measure, over: 'trainings' })?.mean ?? null;
}

/**
 * The MTL-LS variant with the highest mean devel F1, ties to the fewest shared layers: the slicing rate is chosen on devel, never on test
 * (paper, Table 3). Null when none has a devel score.
 */
export function chosenOnDevel({ variants }: TaskComparison): Variant | null {
  let best: { readonly variant: Variant; readonly f1: number } | null = null;
  for (const variant of variants) {
    if (variant.method !== 'MTL-LS') continue;
    const f1 = variantMean(variant, 'devel', 'f1');
    if (f1 !== null && (best === null || f1 > best.f1)) best = { variant, f1 };
  }
  return best?.variant ?? null;
}

// Finds the tasks of a comparison that reported figures are about, names them as reported, and writes the lab's own scores in the same form.

/** The lab's own test scores of an experiment in the same form: means over seeds and rounds. */
export function scoresOf({ tasks }: Pick<Comparison, 'tasks'>): readonly ReportedScore[] {
  return tasks.flatMap(({ task, variants }) =>
    variants.flatMap((variant): ReportedScore[] => {
      const meanOf = (measure: 'precision' | 'recall' | 'f1') =>
        variantSpread(variant, { split: 'test', measure, over: 'trainings' })?.mean ?? null;
      const f1 = meanOf('f1');
      if (f1 === null) return [];
      const { method, rate } = variant;
      const name = variantName(variant);
      const text = task.type === null ? task.corpus.name : `${task.corpus.name} · ${task.type}`;
      return [{ name, method, rate, task: text, precision: meanOf('precision'), recall: meanOf('recall'), f1, source: 'BioNER Lab' }]; // prettier-ignore
    }),
  );
}

export interface ReportedMatch {
  /** The scores on each task of the comparison, by `taskKey`. */
  readonly byTask: ReportedByTask;
  /** Number of scores on tasks that are not in the comparison. */
  readonly unmatched: number;
}

/**
 * Finds the scores on the tasks of a comparison. A task is named by its corpus with its type (`NCBI-disease · Disease`), by the paper's name of it, or
 * by the corpus alone where the comparison has one task of that corpus; case and signs between words do not matter.
 */
export function matchReported({ tasks }: Pick<Comparison, 'tasks'>, files: readonly ReportedFile[]): ReportedMatch {
  const refs = tasks.map(({ task }) => task);
  const namesOf = new Map(refs.map((task) => [taskKey(task), new Set(taskNames(task, refs))]));
  const byTask = new Map<string, ReportedScore[]>();
  let unmatched = 0;
  for (const score of files.flatMap(({ scores }) => scores)) {
    const name = plainName(score.task);
    const keys = [...namesOf].flatMap(([key, names]) => (names.has(name) ? [key] : []));
    if (keys.length === 0) unmatched++;
    for (const key of keys) byTask.set(key, [...(byTask.get(key) ?? []), score]);
  }
  return { byTask, unmatched };
}

function taskNames({ corpus, type }: TaskRef, all: readonly TaskRef[]): readonly string[] {
  const published = publishedScores({ corpus, type })?.subTask;
  const isAlone = all.filter((other) => other.corpus.fingerprint === corpus.fingerprint).length === 1;
  return [
    `${corpus.name} ${type ?? 'all types'}`,
    ...(isAlone || type === null ? [corpus.name] : []),
    ...(published === undefined ? [] : [published.id, `${published.dataset} ${published.category}`]),
    ...(published !== undefined && isAlone ? [published.dataset] : []),
  ].map(plainName);
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').trim(); // prettier-ignore
}

/** Names a reported figure so that nobody takes it for one of the lab. */
export function reportedName({ name, source }: ReportedScore): string {
  return source === null ? `${name}, reported` : `${name}, reported by ${source}`;
}
