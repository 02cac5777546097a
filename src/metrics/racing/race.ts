// Decides how a search for the slicing rate goes on: which trainings may go on to which epoch, which rates are dropped, and which one is chosen.
import { LabError } from '../../util/labError.ts';
import { Rng } from '../../util/random.ts';
import type { SentenceCounts } from '../scores/sentenceCounts.ts';
import { mean } from '../scores/spread.ts';
import { bootstrapIntervals, type Interval } from '../significance/bootstrapIntervals.ts';
import { smoothnessOf, unimodalFit, type CurvePoints } from './unimodalFit.ts';

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
