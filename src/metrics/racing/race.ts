// Decides how a search for the slicing rate goes on, neighbouring rates sharing what is known by a smooth curve with one peak.
import { LabError } from '../../util/labError.ts';
import { Rng } from '../../util/random.ts';
import { mean, type SentenceCounts } from '../scores/spanScore.ts';
import { bootstrapIntervals, type Interval } from '../significance/bootstrapIntervals.ts';

// Decides how a search for the slicing rate goes on: which trainings may go on to which epoch, which rates are dropped, and which one is chosen.

/** How a slicing rate is searched. Each rate is first trained with the first seed. */
export interface RaceRules {
  /**
   * `race`: at each rung, rates that are worse on devel than the leader by more than the noise of its sentences are dropped; `top`: all but the best are
   * dropped at the rung.
   */
  readonly policy: 'race' | 'top';
  /** Epochs after which the rates are compared, increasing. */
  readonly rungs: readonly number[];
  /** Rates that are left after the last rung at the most; these are trained with the other seeds. */
  readonly finalists: number;
  /** Whether the last of them is chosen at the last rung, or when all of them are trained to their end. */
  readonly choose: 'rung' | 'end';
}

/** Score of one training on devel at a rung. */
export interface RungScore {
  /** Percent. */
  readonly f1: number;
  /** What it found in each devel sentence; null where only the score is known. */
  readonly counts: SentenceCounts | null;
}

export interface Race {
  readonly rules: RaceRules;
  /** Slicing rates, distinct. */
  readonly rates: readonly number[];
  /** Distinct; the first one comes first. */
  readonly seeds: readonly number[];
  /** Epochs of a whole training. */
  readonly epochs: number;
  /** The score of a rate and a seed after an epoch, at the end of the best snapshot; null as long as it is not known. */
  readonly scoreOf: (rate: number, seed: number, epoch: number) => RungScore | null;
  /** Mean devel F1 of each rate in other tasks, by increasing rate, if there are any: their shape is expected here. */
  readonly expected?: readonly number[];
}

/** Why a rate was dropped. Differences are devel F1 of the leader minus that of the rate, percent. */
export type DropReason =
  | { readonly kind: 'worse'; readonly leader: number; readonly difference: number; readonly interval: Interval }
  | { readonly kind: 'rank' | 'choice'; readonly leader: number; readonly difference: number };

export interface Drop {
  readonly rate: number;
  readonly epoch: number;
  readonly reason: DropReason;
}

/** A comparison of the rates that were left, after an epoch. */
export interface RungDecision {
  readonly epoch: number;
  readonly seeds: readonly number[];
  /** By increasing rate: mean devel F1 over the seeds, and what the rates are ranked by. */
  readonly scores: readonly { readonly rate: number; readonly f1: number; readonly fitted: number }[];
  readonly leader: number;
  readonly dropped: readonly Drop[];
}

/** How far a training may go; `scoresTest`: to its end, with the scores on test. */
export interface Allowance {
  readonly rate: number;
  readonly seed: number;
  readonly epoch: number;
  readonly scoresTest: boolean;
}

export interface RaceStanding {
  /** In order. */
  readonly rungs: readonly RungDecision[];
  readonly drops: readonly Drop[];
  /** Of all trainings that were needed so far, each once. */
  readonly allowances: readonly Allowance[];
  /** Null until it is known. */
  readonly chosen: number | null;
}

/** Of the bootstrap: fewer draws than in tests of significance, because a page waits for them. */
const DRAWS = 1000;
const LEVEL = 0.95;
/** Of the standard normal distribution at that level. */
const QUANTILE = 1.96;

/**
 * Follows a race from its start as far as the scores reach; nothing but the scores decides, so a race that was interrupted decides the same. At
 * least two rates stay in the race until the choice, unless the policy `top` has one finalist, the leader and one of its neighbours among them.
 * Throws LabError `race/counts` where the policy `race` meets a score without counts of sentences.
 */
export function raceStanding(race: Race): RaceStanding {
  const followed = new FollowedRace(race);
  return followed.standing();
}

class FollowedRace {
  private readonly race: Race;
  private readonly decisions: RungDecision[] = [];
  private readonly allowed = new Map<string, Allowance>();
  private alive: readonly number[];

  constructor(race: Race) {
    this.race = race;
    this.alive = [...race.rates].sort((left, right) => left - right);
  }

