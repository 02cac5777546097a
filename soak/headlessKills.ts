// Kills `npm run headless` at random moments while it trains into a folder, and restarts it until it is done, as a user would.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseResultFile } from '../src/lab/plans/resultFiles.ts';
import { fileSystem } from '../src/storage/fileSystem.ts';
import { listRunRecords } from '../src/storage/runRecords.ts';
import { Rng } from '../src/util/random.ts';
import { writePlanFolder, type KillPlan, type PlanFolder } from './killPlans.ts';
import type { SoakRow } from './soakRow.ts';
import { tornFolders } from './storedRuns.ts';
import { outcomeDifferences, type TrainedOutcome } from './trainedOutcome.ts';

const root = path.resolve(import.meta.dirname, '..');

export interface HeadlessKillsRequest {
  readonly plan: KillPlan;
  readonly kills: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface HeadlessKillsOutcome {
  readonly rows: readonly SoakRow[];
  readonly differences: readonly string[];
}

/** Maximum kills per training before a new one begins. */
const KILLS_PER_TRAINING = 8;

/** Throws Error if headless exits by itself with a code other than 0. */
export async function headlessKills({ plan, kills, seed, say }: HeadlessKillsRequest): Promise<HeadlessKillsOutcome> {
  const home = await mkdtemp(path.join(tmpdir(), 'bioner-headless-'));
  try {
    const folder = await writePlanFolder(home, plan);
    const wholeFolder = path.join(home, 'whole');
    say('training once without a kill');
    const startedAt = performance.now();
    await headless(folder, wholeFolder, null);
    const tookMs = performance.now() - startedAt;
    const whole = await outcomeIn(wholeFolder, plan);
    const differences: string[] = [];
    let [done, torn, lost] = [0, 0, 0];
    for (let training = 0; done < kills; training++) {
      const rng = Rng.seeded(seed).fork('headless', training);
      const out = path.join(home, `killed-${training}`);
      const before = done;
      // Start-up takes a good part of the time, and nothing can be lost before the first step.
      while (done < kills && done - before < KILLS_PER_TRAINING) {
        if ((await headless(folder, out, (0.3 + 0.8 * rng.uniform()) * tookMs)) === 'finished') break;
        done++;
        const left = tornFolders(await digestsIn(out)).length;
        torn += left;
        say(`${done} of ${kills} kills${left > 0 ? ', amid a write' : ''}`);
      }
      await headless(folder, out, null);
      const found = outcomeDifferences(whole, await outcomeIn(out, plan));
      for (const difference of found) say(`LOST: ${difference}`);
      if (found.length > 0) lost += done - before;
      differences.push(...found);
    }
    const rows = [
      { injected: 'SIGKILL of headless', times: done, lost },
      ...(torn === 0 ? [] : [{ injected: 'of these, amid the write of a resume point or snapshot', times: torn, lost: Math.min(lost, torn) }]), // prettier-ignore
    ];
    return { rows, differences };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Runs the command; null lets it finish. */
async function headless(folder: PlanFolder, out: string, killAfterMs: number | null): Promise<'finished' | 'killed'> {
  const { planFile, corporaFolder, modelsFolder } = folder;
  const inputs = [planFile, '--corpora', corporaFolder, '--models', modelsFolder, '--out', out, '--backend', 'wasm'];
  // Start the process directly: npm and the wrapper that looks for a GPU driver would intercept the signal.
  const child = spawn(process.execPath, ['--import', 'tsx', 'headless/headless.ts', ...inputs], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const kill = killAfterMs === null ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  clearTimeout(kill);
  if (signal === 'SIGKILL') return 'killed';
  if (code !== 0) throw new Error(`headless ended with ${code ?? signal}: ${complaints}`);
  return 'finished';
}

/** What a plan left in a folder of results. */
export async function outcomeIn(out: string, { plan }: KillPlan): Promise<TrainedOutcome> {
  const { records } = await listRunRecords(fileSystem(path.join(out, 'store')));
  const result = parseResultFile(await readFile(path.join(out, `${plan.name}.result.json`), 'utf8'));
  return { stored: { records, digests: await digestsIn(out) }, result };
}

/** SHA-256 of every file under `store/run/` except the records, by key. An unfinished file (`~`) is not a record. */
async function digestsIn(out: string): Promise<Readonly<Record<string, string>>> {
  const store = path.join(out, 'store');
  const found = await readdir(path.join(store, 'run'), { recursive: true, withFileTypes: true }).catch(() => []);
  const digests: Record<string, string> = {};
  for (const entry of found) {
    const location = path.join(entry.parentPath, entry.name);
    const key = path.relative(store, location).split(path.sep).join('/');
    if (!entry.isFile() || key.endsWith('~') || /^run\/[^/]+\/record(-before)?$/.test(key)) continue;
    digests[key] = createHash('sha256').update(await readFile(location)).digest('hex'); // prettier-ignore
  }
  return digests;
}
