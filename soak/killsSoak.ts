// Kills a real browser many times at random moments of training, and compares the outcome with undisturbed trainings.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Rng } from '../src/util/random.ts';
import { DEATHS, deathWords, type Death } from './deaths.ts';
import { writePlanFolder, type KillPlan } from './killPlans.ts';
import { killedPlan, type PlanOutcome, type Strike } from './killedPlan.ts';
import type { SoakRow } from './soakRow.ts';
import { outcomeDifferences, trainedMs } from './trainedOutcome.ts';

export interface KillsRequest {
  /** Address of the lab. */
  readonly address: string;
  readonly kills: number;
  readonly seed: number;
  /** What to train where; the kills are divided evenly among them. */
  readonly settings: readonly KillSetting[];
  readonly say: (line: string) => void;
}

export interface KillSetting {
  readonly backend: 'wasm' | 'webgpu';
  readonly plan: KillPlan;
  /** Name used in messages. */
  readonly name: string;
}

export interface KillsOutcome {
  readonly rows: readonly SoakRow[];
  /** Where a killed training had a different outcome; empty if all is well. */
  readonly differences: readonly string[];
}

/** Maximum kills per training before a new one begins. */
const KILLS_PER_TRAINING = 8;
/** Maximum differences reported for one training. */
const MOST_TOLD = 8;

interface KilledTraining {
  readonly strikes: readonly Strike[];
  readonly torn: readonly string[];
  readonly differences: readonly string[];
}

/** Throws Error if a training does not finish. */
export async function killsSoak(request: KillsRequest): Promise<KillsOutcome> {
  const trainings: KilledTraining[] = [];
  for (const [index, setting] of request.settings.entries()) {
    const share = Math.floor((request.kills * (index + 1)) / request.settings.length);
    trainings.push(...(await killsOf(request, setting, share - killsIn(trainings), killsIn(trainings))));
  }
  return { rows: rowsOf(trainings), differences: trainings.flatMap(({ differences }) => differences) };
}

/** Runs one setting's trainings with this many kills, after an undisturbed one. */
async function killsOf(
  request: KillsRequest,
  { backend, plan, name }: KillSetting,
  kills: number,
  before: number,
): Promise<readonly KilledTraining[]> {
  const { address, seed } = request;
  const home = await mkdtemp(path.join(tmpdir(), 'bioner-plan-'));
  const say = (line: string): void => request.say(`${name}: ${line}`);
  try {
    const folder = await writePlanFolder(home, plan);
    const common = { address, backend, plan, folder, say };
    say('training once without a kill');
    const whole = await killedPlan({ ...common, deaths: [], killWithinMs: 0, rng: Rng.seeded(seed) });
    const trainings: KilledTraining[] = [];
    const startedAt = performance.now();
    while (killsIn(trainings) < kills) {
      const rng = Rng.seeded(seed).fork(name, trainings.length);
      const planned = Math.min(KILLS_PER_TRAINING, kills - killsIn(trainings));
      const deaths = Array.from({ length: planned }, () => drawDeath(rng, backend));
      const killWithinMs = trainedMs(whole.stored.records) / 2;
      trainings.push(judged(whole, await killedPlan({ ...common, deaths, killWithinMs, rng }), say));
      const done = killsIn(trainings);
      const leftMs = done === 0 ? NaN : ((performance.now() - startedAt) / done) * (kills - done);
      say(`${before + done} of ${request.kills} kills, about ${Math.ceil(leftMs / 60_000)} min left of ${name}`);
    }
    return trainings;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function drawDeath(rng: Rng, backend: KillSetting['backend']): Death {
  const fitting = DEATHS.filter((death) => backend === 'webgpu' || death !== 'GPU process');
  return fitting[rng.integer(fitting.length)] as Death;
}

function judged(whole: PlanOutcome, killed: PlanOutcome, say: (line: string) => void): KilledTraining {
  const differences = outcomeDifferences(whole, killed);
  for (const difference of differences.slice(0, MOST_TOLD)) say(`LOST: ${difference}`);
  if (differences.length > MOST_TOLD) say(`LOST: ${differences.length} places in all`);
  return { strikes: killed.strikes, torn: killed.torn, differences };
}

function killsIn(trainings: readonly KilledTraining[]): number {
  return trainings.reduce((sum, { strikes }) => sum + strikes.length, 0);
}

/** A training with a different outcome counts as lost for each of its kills. */
function rowsOf(trainings: readonly KilledTraining[]): readonly SoakRow[] {
  const row = (injected: string, count: (training: KilledTraining) => number): SoakRow => ({
    injected,
    times: trainings.reduce((sum, training) => sum + count(training), 0),
    lost: trainings.reduce((sum, training) => sum + (training.differences.length > 0 ? count(training) : 0), 0),
  });
  const strikes = (training: KilledTraining, of: (strike: Strike) => boolean): number =>
    training.strikes.filter(of).length;
  const phases = [...new Set(trainings.flatMap((training) => training.strikes.map(({ phase }) => phase)))].sort();
  const torn = (what: string) => (training: KilledTraining) =>
    training.torn.filter((folder) => folder.includes(`/${what}/`)).length;
  return [
    ...DEATHS.map((kind) => row(deathWords[kind], (training) => strikes(training, ({ death }) => death === kind))),
    ...phases.map((name) =>
      row(`of these, while ${name}`, (training) => strikes(training, ({ phase }) => phase === name)),
    ),
    row('resume points torn by these', torn('resume')),
    row('snapshots torn by these', torn('snapshot')),
  ].filter(({ times }) => times > 0);
}
