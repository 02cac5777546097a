// Trains a plan in a real browser that is killed a given number of times, and reports the outcome.
import { expect, type Page } from '@playwright/test';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseResultFile } from '../src/lab/plans/resultFiles.ts';
import type { ResultFile } from '../src/schema/resultFile.ts';
import type { Rng } from '../src/util/random.ts';
import { dropPaths, notices, visit, waitUntilReady } from '../tests/e2e/labActions.ts';
import { planFacts, planPanel } from '../tests/e2e/planActions.ts';
import { deathWords, die, type Death } from './deaths.ts';
import type { KillPlan, PlanFolder } from './killPlans.ts';
import { openKillableBrowser, type KillableBrowser } from './killableBrowser.ts';
import { storedRuns, tornFolders, type StoredRuns } from './storedRuns.ts';
import { listenToWorkers, workerReports } from './workerReports.ts';

export interface KilledPlan {
  /** Address of the lab. */
  readonly address: string;
  readonly backend: 'wasm' | 'webgpu';
  readonly plan: KillPlan;
  readonly folder: PlanFolder;
  /** One for each kill, in order. */
  readonly deaths: readonly Death[];
  /** Each kill comes at most this many milliseconds after the lab was opened, or usually after its Worker began to report a run or to save it. */
  readonly killWithinMs: number;
  readonly rng: Rng;
  readonly say: (line: string) => void;
}

/** A kill and what it hit. */
export interface Strike {
  readonly death: Death;
  /** The Worker's last report. */
  readonly phase: string;
}

export interface PlanOutcome {
  readonly stored: StoredRuns;
  readonly result: ResultFile;
  readonly strikes: readonly Strike[];
  /** Resume points and snapshots that kills left without a manifest. */
  readonly torn: readonly string[];
}

const ENDS_WITHIN_MS = 900_000;
/** A busy machine is slow, which proves nothing. */
const ANSWERS_WITHIN_MS = 120_000;
const LOOKS_EVERY_MS = 100;
/** Share of kills at any time after opening; the others wait until the lab trains, since opening takes much of the time. */
const OPENING_SHARE = 0.15;
/** Share of kills aimed at the write of a resume point, which would rarely be hit, and their delay. */
const SAVING_SHARE = 0.35;
const SAVED_WITHIN_MS = 150;

