// Trains a plan under workflow engines, kills or preempts it in the middle, lets it finish, and compares with one process left alone.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import {
  clusterDifferences,
  clusterPlan,
  finish,
  isInTheMiddle,
  killGroup,
  startProgram,
  trainedWhole,
  until,
  writtenWorkflow,
} from './clusterOutcome.ts';
import type { SoakRow } from './soakRow.ts';

type Say = (line: string) => void;

const EPOCHS = 4;
const PATIENCE_MS = 900_000;
const nodeScript = path.join(import.meta.dirname, 'oneNodeSlurm.sh');

/** Kills Snakemake with two jobs at once by SIGKILL, and runs it again. */
export async function snakemakeSoak(say: Say): Promise<readonly SoakRow[]> {
  const missing = missingPrograms(['snakemake']);
  if (missing !== null) return [missing];
  return inFolder(async (home) => {
    const planFile = await clusterPlan(home, EPOCHS);
    say('training the plan in one process');
    const whole = await trainedWhole(planFile, path.join(home, 'whole'));
    const folder = path.join(home, 'workflow');
    await writtenWorkflow(planFile, 'snakemake', folder);
    const results = path.join(folder, 'results');
    const args = ['--profile', 'profiles/local', '--cores', '2'];
    say('starting Snakemake with two jobs at once');
    const { child, ended } = startProgram('snakemake', args, { cwd: folder });
    await until('a run has a resume point', PATIENCE_MS, () => isInTheMiddle(results));
    killGroup(child);
    await ended;
    say('killed Snakemake and its jobs by SIGKILL; running it again');
    await finish('snakemake', ['--profile', 'profiles/local', '--unlock'], { cwd: folder });
    await finish('snakemake', args, { cwd: folder });
    return [await row('SIGKILL of Snakemake with two jobs', whole, results, say)];
  });
}

/** Preempts a job under Slurm of this one machine: of Snakemake's profile, then of the arrays. */
export async function slurmSoak(say: Say): Promise<readonly SoakRow[]> {
  const missing = missingPrograms(['snakemake', 'sbatch', 'slurmctld', 'slurmd', 'munged']);
  if (missing !== null) return [missing];
  return inFolder(async (home) => {
    const planFile = await clusterPlan(home, EPOCHS);
    say('training the plan in one process');
    const whole = await trainedWhole(planFile, path.join(home, 'whole'));
    const node = path.join(home, 'slurm');
    const env = { SLURM_CONF: path.join(node, 'slurm.conf'), SBATCH_PARTITION: 'low' };
    const stop = (): void => void spawnSync(nodeScript, ['stop', node], { stdio: 'ignore' });
    process.on('exit', stop);
    try {
      await finish(nodeScript, ['start', node]);
      const engines = await underSnakemake(planFile, whole, path.join(home, 'profile'), env, say);
      const arrays = await underArrays(planFile, whole, path.join(home, 'arrays'), env, say);
      return [...engines, ...arrays];
    } finally {
      process.off('exit', stop);
      stop();
    }
  });
}

type Environment = Readonly<Record<string, string>>;

async function underSnakemake(
  planFile: string,
  whole: string,
  folder: string,
  env: Environment,
  say: Say,
): Promise<readonly SoakRow[]> {
  await writtenWorkflow(planFile, 'snakemake', folder);
  const results = path.join(folder, 'results');
  say('starting Snakemake, which submits to Slurm');
  const { ended } = startProgram('snakemake', ['--profile', 'profiles/slurm'], { cwd: folder, env });
  const times = await preempt(results, env, say);
  const { code, printed } = await ended;
  if (code !== 0) throw new Error(`snakemake ended with ${code}:\n${printed.slice(-4000)}`);
  return [await row('preempted jobs under Snakemake on Slurm', whole, results, say, times)];
}

async function underArrays(
  planFile: string,
  whole: string,
  folder: string,
  env: Environment,
  say: Say,
): Promise<readonly SoakRow[]> {
  await writtenWorkflow(planFile, 'slurm', folder);
  const results = path.join(folder, 'results');
  say('submitting the arrays');
  const { printed } = await finish('slurm/submit.sh', [], { cwd: folder, env });
  const merge = printed.trim().split(' ').at(-1) ?? '';
  const times = await preempt(results, env, say);
  await until('the merge has ended', PATIENCE_MS, async () => {
    const state = await finish('scontrol', ['show', 'job', merge, '-o'], { env });
    if (/JobState=(FAILED|CANCELLED|TIMEOUT)/.test(state.printed))
      throw new Error(`The merge: ${await logsIn(results)}`);
    return state.printed.includes('JobState=COMPLETED');
  });
  return [await row('preempted jobs of the arrays', whole, results, say, times)];
}

/** Submits a job that takes the whole machine once a run is in the middle; returns how many jobs it interrupted. */
async function preempt(results: string, env: Environment, say: Say): Promise<number> {
  await until('a run has a resume point', PATIENCE_MS, () => isInTheMiddle(results));
  const job = [
    '--partition',
    'high',
    '--cpus-per-task',
    `${availableParallelism()}`,
    '--mem',
    '100',
    '--output',
    '/dev/null',
  ];
  await finish('sbatch', [...job, '--wrap', 'sleep 3'], { env });
  await until('a job was interrupted', PATIENCE_MS, async () => (await interruptedIn(results)) > 0);
  // Engines empty the log of a job that starts again.
  const times = await interruptedIn(results);
  say(`a job of higher priority preempted ${times} that trained`);
  return times;
}

/** Counts jobs that wrote a resume point because of a signal, by what they printed. */
async function interruptedIn(results: string): Promise<number> {
  return (await logsIn(results)).match(/^Paused\. /gm)?.length ?? 0;
}

async function logsIn(results: string): Promise<string> {
  const folder = path.join(results, 'logs');
  const names = await readdir(folder).catch(() => []);
  return (await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')))).join('\n');
}

async function row(injected: string, whole: string, results: string, say: Say, times = 1): Promise<SoakRow> {
  const differences = await clusterDifferences(whole, results);
  for (const difference of differences) say(`LOST: ${difference}`);
  return { injected, times, lost: differences.length === 0 ? 0 : times };
}

/** A row that says what to install; null where all are there. */
function missingPrograms(names: readonly string[]): SoakRow | null {
  const found = (name: string): boolean => spawnSync('which', [name], { env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` } }).status === 0; // prettier-ignore
  const missing = names.filter((name) => !found(name));
  if (missing.length === 0) return null;
  return {
    injected: `nothing: ${missing.join(', ')} not found (apt-get install snakemake slurm-wlm munge)`,
    times: 0,
    lost: 0,
  };
}

async function inFolder(work: (home: string) => Promise<readonly SoakRow[]>): Promise<readonly SoakRow[]> {
  const home = await mkdtemp(path.join(tmpdir(), 'bioner-cluster-'));
  try {
    return await work(home);
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}
