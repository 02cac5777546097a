// Proves that a plan leaves the page for a cluster or in parts, and that two browsers, one process and runs beside one another give the same result.
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, type Page, type TestInfo } from '@playwright/test';
import { sharingPlan, writePlanFolder, type PlanFolder } from '../../soak/killPlans.ts';
import { readArchive } from '../../src/data/import/archive.ts';
import { commonPlan, mergeParts } from '../../src/lab/comparison/mergeRuns.ts';
import { parsePlan } from '../../src/lab/plans/expandPlan.ts';
import { parseResultFile } from '../../src/lab/plans/resultFiles.ts';
import type { ResultFile } from '../../src/schema/resultFile.ts';
import { isLong } from '../fixtures/longForm.ts';
import { timeless } from '../fixtures/timeless.ts';
import { dropPaths, openLab, visit, waitUntilReady } from './labActions.ts';
import { test } from './labPage.ts';
import { exportAll, planFacts, planPanel, runsWith, startPlan } from './planActions.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** STL of two tasks, MTL-XC, and MTL-LS of both, for each of two seeds. */
const RUNS = 5;

/** A result without times, machines and the notes of how it came about, which differ between browsers and Node. */
function outcome(file: ResultFile): unknown {
  return timeless(file, 'checksum', 'environments', 'exportedAt');
}

async function savedZip(page: Page, info: TestInfo, press: () => Promise<void>) {
  const arriving = page.waitForEvent('download');
  await press();
  const location = info.outputPath((await arriving).suggestedFilename());
  await (await arriving).saveAs(location);
  const { files } = readArchive(new Uint8Array(await readFile(location)), 'saved.zip');
  // The reader puts everything under the name of the archive.
  return files.map(({ path: name, bytes }) => ({
    path: name.replace(/^saved\//, ''),
    text: new TextDecoder().decode(bytes),
  }));
}

/** Trains the plan in Node, without times and machines. */
async function inNode(
  { planFile, corporaFolder, modelsFolder }: PlanFolder,
  out: string,
  more: readonly string[],
): Promise<unknown> {
  const inputs = ['--corpora', corporaFolder, '--models', modelsFolder, '--backend', 'wasm', '--out', out];
  await promisify(execFile)(process.execPath, [
    path.join(root, 'scripts/bioner.mjs'),
    'train',
    planFile,
    ...inputs,
    ...more,
  ]);
  return outcome(parseResultFile(await readFile(path.join(out, 'killed.result.json'), 'utf8')));
}

/** Trains a part of the plan in a browser and exports its result. */
async function trainPart(page: Page, info: TestInfo, folder: PlanFolder, plan: string): Promise<ResultFile> {
  await page.goto('?backend=wasm');
  await waitUntilReady(page);
  await dropPaths(page, ...folder.drops.slice(0, -1));
  await expect(page.getByRole('status').filter({ hasText: 'Reading' })).toHaveCount(0);
  await dropPaths(page, plan);
  await expect.poll(async () => (await planFacts(page))['Runs']).toBe(`${RUNS}`);
  await startPlan(page);
  await expect(runsWith(page, 'Finished')).toHaveCount(RUNS, { timeout: 240_000 });
  return (await exportAll(page, info, RUNS)).file;
}

test(
  'a plan is trained in parts by two browsers, in one process, and beside one another, to one result',
  { tag: '@lengthy' },
  async ({ page, elsewhere }, info) => {
    test.skip(!isLong, 'Without VITE_SOAK: two browsers and three processes train the same runs.');
    test.setTimeout(600_000);
    const { plan: sharing } = sharingPlan(1);
    const plan = {
      ...sharing,
      methods: ['STL' as const, ...sharing.methods],
      seeds: [1, 2],
      rounds: { count: 0, epochs: 1 },
    };
    const folder = await writePlanFolder(info.outputPath(), { plan, runs: 2 * RUNS });
    await page.goto('?backend=wasm');
    await openLab(page);
    await dropPaths(page, ...folder.drops.slice(0, -1));
    await dropPaths(page, folder.planFile);
    await expect.poll(async () => (await planFacts(page))['Runs']).toBe(`${2 * RUNS}`);
    await planPanel(page).getByText('Train elsewhere').click();

    await test.step('the folder for Snakemake has every run in a job behind what it starts from', async () => {
      const press = () => planPanel(page).getByRole('button', { name: 'Download for Snakemake' }).click();
      const files = new Map(
        (await savedZip(page, info, press)).map((file) => [file.path.replace(/^[^/]+\//, ''), file.text]),
      );
      expect([...files.keys()]).toEqual(
        expect.arrayContaining(['workflow/Snakefile', 'profiles/slurm/config.yaml', 'README.md']),
      );
      const jobs = files.get('config/config.yaml') ?? '';
      expect(jobs.match(/^ {2}"level0-/gm)).toHaveLength(6);
      expect(jobs.match(/^ {2}"level1-/gm)).toHaveLength(4);
      expect(jobs).toContain('--corpora resources/corpora --models resources/models');
    });

    const press = () => planPanel(page).getByRole('button', { name: 'Download parts' }).click();
    await planPanel(page).getByLabel('Keep together').selectOption('seed');
    const parts = await savedZip(page, info, press);
    expect(parts.map(({ text }) => parsePlan(text).runs?.length)).toEqual([RUNS, RUNS]);
    const files: string[] = [];
    for (const { path: name, text } of parts) {
      const file = info.outputPath('parts', name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
      files.push(file);
    }
    await visit(page, 'Experiments');
    const [first = '', second = ''] = files;
    const results = [await trainPart(page, info, folder, first), await trainPart(elsewhere, info, folder, second)];
    const merging = results.map((file, index) => ({ name: `part-${index + 1}`, file }));
    const [result] = results;
    const { result: merged, report } = mergeParts(merging, commonPlan(merging) ?? plan, {
      software: result?.software ?? '',
      exportedAt: result?.exportedAt ?? '',
    });
    expect(report).toMatchObject({ expected: 2 * RUNS, finished: 2 * RUNS, missing: [], repeated: [], foreign: [] });

    const whole = await inNode(folder, info.outputPath('whole'), []);
    expect(outcome(merged)).toEqual(whole);
    expect(await inNode(folder, info.outputPath('beside'), ['--jobs', '2'])).toEqual(whole);
  },
);
