// Replays ways of finding the slicing rate on whole grids among finished runs: what each would have cost and lost in F1.
import {
  raceStanding,
  type Race,
  type RaceRules,
  type RaceStanding,
  type RungScore,
} from '../../metrics/racing/race.ts';
import { rateText, rulesText } from '../../metrics/racing/raceWords.ts';
import { mean } from '../../metrics/scores/spanScore.ts';
import type { Interval } from '../../metrics/significance/bootstrapIntervals.ts';
import { raceRulesOf, rateSearchSchema } from '../../schema/methods.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import type { Work } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import { Rng } from '../../util/random.ts';
import { validate } from '../../util/validate.ts';
import { taskKey, type Comparison } from '../comparison/comparison.ts';
import { scoreAt } from './liveRaces.ts';

/** A way of finding the rate: `all` trains every rate and takes the best on devel, `fixed` trains one rate alone. */
export type ReplayPolicy =
  | { readonly kind: 'all' }
  | { readonly kind: 'fixed'; readonly rate: number }
  | { readonly kind: 'rules'; readonly rules: RaceRules };

/**
 * A grid as one search would meet it. `seeds` in order, the first of which comes first in the search: each seed of a grid takes that part in turn, or
 * is a search alone.
 */
export interface ReplayCase {
  readonly grid: StoredGrid;
  readonly seeds: readonly number[];
}

export interface CaseOutcome {
  readonly of: ReplayCase;
  readonly chosen: number;
  /** Updates of MTL-LS; those of its MTL-XC are needed by every policy. */
  readonly steps: number;
  readonly fullSteps: number;
  /** Mean test F1 of the best rate on test minus that of the chosen one, percent. */
  readonly regret: number;
  /** What the whole grid's choice on devel would have had, minus that of the chosen one, percent; negative if this one did better. */
  readonly behindGrid: number;
  /** Null for policies that decide nothing on the way. */
  readonly standing: RaceStanding | null;
}

export interface PolicyOutcome {
  readonly policy: ReplayPolicy;
  readonly name: string;
  /** Empty where `refusal` says why the policy cannot be replayed. */
  readonly cases: readonly CaseOutcome[];
  readonly refusal: string | null;
  /** Share of the steps of the whole grid, the mean over cases. */
  readonly share: number;
  readonly regret: MeanOverTasks;
  readonly behindGrid: MeanOverTasks;
}

/** A mean over cases with its bootstrap interval at 95 % over tasks. */
export interface MeanOverTasks {
  readonly mean: number;
  readonly interval: Interval;
}

/** The cases of grids; `apart`: each seed is a separate search. */
export function replayCases(grids: readonly StoredGrid[], apart: boolean): readonly ReplayCase[] {
  return grids.flatMap((grid) =>
    grid.seeds.map((seed, index) => ({
      grid,
      seeds: apart ? [seed] : [...grid.seeds.slice(index), ...grid.seeds.slice(0, index)],
    })),
  );
}

/** The policies that are worth comparing on grids of `epochs` epochs: baselines, the best K after an epoch, and races. */
export function usualPolicies(epochs: number): readonly ReplayPolicy[] {
  const early = [...new Set([1, Math.max(1, Math.floor(epochs / 2))])].filter((epoch) => epoch < epochs);
  const top = (finalists: number, epoch: number, choose: RaceRules['choose']): ReplayPolicy => ({
    kind: 'rules',
    rules: { policy: 'top', rungs: [epoch], finalists, choose },
  });
  const race = (rungs: readonly number[], finalists: number): ReplayPolicy => ({
    kind: 'rules',
    rules: { policy: 'race', rungs, finalists, choose: 'rung' },
  });
  return [
    { kind: 'all' },
    { kind: 'fixed', rate: 1 },
    ...early.flatMap((epoch) => [top(1, epoch, 'rung'), top(2, epoch, 'rung'), top(2, epoch, 'end'), race([epoch], 2)]),
    ...(early.length > 1 ? [race(early, 2)] : []),
  ];
}