  standing(): RaceStanding {
    const chosen = this.followed();
    const drops = this.decisions.flatMap(({ dropped }) => dropped);
    return { rungs: this.decisions, drops, allowances: [...this.allowed.values()], chosen };
  }

  /** The chosen rate; null where a score is still missing. */
  private followed(): number | null {
    const { rules, seeds, epochs } = this.race;
    for (const [index, rung] of rules.rungs.entries()) {
      if (!this.allow(seeds.slice(0, 1), rung)) return null;
      this.eliminate(rung, seeds.slice(0, 1), index === rules.rungs.length - 1);
    }
    if (this.alive.length > 1) {
      const last = rules.choose === 'end' ? epochs : (rules.rungs.at(-1) ?? epochs);
      if (!this.allow(seeds, last)) return null;
      this.choose(last);
    }
    this.allow(seeds, epochs, true);
    return this.alive[0] ?? null;
  }

  /** Lets the rates that are left go on to an epoch; false where a score at it is missing. */
  private allow(seeds: readonly number[], epoch: number, scoresTest = false): boolean {
    let areKnown = true;
    for (const rate of this.alive) {
      for (const seed of seeds) {
        this.allowed.set(`${rate} ${seed}`, { rate, seed, epoch, scoresTest });
        areKnown &&= this.race.scoreOf(rate, seed, epoch) !== null;
      }
    }
    return areKnown;
  }

  /** Drops rates at a rung: those that are worse, and after the last rung those beyond the finalists. */
  private eliminate(epoch: number, seeds: readonly number[], isLast: boolean): void {
    const { policy, finalists } = this.race.rules;
    const scores = this.ranked(epoch, seeds);
    const order = bestFirst(scores);
    const leader = order[0] ?? 0;
    const worse = policy === 'race' ? this.worse(leader, epoch, seeds, scores) : [];
    if (policy === 'race') {
      // The leader's better neighbour stays, as the curve may still move.
      const neighbour = order.findIndex((rate) => this.areNeighbours(rate, leader));
      if (neighbour > 1) order.splice(1, 0, ...order.splice(neighbour, 1));
    }
    const isKept = (rate: number): boolean => rate === leader || (policy === 'race' && rate === order[1]);
    const dropped = worse.filter(({ rate }) => !isKept(rate));
    const left = order.filter((rate) => !dropped.some((drop) => drop.rate === rate));
    const beyond = isLast ? left.slice(policy === 'race' ? Math.max(2, finalists) : finalists) : [];
    this.drop({ epoch, seeds, scores, leader }, [
      ...dropped,
      ...beyond.map((rate): Drop => ({ rate, epoch, reason: { kind: 'rank', leader, difference: f1Of(scores, leader) - f1Of(scores, rate) } })), // prettier-ignore
    ]);
  }

  /** Leaves only the rate with the highest mean over all seeds. */
  private choose(epoch: number): void {
    const { seeds } = this.race;
    const scores = this.ranked(epoch, seeds);
    const [leader = 0, ...others] = bestFirst(scores);
    const dropped = others.map((rate): Drop => ({ rate, epoch, reason: { kind: 'choice', leader, difference: f1Of(scores, leader) - f1Of(scores, rate) } })); // prettier-ignore
    this.drop({ epoch, seeds, scores, leader }, dropped);
  }

  private drop(comparison: Omit<RungDecision, 'dropped'>, drops: readonly Drop[]): void {
    const dropped = [...drops].sort((one, other) => one.rate - other.rate);
    this.decisions.push({ ...comparison, dropped });
    const gone = new Set(dropped.map(({ rate }) => rate));
    this.alive = this.alive.filter((rate) => !gone.has(rate));
  }

  /** Scores of the rates that are left by increasing rate. Neighbours share strength in a race among three or more. */
  private ranked(epoch: number, seeds: readonly number[]): RungDecision['scores'] {
    const { rules, rates, expected, scoreOf } = this.race;
    const values = this.alive.map((rate) => mean(seeds.flatMap((seed) => scoreOf(rate, seed, epoch)?.f1 ?? [])) ?? 0);
    const sorted = [...rates].sort((left, right) => left - right);
    const shape = expected && this.alive.map((rate) => expected[sorted.indexOf(rate)] ?? 0);
    const points = { positions: this.alive, values, ...(shape !== undefined && { expected: shape }) };
    const fitted = rules.policy === 'top' || this.alive.length < 3 ? values : this.fitted(points, epoch, seeds);
    return this.alive.map((rate, index) => ({ rate, f1: values[index] ?? 0, fitted: fitted[index] ?? 0 }));
  }

