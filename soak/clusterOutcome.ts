// Trains one plan whole and as a workflow, and compares the outcomes: result files but for times, and the weights bit for bit.
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseResultFile } from '../src/lab/plans/resultFiles.ts';
import type { PlanFile } from '../src/schema/resultFile.ts';
import { timeless } from '../tests/fixtures/timeless.ts';

const root = path.resolve(import.meta.dirname, '..');
export const bioner = path.join(root, 'scripts', 'bioner.mjs');

/** The arguments of every training here: one thread, so that the records of all machines are the same. */
const machine = ['--backend', 'wasm', '--threads', '1'];

/** Two sample corpora under all three methods, as the example trains them, long enough to be interrupted. */
export async function clusterPlan(folder: string, epochs: number): Promise<string> {
  const plan = JSON.parse(await readFile(path.join(root, 'examples/sample.plan.json'), 'utf8')) as PlanFile;
  const longer: PlanFile = { ...plan, name: 'cluster', config: { ...plan.config, epochs } };
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, 'cluster.plan.json');
  await writeFile(file, JSON.stringify(longer));
  return file;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly printed: string;
}

/** Starts a program as the leader of a process group, so that a signal to the group reaches everything it started. */
export function startProgram(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(command, [...args], {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  // A soak that is ended takes what it started with it.
  const stop = (): void => void killGroup(child);
  process.on('exit', stop);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('exit', stop);
      resolve({ code, signal, printed });
    });
  });
  return { child, ended };
}

/** Kills a program with everything in its process group; false where it has ended. */
export function killGroup({ pid }: ChildProcess): boolean {
  try {
    return pid !== undefined && process.kill(-pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** Runs a program to its end. Throws Error with what it printed unless it ends with one of the codes. */
export async function finish(
  command: string,
  args: readonly string[],
  options: Parameters<typeof startProgram>[2] & { readonly codes?: readonly number[] } = {},
): Promise<Ended> {
  const end = await startProgram(command, args, options).ended;
  if (end.code !== null && (options.codes ?? [0]).includes(end.code)) return end;
  throw new Error(`${[command, ...args].join(' ')} ended with ${end.code ?? end.signal}:\n${end.printed.slice(-4000)}`);
}

/** Trains the plan in one process; returns the folder of results. */
export async function trainedWhole(planFile: string, out: string): Promise<string> {
  await finish(process.execPath, [bioner, 'train', planFile, '--out', out, ...machine]);
  return out;
}

/** Writes the plan as a workflow with a job for each run. */
export async function writtenWorkflow(planFile: string, engine: 'snakemake' | 'slurm', out: string): Promise<void> {
  const command = `${process.execPath} ${bioner}`;
  const jobs = ['--job-minutes', '0-60', '--step-ms', '100', '--memory', '1', '--command', command];
  await finish(process.execPath, [bioner, 'workflow', planFile, '--engine', engine, '--out', out, ...machine, ...jobs]);
}

/** Where the results of a workflow differ from those of the whole plan; nothing if they are the same but for times. */
export async function clusterDifferences(whole: string, results: string): Promise<readonly string[]> {
  const [expected, got] = await Promise.all([whole, results].map(resultIn));
  const differences = isDeepStrictEqual(expected, got) ? [] : ['the result file differs'];
  const [weights, others] = await Promise.all([
    snapshotDigests(path.join(whole, 'store')),
    Promise.all((await readdir(path.join(results, 'runs'))).map(async (id) => snapshotDigests(path.join(results, 'runs', id, 'store'), id))), // prettier-ignore
  ]);
  const found = Object.assign({}, ...others) as Readonly<Record<string, string>>;
  for (const [key, digest] of Object.entries(weights)) {
    if (found[key] === undefined) differences.push(`${key} is missing`);
    else if (found[key] !== digest) differences.push(`${key} differs`);
  }
  return differences;
}

async function resultIn(folder: string): Promise<unknown> {
  const text = await readFile(path.join(folder, 'cluster.result.json'), 'utf8');
  return timeless(parseResultFile(text), 'checksum');
}

/** SHA-256 of every tensor of the snapshots in a store, of one run or of all. */
async function snapshotDigests(store: string, runId = ''): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(path.join(store, 'run', runId), { recursive: true, withFileTypes: true });
  const digests: Record<string, string> = {};
  for (const entry of entries) {
    const location = path.join(entry.parentPath, entry.name);
    const key = path.relative(store, location);
    if (!entry.isFile() || !key.includes(`${path.sep}snapshot${path.sep}`)) continue;
    digests[key] = createHash('sha256').update(await readFile(location)).digest('hex'); // prettier-ignore
  }
  return digests;
}

/** Waits until something is so. Throws Error after `patienceMs`. */
export async function until(what: string, patienceMs: number, isSo: () => Promise<boolean>): Promise<void> {
  for (const startedAt = performance.now(); !(await isSo());) {
    if (performance.now() - startedAt > patienceMs) throw new Error(`It took too long until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Whether a run of a folder of results has a resume point and has not finished. */
export async function isInTheMiddle(results: string): Promise<boolean> {
  const runs = await readdir(path.join(results, 'runs')).catch(() => []);
  for (const id of runs) {
    const folder = path.join(results, 'runs', id);
    const points = await readdir(path.join(folder, 'store', 'run', id, 'resume')).catch(() => []);
    const isFinished = (await readdir(folder)).includes('run.result.json');
    if (points.length > 0 && !isFinished) return true;
  }
  return false;
}
