// Proves that the page races slicing rates on the samples, through a reload, and chooses as one process in Node does, to the same bits.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@playwright/test';
import { parseResultFile } from '../../src/lab/plans/resultFiles.ts';
import type { PlanFile } from '../../src/schema/planFile.ts';
import type { ResultFile } from '../../src/schema/resultFile.ts';
import { timeless } from '../fixtures/timeless.ts';
import { dropPaths, openExperiment, openLab } from './labActions.ts';
import { test } from './labPage.ts';
import { exportAll, planFacts, runsWith, startPlan } from './planActions.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** MTL-XC, and five rates for each of two tasks. */
const RUNS = 11;
const EPOCHS = 3;

/** A result without times and machines. */
function outcome(file: ResultFile): unknown {
  return timeless(file, 'checksum', 'environments', 'exportedAt', 'interruptions', 'workedMs');
}

test('slicing rates race on two samples, through a reload, to what one process finds', async ({ page }, info) => {
  test.setTimeout(240_000);
  const sample = JSON.parse(await readFile(path.join(root, 'examples/sample.plan.json'), 'utf8')) as PlanFile;
  const plan: PlanFile = {
    ...sample,
    name: 'race',
    methods: ['MTL-XC', 'MTL-LS'],
    slicingRates: [0, 0.25, 0.5, 0.75, 1],
    search: { policy: 'race', rungs: [1, 2], finalists: 2, choose: 'end' },
    config: { ...sample.config, epochs: EPOCHS, trainShare: 0.15 },
  };
  const planFile = info.outputPath('race.plan.json');
  await writeFile(planFile, JSON.stringify(plan));
  const out = info.outputPath('node');
  const args = ['train', planFile, '--out', out, '--backend', 'wasm', '--threads', '1'];
  const inNode = promisify(execFile)(process.execPath, [path.join(root, 'scripts/bioner.mjs'), ...args]);

  await page.goto('?backend=wasm');
  await openLab(page);
  await dropPaths(page, planFile);
  await expect.poll(async () => (await planFacts(page))['Runs']).toBe(`${RUNS}`);
  await startPlan(page);

  await test.step('a reload in the middle of the race loses nothing', async () => {
    await expect(runsWith(page, 'Stopped')).not.toHaveCount(0, { timeout: 120_000 });
    await page.reload();
    await page.getByRole('button', { name: 'Continue training' }).click();
  });

  await test.step('one rate of each task is chosen, and the experiment says how', async () => {
    await openExperiment(page);
    const search = page.getByRole('region', { name: 'Search for the slicing rate' });
    await expect(search.getByRole('status')).toContainText(/Rate \d\.\d\d is chosen/, { timeout: 120_000 });
    await expect(search.getByRole('status')).toContainText(/\d+ of the \d+ steps of all rates and seeds/);
    await expect(search.getByRole('table', { name: 'Rates of the search' })).toContainText('devel F1');
  });

  const { file } = await exportAll(page, info, RUNS);
  const raced = file.runs.filter(({ spec }) => spec.method === 'MTL-LS');
  for (const task of new Set(raced.map(({ spec }) => spec.tasks[0]?.corpus.name))) {
    const own = raced.filter(({ spec }) => spec.tasks[0]?.corpus.name === task);
    expect(own).toHaveLength(5);
    const finished = own.filter(({ status }) => status === 'finished');
    expect(finished).toHaveLength(1);
    // Test is read for the chosen rate alone.
    expect(own.filter(({ snapshots }) => snapshots.some(({ test }) => test.length > 0))).toEqual(finished);
    expect(own.filter(({ dropped }) => dropped !== undefined)).toHaveLength(4);
    const whole = own.reduce((sum, { totalSteps }) => sum + totalSteps, 0);
    expect(own.reduce((sum, { step }) => sum + step, 0)).toBeLessThan(0.8 * whole);
  }
  await inNode;
  const alone = parseResultFile(await readFile(path.join(out, 'race.result.json'), 'utf8'));
  expect(outcome(file)).toEqual(outcome(alone));
});