  /** The noise is that of sentences, half of the variance of the differences to the best. */
  private fitted(points: CurvePoints, epoch: number, seeds: readonly number[]): readonly number[] {
    const best = this.alive[points.values.indexOf(Math.max(...points.values))] ?? 0;
    const others = this.alive.filter((rate) => rate !== best);
    const variances = others.map((rate) => {
      const { low, high } = this.difference(best, rate, epoch, seeds);
      return ((high - low) / (2 * QUANTILE)) ** 2 / 2;
    });
    return unimodalFit(points, smoothnessOf(points, mean(variances) ?? 0));
  }

  /** The interval of a difference, on the same drawn sentences for all rates of a rung. */
  private difference(one: number, other: number, epoch: number, seeds: readonly number[]): Interval {
    const pairs = seeds.map((seed) => ({ a: this.countsOf(one, seed, epoch), b: this.countsOf(other, seed, epoch) }));
    const rng = Rng.seeded(1).fork('race', epoch);
    return bootstrapIntervals(pairs, { draws: DRAWS, level: LEVEL, rng }).difference;
  }

  /** The rates whose paired bootstrap against the leader excludes zero. */
  private worse(
    leader: number,
    epoch: number,
    seeds: readonly number[],
    scores: RungDecision['scores'],
  ): readonly Drop[] {
    return scores.flatMap(({ rate, f1 }) => {
      if (rate === leader) return [];
      const interval = this.difference(leader, rate, epoch, seeds);
      if (interval.low <= 0) return [];
      return [
        { rate, epoch, reason: { kind: 'worse' as const, leader, difference: f1Of(scores, leader) - f1, interval } },
      ];
    });
  }

  private countsOf(rate: number, seed: number, epoch: number): SentenceCounts {
    const counts = this.race.scoreOf(rate, seed, epoch)?.counts ?? null;
    if (counts !== null) return counts;
    throw new LabError('race/counts', 'Racing compares rates by what they found in each devel sentence.', {
      expected: `counts of the devel sentences of rate ${rate} after epoch ${epoch}`,
      got: 'the score alone',
    });
  }

  /** Whether no rate that is left lies between these. */
  private areNeighbours(one: number, other: number): boolean {
    return Math.abs(this.alive.indexOf(one) - this.alive.indexOf(other)) === 1;
  }
}

/** Rates by rank, then score; the lower one of equal ones first. */
function bestFirst(scores: RungDecision['scores']): number[] {
  const order = [...scores].sort(
    (one, other) => other.fitted - one.fitted || other.f1 - one.f1 || one.rate - other.rate,
  );
  return order.map(({ rate }) => rate);
}

function f1Of(scores: RungDecision['scores'], rate: number): number {
  return scores.find((score) => score.rate === rate)?.f1 ?? 0;
}

// Fits a smooth curve with one peak to the scores of slicing rates, so that neighbouring rates share what is known of them.

/** Scores at increasing positions, all of one length. */
export interface CurvePoints {
  /** Strictly increasing. */
  readonly positions: readonly number[];
  readonly values: readonly number[];
  /** A curve of the same shape as expected, from other tasks: only differences to it are smoothed. All zero without any. */
  readonly expected?: readonly number[];
}

/** Above this the curve is a straight line for all that matters. */
const MOST_SMOOTHNESS = 10;

/**
 * Returns how much roughness weighs against distance from the values: the variance of their noise over that of the curve's own second differences,
 * which is what the values' second differences have beyond noise (empirical Bayes; for equal distances noise adds 1 + 4 + 1 times its variance).
 */
export function smoothnessOf({ positions, values, expected }: CurvePoints, noiseVariance: number): number {
  const base = expected ?? values.map(() => 0);
  const rows = differenceRows(positions);
  if (rows.length === 0) return 0;
  const second = rows.map((weights, first) =>
    weights.reduce(
      (sum, weight, index) => sum + weight * ((values[first + index] ?? 0) - (base[first + index] ?? 0)),
      0,
    ),
  );
  const roughness = second.reduce((sum, value) => sum + value * value, 0) / rows.length;
  const gain = rows.flat().reduce((sum, weight) => sum + weight * weight, 0) / rows.length;
  const own = roughness - gain * noiseVariance;
  return own <= 0 ? MOST_SMOOTHNESS : Math.min(MOST_SMOOTHNESS, noiseVariance / own);
}

