// Proves that the page searches a slicing rate: the form asks for it, rates are dropped for a stated reason, one is tested, and whole grids are replayed.
import { expect, type Page } from '@playwright/test';
import { readFile, writeFile } from 'node:fs/promises';
import { parseResultFile } from '../../src/lab/plans/resultFiles.ts';
import { download, dropPaths, openExperiment, openLab, showView, visit } from './labActions.ts';
import { test } from './labPage.ts';

/** The sample category of diseases with three rates and one seed, two epochs on a part of the sentences. */
async function samplePlan(file: string): Promise<void> {
  const plan = JSON.parse(await readFile('examples/sample.plan.json', 'utf8')) as Record<string, object>;
  const config = { ...plan['config'], epochs: 2, trainShare: 0.15 };
  await writeFile(
    file,
    JSON.stringify({ ...plan, name: 'race', methods: ['MTL-LS'], slicingRates: [0, 0.5, 1], config }),
  );
}

const search = (page: Page) => page.getByRole('region', { name: 'Search for the slicing rate' });

test('a race in the page drops rates at a rung, says why, and reads test for the chosen rate alone', async ({
  page,
}, info) => {
  const file = info.outputPath('race.plan.json');
  await samplePlan(file);
  await openLab(page);
  await visit(page, 'New');
  await dropPaths(page, file);
  const kind = page.getByLabel('Find the rate');
  await expect(kind).toHaveValue('none');

  await test.step('bad input is refused where it is', async () => {
    await kind.selectOption({ label: 'race the rates' });
    await page.getByLabel('Rates kept').fill('1');
    await expect(page.getByText('Enter a whole number from 2 to 1,000.')).toBeVisible();
    await page.getByLabel('Rates kept').fill('2');
    await page.getByLabel('Compare after epochs').fill('3');
    await expect(page.getByText('Epoch 3 is beyond the 2 epochs of a run.')).toBeVisible();
    await page.getByLabel('Compare after epochs').fill('1');
    await expect(page.getByText('Epoch 3 is beyond')).toHaveCount(0);
  });

  await page.getByRole('complementary', { name: 'Plan' }).getByRole('button', { name: 'Train' }).click();
  await openExperiment(page);
  await expect(search(page).getByRole('status')).toContainText(/Rate \d\.\d\d is chosen/, { timeout: 420_000 });
  await expect(page.getByText(/2 of \d+ runs finished|3 of \d+ runs finished/)).toBeVisible({ timeout: 300_000 });
  await expect(search(page).getByRole('cell', { name: /^dropped at epoch 1: / })).toHaveCount(2);
  await expect(search(page).getByRole('figure', { name: /^Devel F1 by epoch with seed 1/ })).toBeVisible();
  await info.attach('race', { body: await page.screenshot({ fullPage: true }), contentType: 'image/png' });
  await page.screenshot({ path: info.outputPath('race.png'), fullPage: true });
  await expect(page.getByText(/the rate was found by a search \(race at epoch 1, 2 finalists\)/).first()).toBeVisible();

  await showView(page, 'Runs');
  await expect(page.getByText(/^dropped at epoch 1: /).first()).toBeVisible();
  await showView(page, 'Share');
  const saved = await download(page, info, () =>
    page.getByRole('button', { name: /^Export \d+ runs as one file$/ }).click(),
  );
  const result = parseResultFile(saved.text);
  expect(result.plan.search).toEqual({ policy: 'race', rungs: [1], finalists: 2, choose: 'rung' });
  for (const { spec, dropped, snapshots, status } of result.runs) {
    if (spec.method === 'MTL-LS') expect(snapshots.length > 0).toBe(status === 'finished' && dropped === undefined);
  }
});

test('a whole grid says what racing would have cost', async ({ page }, info) => {
  await page.goto('/#/experiments');
  await expect(page.getByRole('heading', { level: 1, name: 'Experiments' })).toBeVisible();
  await dropPaths(page, 'results/disease-sharing-gpu.result.json');
  await openExperiment(page);
  const panel = page.getByRole('region', { name: 'What would racing have cost?' });
  await panel.getByRole('button', { name: 'Replay' }).click();
  const row = (name: RegExp) => panel.getByRole('row', { name });
  await expect(row(/^[a-z] all rates/)).toContainText('100 %');
  await expect(row(/^[a-z] the best 2 after epoch 1 /)).toContainText('40 %');
  // The file has F1 alone: a race over sentences cannot be replayed, and says why.
  await expect(row(/^race at epoch 1/)).toContainText('this grid does not have');
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(panel.getByRole('figure', { name: /^Regret in test F1/ })).toBeVisible();
  await page.screenshot({ path: info.outputPath('replay-phone.png'), fullPage: true });
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.screenshot({ path: info.outputPath('replay.png'), fullPage: true });
});