/** `all rates`, `1.00 always`, or what `rulesText` says. */
export function policyName(policy: ReplayPolicy): string {
  switch (policy.kind) {
    case 'all':
      return 'all rates';
    case 'fixed':
      return `${rateText(policy.rate)} always`;
    case 'rules':
      return rulesText(policy.rules);
  }
}

/**
 * Replays a policy on one case. Throws LabError `replay/rate` for a fixed rate that the grid lacks, `replay/epoch` for a rung beyond its epochs, and
 * `race/counts` for a race on a grid without counts of devel sentences.
 */
export function replayCase(policy: ReplayPolicy, of: ReplayCase, expected?: readonly number[]): CaseOutcome {
  const { grid, seeds } = of;
  const { rates, epochs, cellOf } = grid;
  const stepsOf = (rate: number, epoch: number, some = seeds): number =>
    some.reduce((sum, seed) => sum + cellOf(rate, seed).stepsAt(epoch), 0);
  const meanOf = (rate: number, split: 'devel' | 'test'): number =>
    mean(seeds.map((seed) => cellOf(rate, seed)[split])) ?? 0;
  const fullSteps = rates.reduce((sum, rate) => sum + stepsOf(rate, epochs), 0);
  const onDevel = rates.reduce((best, rate) => (meanOf(rate, 'devel') > meanOf(best, 'devel') ? rate : best));
  const best = Math.max(...rates.map((rate) => meanOf(rate, 'test')));
  const outcome = (chosen: number, steps: number, standing: RaceStanding | null): CaseOutcome => ({
    of,
    chosen,
    steps,
    fullSteps,
    regret: best - meanOf(chosen, 'test'),
    behindGrid: meanOf(onDevel, 'test') - meanOf(chosen, 'test'),
    standing,
  });
  if (policy.kind === 'all') return outcome(onDevel, fullSteps, null);
  if (policy.kind === 'fixed') {
    assertRate(policy.rate, grid);
    return outcome(policy.rate, stepsOf(policy.rate, epochs), null);
  }
  assertEpochs(policy.rules, grid);
  const race: Race = {
    rules: policy.rules,
    rates,
    seeds,
    epochs,
    scoreOf: (rate, seed, epoch) => cellOf(rate, seed).scoreAt(epoch),
    ...(expected !== undefined && { expected }),
  };
  const standing = raceStanding(race);
  const steps = standing.allowances.reduce((sum, { rate, seed, epoch }) => sum + stepsOf(rate, epoch, [seed]), 0);
  return outcome(standing.chosen ?? onDevel, steps, standing);
}

function assertRate(rate: number, { rates }: StoredGrid): void {
  if (rates.includes(rate)) return;
  throw new LabError('replay/rate', `The grid was not trained at rate ${rateText(rate)}.`, {
    expected: rates.map(rateText).join(', '),
    got: rateText(rate),
  });
}

function assertEpochs({ policy, rungs }: RaceRules, { epochs, countedEpochs }: StoredGrid): void {
  const beyond = rungs.find((rung) => rung > epochs);
  if (beyond !== undefined) {
    throw new LabError('replay/epoch', 'The runs of the grid have fewer epochs than the policy needs.', {
      expected: `rungs up to ${epochs}`,
      got: String(beyond),
    });
  }
  const uncounted = rungs.find((rung) => !countedEpochs.includes(rung));
  if (policy !== 'race' || uncounted === undefined) return;
  throw new LabError(
    'race/counts',
    'Racing compares rates by what they found in each devel sentence, which this grid does not have.',
    {
      expected: `counts after epoch ${uncounted}, as a plan with "search": {"policy": "all", "rungs": […]} writes them`,
      got: countedEpochs.length === 0 ? 'F1 alone' : `counts after epochs ${countedEpochs.join(', ')}`,
    },
  );
}

