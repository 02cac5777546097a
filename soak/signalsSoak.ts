// Ends training by SIGTERM at random moments, as schedulers do, and measures how soon it ends and how many steps were lost.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileSystem } from '../src/storage/fileSystem.ts';
import { listRunRecords } from '../src/storage/runRecords.ts';
import { Rng } from '../src/util/random.ts';
import { outcomeIn } from './headlessKills.ts';
import { bioner, startProgram } from './clusterOutcome.ts';
import { sharingPlan, writePlanFolder, type PlanFolder } from './killPlans.ts';
import type { SoakRow } from './soakRow.ts';
import { outcomeDifferences } from './trainedOutcome.ts';

export interface SignalsRequest {
  readonly signals: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** What a scheduler gives before it kills, at the least. */
const MOST_MS = 10_000;
const SUBMIT_AGAIN = 75;
/** More epochs than the other kills have, so that there is enough to end. */
const EPOCHS = 12;

/** Throws Error where training ends by itself with another code than 0. */
export async function signalsSoak({ signals, seed, say }: SignalsRequest): Promise<readonly SoakRow[]> {
  const home = await mkdtemp(path.join(tmpdir(), 'bioner-signals-'));
  try {
    const plan = sharingPlan(EPOCHS);
    const folder = await writePlanFolder(home, plan);
    const wholeFolder = path.join(home, 'whole');
    say('training once without a signal');
    const whole = await trained(folder, wholeFolder, null);
    const expected = await outcomeIn(wholeFolder, plan);
    let [done, late, lostSteps, wrongCodes, differing] = [0, 0, 0, 0, 0];
    let slowestMs = 0;
    for (let training = 0; done < signals; training++) {
      const rng = Rng.seeded(seed).fork('signals', training);
      const out = path.join(home, `signalled-${training}`);
      const before = done;
      while (done < signals) {
        // After the first step, or nothing could be lost.
        const end = await trained(folder, out, (0.05 + 0.6 * rng.uniform()) * whole.trainedMs);
        if (!end.wasSignalled) break;
        done++;
        if (end.code !== SUBMIT_AGAIN) wrongCodes++;
        if (end.endedInMs > MOST_MS) late++;
        slowestMs = Math.max(slowestMs, end.endedInMs);
        const stored = await listRunRecords(fileSystem(path.join(out, 'store')));
        const left = stored.records.filter(({ spec: { id }, step }) => step < (end.lastSteps.get(id) ?? 0));
        lostSteps += left.length;
        say(
          `${done} of ${signals} signals: ended in ${Math.round(end.endedInMs)} ms, ${left.length === 0 ? 'no step lost' : 'STEPS LOST'}`,
        );
      }
      await trained(folder, out, null);
      const found = outcomeDifferences(expected, await outcomeIn(out, plan));
      for (const difference of found) say(`LOST: ${difference}`);
      if (found.length > 0) differing += done - before;
    }
    say(`the slowest end took ${Math.round(slowestMs)} ms`);
    return [
      {
        injected: `SIGTERM of training, resume point within ${Math.round(slowestMs)} ms`,
        times: done,
        lost: Math.max(late, wrongCodes, differing),
      },
      { injected: 'of these, runs that had stored fewer steps than they had reported', times: done, lost: lostSteps },
    ];
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

interface TrainedEnd {
  readonly code: number | null;
  readonly wasSignalled: boolean;
  readonly endedInMs: number;
  /** From the first step to the end. */
  readonly trainedMs: number;
  /** The last step that each run reported. */
  readonly lastSteps: ReadonlyMap<string, number>;
}

/** Trains, and sends SIGTERM this long after the first step. */
async function trained(folder: PlanFolder, out: string, afterMs: number | null): Promise<TrainedEnd> {
  const { planFile, corporaFolder, modelsFolder } = folder;
  const inputs = ['train', planFile, '--corpora', corporaFolder, '--models', modelsFolder, '--out', out, '--backend', 'wasm', '--json']; // prettier-ignore
  const { child, ended } = startProgram(process.execPath, [bioner, ...inputs]);
  const lastSteps = new Map<string, number>();
  let firstStepAt: number | null = null;
  let signalledAt: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const event = JSON.parse(line) as { readonly event: string; readonly run?: string; readonly step?: number };
    if (event.event !== 'step' || event.run === undefined || event.step === undefined) return;
    lastSteps.set(event.run, event.step);
    if (firstStepAt !== null) return;
    firstStepAt = performance.now();
    if (afterMs === null) return;
    timer = setTimeout(() => {
      signalledAt = performance.now();
      child.kill('SIGTERM');
    }, afterMs);
  });
  const { code, signal, printed } = await ended;
  clearTimeout(timer);
  const now = performance.now();
  const wasSignalled = signalledAt !== null && code !== 0;
  if (!wasSignalled && code !== 0) throw new Error(`training ended with ${code ?? signal}: ${printed.slice(-2000)}`);
  return {
    code,
    wasSignalled,
    endedInMs: now - (signalledAt ?? now),
    trainedMs: now - (firstStepAt ?? now),
    lastSteps,
  };
}
