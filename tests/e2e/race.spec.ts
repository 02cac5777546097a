// Proves that the page races slicing rates on the samples, through a reload, and chooses as one process in Node does, to the same bits.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@playwright/test';
import { parseResultFile } from '../../src/lab/plans/resultFiles.ts';
import { droppedText } from '../../src/metrics/racing/raceWords.ts';
import type { PlanFile } from '../../src/schema/resultFile.ts';
import type { RunRecord } from '../../src/schema/runRecord.ts';
import { isLong } from '../fixtures/longForm.ts';
import { timeless } from '../fixtures/timeless.ts';
import { dropPaths, openExperiment, openLab, visit } from './labActions.ts';
import { test } from './labPage.ts';
import { exportAll, planFacts, runsWith, startPlan } from './planActions.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** MTL-XC, and five rates for each of two tasks. */
const RUNS = 11;
const EPOCHS = 3;

/** Runs without times and machines. */
function outcome(runs: readonly RunRecord[]): unknown {
  return timeless(runs, 'environments', 'interruptions');
}

test(
  'slicing rates race on two samples, through a reload, to what one process finds',
  { tag: '@lengthy' },
  async ({ page }, info) => {
    test.skip(!isLong, 'Without VITE_SOAK: a page and a process train eleven runs each.');
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

    await visit(page, 'Experiments');
    await expect(runsWith(page, 'Finished')).toHaveCount(3, { timeout: 120_000 });
    await expect(runsWith(page, 'Stopped')).toHaveCount(RUNS - 3);
    const shown = await page.getByRole('table', { name: 'Runs', exact: true }).innerText();
    // MTL-XC, and the chosen rate of each task.
    const { file } = await exportAll(page, info, 3);
    await inNode;
    const alone = parseResultFile(await readFile(path.join(out, 'race.result.json'), 'utf8'));
    const isFinished = ({ status }: RunRecord): boolean => status === 'finished';
    expect(outcome(file.runs)).toEqual(outcome(alone.runs.filter(isFinished)));
    const dropped = alone.runs.filter((run) => !isFinished(run));
    expect(dropped).toHaveLength(RUNS - 3);
    for (const run of dropped) {
      expect(shown).toContain(droppedText(run));
      // Test is read for the chosen rate alone.
      expect(run.snapshots).toEqual([]);
    }
    const raced = alone.runs.filter(({ spec }) => spec.method === 'MTL-LS');
    const sum = (stepsOf: (run: RunRecord) => number): number => raced.reduce((total, run) => total + stepsOf(run), 0);
    expect(sum(({ step }) => step)).toBeLessThan(0.8 * sum(({ totalSteps }) => totalSteps));
  },
);