/**
 * Returns the values of the curve at the positions: first the minimiser f of
 * `sum (values - f)^2 + smoothness * sum (second differences of f - expected)^2` (Whittaker 1923), then the nearest curve to it that rises to one peak and
 * falls after it. Second differences are divided differences times the squared mean distance of positions, so that equally spaced positions have
 * `f[i-1] - 2 f[i] + f[i+1]`. With fewer than three positions every curve fits, and the values are returned.
 */
export function unimodalFit({ positions, values, expected }: CurvePoints, smoothness: number): readonly number[] {
  if (values.length < 3) return values;
  const base = expected ?? values.map(() => 0);
  const differences = values.map((value, index) => value - (base[index] ?? 0));
  const smooth = whittaker(positions, differences, smoothness);
  return unimodalRegression(smooth.map((value, index) => value + (base[index] ?? 0)));
}

/** Solves (I + smoothness * D'D) f = values, where D takes second differences. */
function whittaker(positions: readonly number[], values: readonly number[], smoothness: number): readonly number[] {
  const rows = values.map((value, row) => [...values.map((_, column) => (row === column ? 1 : 0)), value]);
  for (const [first, weights] of differenceRows(positions).entries()) {
    for (const [left, one] of weights.entries()) {
      for (const [right, other] of weights.entries()) {
        const row = rows[first + left] ?? [];
        row[first + right] = (row[first + right] ?? 0) + smoothness * one * other;
      }
    }
  }
  return solved(rows);
}

/** The three weights of each second difference, by the first of its positions. */
function differenceRows(positions: readonly number[]): readonly (readonly number[])[] {
  const at = (index: number): number => positions[index] ?? 0;
  const meanStep = (at(positions.length - 1) - at(0)) / (positions.length - 1);
  return positions.slice(2).map((_, first) => {
    const [before, after] = [at(first + 1) - at(first), at(first + 2) - at(first + 1)];
    const scale = (2 * meanStep * meanStep) / (before + after);
    return [scale / before, -scale / before - scale / after, scale / after];
  });
}

/** Solves a symmetric positive definite system, `[size][size + 1]` with the right side last, by elimination without pivots. */
function solved(rows: readonly number[][]): readonly number[] {
  const size = rows.length;
  const entry = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let pivot = 0; pivot < size; pivot++) {
    for (let row = pivot + 1; row < size; row++) {
      const factor = entry(row, pivot) / entry(pivot, pivot);
      if (factor === 0) continue;
      const target = rows[row] ?? [];
      for (let column = pivot; column <= size; column++)
        target[column] = entry(row, column) - factor * entry(pivot, column);
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row--) {
    let rest = entry(row, size);
    for (let column = row + 1; column < size; column++) rest -= entry(row, column) * (solution[column] ?? 0);
    solution[row] = rest / entry(row, row);
  }
  return solution;
}

/**
 * Returns the nearest values in squares that rise, then fall: for each place of the peak the isotonic regression of what is before it and the
 * antitonic one of what is after it (Frisén 1986); the first of equal ones.
 */
export function unimodalRegression(values: readonly number[]): readonly number[] {
  let best: { readonly fit: readonly number[]; readonly squares: number } | null = null;
  for (let peak = 1; peak <= values.length; peak++) {
    const rising = isotonicRegression(values.slice(0, peak));
    const falling = isotonicRegression(values.slice(peak).reverse());
    const fit = [...rising, ...[...falling].reverse()];
    const squares = fit.reduce((sum, value, index) => sum + (value - (values[index] ?? 0)) ** 2, 0);
    if (best === null || squares < best.squares) best = { fit, squares };
  }
  return best?.fit ?? [];
}

/** Pools adjacent values that fall (Ayer et al. 1955). */
function isotonicRegression(values: readonly number[]): readonly number[] {
  const pools: { sum: number; count: number }[] = [];
  for (const value of values) {
    let pool = { sum: value, count: 1 };
    for (
      let last = pools.at(-1);
      last !== undefined && last.sum / last.count > pool.sum / pool.count;
      last = pools.at(-1)
    ) {
      pool = { sum: last.sum + pool.sum, count: last.count + pool.count };
      pools.pop();
    }
    pools.push(pool);
  }
  return pools.flatMap(({ sum, count }) => new Array<number>(count).fill(sum / count));
}