/** Replays policies on cases, one step of work each. What a policy cannot do on these grids is said in its `refusal`. */
export function* replayPolicies(
  policies: readonly ReplayPolicy[],
  cases: readonly ReplayCase[],
  sharing: ReplaySharing = 'none',
): Work<readonly PolicyOutcome[]> {
  const outcomes: PolicyOutcome[] = [];
  for (const [done, policy] of policies.entries()) {
    const found: CaseOutcome[] = [];
    let refusal: string | null = null;
    for (const one of cases) {
      yield { phase: `replaying ${policyName(policy)}`, done, of: policies.length };
      try {
        found.push(replayCase(policy, one, sharing === 'category' ? expectedShape(one, cases, policy) : undefined));
      } catch (error) {
        if (!(error instanceof LabError)) throw error;
        refusal = LabError.describe(LabError.toData(error));
        break;
      }
    }
    outcomes.push(summary(policy, refusal === null ? found : [], refusal));
  }
  return outcomes;
}

/** Whether a race expects the shape of the other tasks of its category. */
export type ReplaySharing = 'none' | 'category';

/** Mean devel F1 by rate of the other tasks of the category at the first rung, leaving the task itself out; undefined without any. */
function expectedShape(
  { grid }: ReplayCase,
  cases: readonly ReplayCase[],
  policy: ReplayPolicy,
): readonly number[] | undefined {
  if (policy.kind !== 'rules') return undefined;
  const rung = policy.rules.rungs.at(-1) ?? 1;
  const grids = new Set(cases.map((one) => one.grid));
  const others = [...grids].filter((other) => other !== grid && other.category === grid.category && other.rates.join() === grid.rates.join()); // prettier-ignore
  if (others.length === 0) return undefined;
  return grid.rates.map(
    (rate) =>
      mean(others.flatMap((other) => other.seeds.map((seed) => other.cellOf(rate, seed).scoreAt(rung)?.f1 ?? 0))) ?? 0,
  );
}

function summary(policy: ReplayPolicy, cases: readonly CaseOutcome[], refusal: string | null): PolicyOutcome {
  return {
    policy,
    name: policyName(policy),
    cases,
    refusal,
    share: mean(cases.map(({ steps, fullSteps }) => steps / fullSteps)) ?? 0,
    regret: estimate(cases, ({ regret }) => regret),
    behindGrid: estimate(cases, ({ behindGrid }) => behindGrid),
  };
}

const DRAWS = 2000;

/** Draws tasks with all their cases: the cases of a task share its corpus, so they are not independent. */
function estimate(cases: readonly CaseOutcome[], valueOf: (outcome: CaseOutcome) => number): MeanOverTasks {
  const byGrid = new Map<StoredGrid, number[]>();
  for (const one of cases) byGrid.set(one.of.grid, [...(byGrid.get(one.of.grid) ?? []), valueOf(one)]);
  const groups = [...byGrid.values()];
  const rng = Rng.seeded(1).fork('replay');
  const means = Array.from({ length: DRAWS }, () => mean(groups.flatMap(() => groups[rng.integer(groups.length)] ?? [])) ?? 0).sort((one, other) => one - other); // prettier-ignore
  const at = (share: number): number => means[Math.round(share * (DRAWS - 1))] ?? 0;
  return { mean: mean(groups.flat()) ?? 0, interval: { low: at(0.025), high: at(0.975) } };
}

/** Reads `all`, `fixed:1`, `top:2@1`, `top:2@1:end`, `race:1,2:2` or `race:1,2:2:end`. Throws LabError `replay/policy`. */
export function parsePolicy(text: string): ReplayPolicy {
  if (text === 'all') return { kind: 'all' };
  const fixed = /^fixed:([0-9.]+)$/.exec(text);
  if (fixed !== null && Number(fixed[1]) <= 1) return { kind: 'fixed', rate: Number(fixed[1]) };
  const top = /^top:(\d+)@(\d+)(:end)?$/.exec(text);
  if (top !== null) return rulesPolicy(text, { policy: 'top', rungs: [Number(top[2])], finalists: Number(top[1]), choose: top[3] === undefined ? 'rung' : 'end' }); // prettier-ignore
  const race = /^race:([\d,]+):(\d+)(:end)?$/.exec(text);
  if (race !== null) return rulesPolicy(text, { policy: 'race', rungs: race[1]?.split(',').map(Number), finalists: Number(race[2]), choose: race[3] === undefined ? 'rung' : 'end' }); // prettier-ignore
  throw unknown(text, text);
}

