// Computes the comparison charts' data: devel F1 by epoch for each variant, F1 by slicing rate and by training share, with spreads.
import { mean, spread, type Spread } from '../../metrics/scores/spread.ts';
import { isSliced, METHODS, traitsOf, type Method } from '../../schema/methods.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import { canonicalJson } from '../../util/digest.ts';
import {
  membersOf,
  taskKey,
  type ScoredSplit,
  type TaskComparison,
  type Training,
  type Variant,
} from './comparison.ts';
import { variantName } from '../state/methodNames.ts';
import { variantSpread, type SpreadOver } from './variantSpread.ts';

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