/** Trains until every run of the plan is finished. Throws Error if that does not happen within a quarter of an hour after the last kill. */
export async function killedPlan(request: KilledPlan): Promise<PlanOutcome> {
  const profile = await mkdtemp(path.join(tmpdir(), 'bioner-killed-'));
  const life = await LabLife.begin(request, profile);
  try {
    for (const death of request.deaths) {
      const end = new AbortController();
      const training = life.train(end.signal);
      if ((await Promise.race([training, moment(life, request)])) === 'finished') break;
      end.abort();
      await life.die(death);
      // It fails with its page, wherever it was.
      await training.catch(() => undefined);
    }
    const end = await life.train(AbortSignal.timeout(ENDS_WITHIN_MS));
    if (end !== 'finished') throw new Error('The runs did not come to their end.');
    return await life.outcome();
  } finally {
    await life.end();
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Resolves at a random moment of opening, of training, or of writing a resume point. */
async function moment(life: LabLife, { rng, killWithinMs }: KilledPlan): Promise<void> {
  const [kind, delay] = [rng.uniform(), rng.uniform()];
  if (kind >= OPENING_SHARE) await life.until((phase) => phase !== 'opening');
  if (kind < 1 - SAVING_SHARE) return pause(delay * killWithinMs);
  await life.until((phase) => phase === 'saving');
  await pause(delay * SAVED_WITHIN_MS);
}

/** A lab in a browser on one profile, across all kills. */
class LabLife {
  private readonly request: KilledPlan;
  private readonly profile: string;
  private browser: KillableBrowser;
  private page: Page;
  private readonly strikes: Strike[] = [];
  private readonly torn: string[] = [];
  private tornBefore: readonly string[] = [];
  private isOpen = false;

  private constructor(request: KilledPlan, profile: string, [browser, page]: [KillableBrowser, Page]) {
    this.request = request;
    this.profile = profile;
    this.browser = browser;
    this.page = page;
  }

  static async begin(request: KilledPlan, profile: string): Promise<LabLife> {
    return new LabLife(request, profile, await openBrowser(profile));
  }

  /** Opens the lab if it is not open, and watches its runs until all are finished or `signal` aborts. */
  async train(signal: AbortSignal): Promise<'finished' | 'ended'> {
    const { page } = this;
    const { plan, folder, address, backend, say } = this.request;
    if (!this.isOpen) {
      await page.goto(`${address}?backend=${backend}`);
      await this.seeRuns(page);
    }
    while (!signal.aborted) {
      const { rows, finished, paused, failed } = await lookAt(page);
      if (finished === plan.runs) return 'finished';
      if (rows < plan.runs) await bringIn(page, folder, plan);
      else if (paused > 0) await press(page, /^Resume \d+ paused/);
      else if (failed > 0) {
        say(`${failed} failed: ${(await notices(page).allInnerTexts()).join(' ')}`);
        await page.reload();
        await this.seeRuns(page);
        await press(page, /^Retry \d+ failed/);
      }
      await pause(LOOKS_EVERY_MS);
    }
    return 'ended';
  }

  /** Resolves when the Worker reaches the requested phase, or the page was replaced. */
  async until(isIt: (phase: string) => boolean): Promise<void> {
    for (const { page } = this; page === this.page; await pause(LOOKS_EVERY_MS / 10)) {
      const told = await workerReports(page).catch(() => undefined);
      if (told !== undefined && isIt(told.phase)) return;
    }
  }

  async die(death: Death): Promise<void> {
    // A loading page has nothing to report yet.
    const told = await workerReports(this.page).catch(() => undefined);
    const phase = told?.phase ?? 'opening';
    const left = await die(death, this.browser, this.page);
    this.strikes.push({ death, phase });
    this.request.say(`${deathWords[death]}, while ${phase}`);
    if (left === 'page') return;
    this.isOpen = false;
    if (left === 'browser') this.page = await this.browser.context.newPage();
    else [this.browser, this.page] = await openBrowser(this.profile);
  }

  async outcome(): Promise<PlanOutcome> {
    const { strikes, torn } = this;
    const result = await exportedResult(this.page, this.profile);
    return { stored: await storedRuns(this.page), result, strikes, torn };
  }

  async end(): Promise<void> {
    await this.browser.close().catch(() => this.browser.kill());
  }

  /** Waits until the lab can train, then shows its runs as they were left, and records what is torn. */
  private async seeRuns(page: Page): Promise<void> {
    await page.goto(new URL('#/', page.url()).href);
    await waitUntilReady(page, ENDS_WITHIN_MS);
    await visit(page, 'Experiments');
    this.isOpen = true;
    const torn = tornFolders((await storedRuns(page)).digests);
    // Leftovers of an earlier kill may remain: their run has not resumed yet.
    this.torn.push(...torn.filter((folder) => !this.tornBefore.includes(folder)));
    this.tornBefore = torn;
  }
}

async function openBrowser(profile: string): Promise<[KillableBrowser, Page]> {
  const browser = await openKillableBrowser(profile);
  await listenToWorkers(browser.context);
  return [browser, await browser.context.newPage()];
}

/** Counts the runs listed on the page by status. */
async function lookAt(page: Page): Promise<Readonly<Record<'rows' | 'finished' | 'paused' | 'failed', number>>> {
  const rows = await page.getByRole('table', { name: 'Runs', exact: true }).locator('tbody tr').allInnerTexts();
  const [finished = 0, paused = 0, failed = 0] = ['Finished', 'Paused', 'Failed'].map(
    (status) => rows.filter((row) => row.includes(status)).length,
  );
  return { rows: rows.length, finished, paused, failed };
}

/** Drops corpora, model and plan, and starts it. Runs that already exist are not duplicated. */
async function bringIn(page: Page, { drops }: PlanFolder, { plan, runs }: KillPlan): Promise<void> {
  await visit(page, 'New');
  await dropPaths(page, ...drops);
  // Until the plan has loaded, the form shows another, which may have the same number of runs.
  const entered = async () => ({
    model: await page.getByLabel('Model', { exact: true }).locator('option:checked').innerText(),
    batchSize: await page.getByLabel('Batch size', { exact: true }).inputValue(),
    runs: (await planFacts(page))['Runs'],
  });
  const expected = { model: plan.model.name, batchSize: `${plan.config.batchSize}`, runs: `${runs}` };
  await expect.poll(entered, { timeout: ANSWERS_WITHIN_MS }).toEqual(expected);
  await planPanel(page).getByRole('button', { name: 'Train' }).click();
  // The page shows the run, or an overview if there are several.
  await expect(page.getByRole('heading', { level: 1, name: /^Train taggers/ })).toBeHidden({
    timeout: ANSWERS_WITHIN_MS,
  });
  await visit(page, 'Experiments');
}

async function press(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('button', { name }).click({ timeout: ANSWERS_WITHIN_MS });
}

/** The result file of all runs, as saved from the page. */
async function exportedResult(page: Page, folder: string): Promise<ResultFile> {
  await visit(page, 'Experiments');
  await page.getByRole('button', { name: 'Select all finished runs' }).click();
  const arriving = page.waitForEvent('download');
  await page.getByRole('button', { name: /^Export \d+ runs? as one file$/ }).click();
  const file = path.join(folder, 'exported.result.json');
  await (await arriving).saveAs(file);
  return parseResultFile(await readFile(file, 'utf8'));
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}
