// Follows the races among the lab's runs: how far each may go, which are dropped and why, and what waits for what.
import {
  raceStanding,
  type Allowance,
  type Race,
  type RaceStanding,
  type RungScore,
} from '../../metrics/racing/race.ts';
import { dropReasonText } from '../../metrics/racing/raceWords.ts';
import { unpackCounts } from '../../metrics/scores/packedCounts.ts';
import { raceRulesOf } from '../../schema/methods.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { canonicalJson } from '../../util/digest.ts';
import { hasReached, isRacing, type RaceOrders } from './raceOrders.ts';

/** The runs of one task that race for its slicing rate, all of one plan's kind. */
export interface LiveRace {
  readonly race: Race;
  readonly runs: readonly RunRecord[];
  readonly standing: RaceStanding;
}

type LayersOf = (modelId: string) => number | undefined;

/** Standings by what is known of a race: comparing sentences takes a moment, so it is done once. */
export type KnownStandings = Map<string, RaceStanding>;

/** Follows every race of these runs from its start. Throws as `raceStanding` does. */
export function liveRaces(
  records: readonly RunRecord[],
  layersOf: LayersOf,
  known: KnownStandings = new Map(),
): readonly LiveRace[] {
  const groups = new Map<string, RunRecord[]>();
  for (const record of records) {
    if (raceRulesOf(record.search) === null || record.spec.slicing === null) continue;
    const { tasks, category, model, config, slicing } = record.spec;
    const task = tasks.map(({ corpus, type }) => [corpus.fingerprint, type]);
    const key = canonicalJson([
      task,
      category,
      model.fingerprint,
      config,
      slicing.biases,
      slicing.frozen,
      record.search,
    ]);
    const runs = groups.get(key) ?? [];
    runs.push(record);
    groups.set(key, runs);
  }
  return [...groups.values()].flatMap((runs) => followed(runs, layersOf, known) ?? []);
}

/** Updates that a race has taken so far, and those of its whole grid; `whole` is null before any run has started. */
export function raceSteps({ race, runs }: LiveRace): { readonly done: number; readonly whole: number | null } {
  const each = runs.find(({ totalSteps }) => totalSteps > 0)?.totalSteps;
  const done = runs.reduce((sum, { step }) => sum + step, 0);
  return { done, whole: each === undefined ? null : each * race.rates.length * race.seeds.length };
}

/** The slicing rate of an MTL-LS run; its number of layers where that of the model is not known. */
export function rateOfRun({ spec }: Pick<RunRecord, 'spec'>, layersOf: LayersOf): number {
  return (spec.slicing?.layers ?? 0) / (layersOf(spec.model.id) ?? 1);
}

function followed(runs: readonly RunRecord[], layersOf: LayersOf, known: KnownStandings): LiveRace | null {
  const [first] = runs;
  const rules = raceRulesOf(first?.search);
  if (first === undefined || rules === null) return null;
  const cells = new Map(runs.map((run) => [`${rateOfRun(run, layersOf)} ${run.spec.seed}`, run]));
  const { epochs } = first.spec.config;
  const race: Race = {
    rules,
    rates: [...new Set(runs.map((run) => rateOfRun(run, layersOf)))].sort((left, right) => left - right),
    seeds: [...new Set(runs.map(({ spec }) => spec.seed))].sort((left, right) => left - right),
    epochs,
    scoreOf: (rate, seed, epoch) => {
      const run = cells.get(`${rate} ${seed}`);
      return run === undefined ? null : scoreAt(run, epoch);
    },
  };
  const key = JSON.stringify([rules, race.rates, runs.map(({ spec, epochs: done }) => [spec.id, done.length]).sort()]);
  const standing = known.get(key) ?? raceStanding(race);
  known.set(key, standing);
  return { race, runs, standing };
}

/** The devel score of an MTL-LS run after an epoch; at its end that of the best of the snapshots it keeps, as it will be selected. */
export function scoreAt({ spec, epochs }: Pick<RunRecord, 'spec' | 'epochs'>, epoch: number): RungScore | null {
  const point = epochs.find((one) => one.epoch === epoch);
  const f1 = point?.devel[0]?.lenient.overall.f1;
  if (point === undefined || f1 === undefined) return null;
  const packed = point.develCounts?.[0] ?? null;
  const counts = packed === null ? null : unpackCounts(packed);
  if (epoch !== spec.config.epochs) return { f1, counts };
  const saved = epochs.filter((one) => one.epoch > epoch - spec.config.snapshots);
  return { f1: Math.max(...saved.map(({ devel }) => devel[0]?.lenient.overall.f1 ?? 0)), counts };
}

/** Says how far the runs of all races may go. Throws as `raceStanding` does. */
export function raceOrders(
  records: readonly RunRecord[],
  layersOf: LayersOf,
  known: KnownStandings = new Map(),
): RaceOrders {
  const allowances = new Map<string, Allowance>();
  const drops = new Map<string, NonNullable<RunRecord['dropped']>>();
  const waits = new Map<string, readonly string[]>();
  for (const { runs, standing } of liveRaces(records, layersOf, known)) {
    const runOf = (rate: number, seed: number): RunRecord | undefined =>
      runs.find((run) => run.spec.seed === seed && rateOfRun(run, layersOf) === rate);
    const awaited: string[] = [];
    for (const allowance of standing.allowances) {
      const run = runOf(allowance.rate, allowance.seed);
      if (run === undefined || !isRacing(run)) continue;
      allowances.set(run.spec.id, allowance);
      if (!hasReached(run, allowance)) awaited.push(run.spec.id);
    }
    for (const run of runs) {
      const drop = standing.drops.find(({ rate }) => rate === rateOfRun(run, layersOf));
      if (drop !== undefined) allowances.delete(run.spec.id);
      if (drop !== undefined && run.dropped === undefined && run.status !== 'finished') {
        drops.set(run.spec.id, { epoch: drop.epoch, reason: dropReasonText(drop) });
      } else if (drop === undefined && isRacing(run)) {
        const allowance = allowances.get(run.spec.id);
        if (allowance === undefined || hasReached(run, allowance)) waits.set(run.spec.id, awaited.filter((id) => id !== run.spec.id)); // prettier-ignore
      }
    }
  }
  return { allowances, drops, waits };
}
