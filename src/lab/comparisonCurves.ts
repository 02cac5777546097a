// What the comparison charts draw: devel F1 by epoch for each method, and F1 by slicing rate with its spread.
import { mean } from '../metrics/spread.ts';
import type { Contender, ScoredSplit, TaskComparison, Training } from './comparison.ts';
import { contenderName } from './comparisonTables.ts';
import { contenderSpread, type SpreadOver } from './contenderSpread.ts';

export interface Curve {
  /** `STL`, `MTL-XC`, `MTL-LS 0.50`. */
  readonly name: string;
  readonly contender: Contender;
  readonly points: readonly { readonly epoch: number; readonly f1: number }[];
}

/** Which trainings a curve is the mean of; a seed of null takes all. */
export interface CurveChoice {
  readonly round: number;
  readonly seed: number | null;
}

/** Devel F1 by epoch, one curve a contender: at each epoch the mean over the seeds that got there. Contenders without a score are left out. */
export function comparisonCurves({ contenders }: TaskComparison, { round, seed }: CurveChoice): readonly Curve[] {
  return contenders.flatMap((contender) => {
    const chosen = contender.trainings.filter(
      (training) => training.round === round && (seed === null || training.seed === seed),
    );
    const points = meanCurve(chosen);
    return points.length === 0 ? [] : [{ name: contenderName(contender), contender, points }];
  });
}

export interface RatePoint {
  readonly rate: number;
  readonly layers: number;
  readonly f1: number;
  /** Null for a single value. */
  readonly deviation: number | null;
}

export interface RateCurve {
  readonly points: readonly RatePoint[];
  /** Means of the methods without a slicing rate. */
  readonly stl: number | null;
  readonly mtlXc: number | null;
}

/** F1 by slicing rate (paper, Table 2) of the finished trainings; contenders whose rate is not known are left out. */
export function rateCurve(
  { contenders }: TaskComparison,
  { split, over }: { readonly split: ScoredSplit; readonly over: SpreadOver },
): RateCurve {
  const scoreOf = (contender: Contender) => contenderSpread(contender, { split, measure: 'f1', over });
  const reference = (method: Contender['method']): number | null => {
    const found = contenders.find((contender) => contender.method === method);
    return found === undefined ? null : (scoreOf(found)?.mean ?? null);
  };
  const points = contenders.flatMap((contender): RatePoint[] => {
    const { rate, layers } = contender;
    const score = scoreOf(contender);
    if (rate === null || layers === null || score === null) return [];
    return [{ rate, layers, f1: score.mean, deviation: score.deviation }];
  });
  return { points, stl: reference('STL'), mtlXc: reference('MTL-XC') };
}

/** Rounds and seeds that any contender of the task has, in order. */
export function roundsAndSeeds({ contenders }: TaskComparison): {
  readonly rounds: readonly number[];
  readonly seeds: readonly number[];
} {
  const trainings = contenders.flatMap((contender) => contender.trainings);
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