function rulesPolicy(text: string, members: unknown): ReplayPolicy {
  const parsed = validate(rateSearchSchema, members);
  const rules = parsed.isFit ? raceRulesOf(parsed.data) : null;
  if (rules !== null) return { kind: 'rules', rules };
  throw unknown(text, parsed.isFit ? text : `${text}: ${parsed.fault.message}`);
}

function unknown(text: string, got: string): LabError {
  return new LabError('replay/policy', `There is no policy ${text}.`, {
    expected: 'all, fixed:1, top:2@1, top:2@1:end, race:1,2:2 or race:1,2:2:end',
    got,
  });
}

// Finds whole grids of slicing rates among finished runs: each task with every rate and seed, and what is known of each training.

/** One training of a grid. */
export interface GridCell {
  /** Updates done after an epoch. */
  readonly stepsAt: (epoch: number) => number;
  /** Devel score after an epoch; at the end that of the selected snapshot. */
  readonly scoreAt: (epoch: number) => RungScore | null;
  /** F1 of the selected snapshot, percent. */
  readonly devel: number;
  readonly test: number;
}

/** A task that was trained at every rate with every seed. */
export interface StoredGrid {
  readonly task: TaskRef;
  readonly category: string;
  readonly model: string;
  /** Increasing. */
  readonly rates: readonly number[];
  readonly seeds: readonly number[];
  readonly epochs: number;
  /** Whether the devel sentences were counted after each of these epochs, in every training. */
  readonly countedEpochs: readonly number[];
  readonly cellOf: (rate: number, seed: number) => GridCell;
}

/** The grids of a comparison: of each task with two rates or more, the seeds with which every rate was trained to its end. */
export function gridsOf(comparison: Comparison, records: readonly RunRecord[]): readonly StoredGrid[] {
  const byId = new Map(records.map((record) => [record.spec.id, record]));
  return comparison.tasks.flatMap(({ task, variants }): readonly StoredGrid[] => {
    const sliced = variants.filter(({ method, rate }) => method === 'MTL-LS' && rate !== null);
    const cells = new Map<string, { readonly cell: GridCell; readonly record: RunRecord }>();
    for (const { rate, trainings } of sliced) {
      for (const { runId, seed, round, status, devel, test } of trainings) {
        const record = byId.get(runId);
        if (round > 0 || status !== 'finished' || devel === null || test === null || record === undefined) continue;
        cells.set(`${rate} ${seed}`, { cell: cellOf(record, devel.f1, test.f1), record });
      }
    }
    const rates = sliced.flatMap(({ rate }) => rate ?? []);
    const allSeeds = [...new Set([...cells.values()].map(({ record }) => record.spec.seed))].sort((one, other) => one - other); // prettier-ignore
    const seeds = allSeeds.filter((seed) => rates.every((rate) => cells.has(`${rate} ${seed}`)));
    const used = rates.flatMap((rate) => seeds.flatMap((seed) => cells.get(`${rate} ${seed}`)?.record ?? []));
    const epochs = used[0]?.epochs.length ?? 0;
    if (rates.length < 2 || seeds.length === 0 || used.some((record) => record.epochs.length !== epochs)) return [];
    const isCounted = (epoch: number): boolean => used.every((record) => scoreAt(record, epoch)?.counts != null);
    return [
      {
        task,
        category: comparison.category?.name ?? '',
        model: comparison.model.name,
        rates,
        seeds,
        epochs,
        countedEpochs: Array.from({ length: epochs }, (_, index) => index + 1).filter(isCounted),
        cellOf: (rate, seed) => {
          const found = cells.get(`${rate} ${seed}`);
          if (found === undefined)
            throw new Error(`The grid of ${taskKey(task)} has no rate ${rate} with seed ${seed}.`);
          return found.cell;
        },
      },
    ];
  });
}

function cellOf(record: RunRecord, devel: number, test: number): GridCell {
  return {
    stepsAt: (epoch) => record.epochs.find((point) => point.epoch === epoch)?.step ?? record.totalSteps,
    scoreAt: (epoch) => scoreAt(record, epoch),
    devel,
    test,
  };
}
