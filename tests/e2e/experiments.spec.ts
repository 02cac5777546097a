// Proves that names, notes, tags and the archive survive a reload and travel in a result file, that curves of runs overlay, and that tables and charts go out and in as CSV.
import { expect, type Page } from '@playwright/test';
import { readFile, writeFile } from 'node:fs/promises';
import { countedResult } from '../fixtures/countedResult.ts';
import { dropPaths, openExperiment, showView, visit } from './labActions.ts';
import { test } from './labPage.ts';

async function openWithRuns(page: Page, file: string): Promise<void> {
  await page.goto('/#/experiments');
  await expect(page.getByRole('heading', { level: 1, name: 'Experiments' })).toBeVisible();
  await dropPaths(page, file);
}

const runsTable = (page: Page) => page.getByRole('table', { name: 'Runs of the experiment' });

test('what a person writes about runs and experiments stays, and travels with the result', async ({
  page,
  elsewhere,
}, info) => {
  const result = info.outputPath('runs.result.json');
  const described = info.outputPath('described.result.json');
  await writeFile(result, JSON.stringify(countedResult()));
  await openWithRuns(page, result);
  await openExperiment(page);

  await test.step('names and notes an experiment', async () => {
    await page.getByRole('button', { name: /^Edit name, tags and notes of/ }).click();
    await page.getByLabel('Name', { exact: true }).fill('First comparison');
    await page.getByRole('textbox', { name: 'Notes' }).fill('Two invented tasks.');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'First comparison' })).toBeVisible();
  });

  await test.step('tags one run, and archives another', async () => {
    await showView(page, 'Runs');
    const boxes = runsTable(page).getByRole('checkbox');
    await boxes.nth(0).check();
    await page.getByRole('group', { name: 'Selected runs' }).getByRole('button', { name: /^Edit/ }).click();
    await page.getByLabel(/^Add tags/).fill('baseline, to report');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(runsTable(page).getByRole('listitem').filter({ hasText: 'to report' })).toBeVisible();
    await boxes.nth(0).uncheck();
    const rows = await runsTable(page).getByRole('row').count();
    await boxes.nth(1).check();
    await page
      .getByRole('group', { name: 'Selected runs' })
      .getByRole('button', { name: /^Archive/ })
      .click();
    await expect(runsTable(page).getByRole('row')).toHaveCount(rows - 1);
    await page.getByRole('combobox', { name: 'Tag', exact: true }).selectOption('baseline');
    await expect(runsTable(page).getByRole('row')).toHaveCount(2);
  });

  await test.step('all of it survives a reload and goes out with the result', async () => {
    await page.reload();
    await expect(page.getByRole('heading', { level: 1, name: 'First comparison' })).toBeVisible();
    await expect(page.getByText('Two invented tasks.')).toBeVisible();
    // The filter is in the address.
    await expect(page.getByRole('combobox', { name: 'Tag', exact: true }).locator('option:checked')).toHaveText(
      'baseline',
    );
    await expect(runsTable(page).getByRole('row')).toHaveCount(2);
    await page.getByRole('combobox', { name: 'Tag', exact: true }).selectOption('any');
    await page.getByRole('combobox', { name: 'Archived', exact: true }).selectOption('only');
    await expect(runsTable(page).getByRole('row')).toHaveCount(2);
    await showView(page, 'Share');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: /^Export \d+ runs as one file$/ }).click();
    await (await download).saveAs(described);
  });

  await test.step('and is read in another lab', async () => {
    await openWithRuns(elsewhere, described);
    await openExperiment(elsewhere, 'First comparison');
    await expect(elsewhere.getByText('Two invented tasks.')).toBeVisible();
    await showView(elsewhere, 'Runs');
    await elsewhere.getByRole('combobox', { name: 'Tag', exact: true }).selectOption('to report');
    await expect(runsTable(elsewhere).getByRole('row')).toHaveCount(2);
    await elsewhere.getByRole('combobox', { name: 'Tag', exact: true }).selectOption('any');
    await elsewhere.getByRole('combobox', { name: 'Archived', exact: true }).selectOption('only');
    await expect(runsTable(elsewhere).getByRole('row')).toHaveCount(2);
  });
});

test('curves overlay, charts show their numbers, and scores go out and in as CSV', async ({ page }, info) => {
  const result = info.outputPath('runs.result.json');
  const scores = info.outputPath('out.scores.csv');
  await writeFile(result, JSON.stringify(countedResult()));
  await openWithRuns(page, result);
  await openExperiment(page);

  await test.step('a chart is a table of the same numbers', async () => {
    const chart = page.getByRole('figure', { name: 'Test F1 by slicing rate' });
    await chart.getByRole('button', { name: /as table$/ }).click();
    await expect(chart.getByRole('columnheader', { name: 'slicing rate' })).toBeVisible();
    await expect(chart.getByRole('cell', { name: 'MTL-LS' }).first()).toBeVisible();
    await chart.getByRole('button', { name: /as chart$/ }).click();
    await expect(chart.getByRole('table')).toHaveCount(0);
  });

  await test.step('the chosen columns of the runs are a CSV file', async () => {
    await showView(page, 'Runs');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save runs of the experiment as CSV' }).click();
    const file = info.outputPath('runs.csv');
    await (await download).saveAs(file);
    const lines = (await readFile(file, 'utf8')).trim().split('\r\n');
    expect(lines[0]).toMatch(/^id,name,tags,task,status,progress,method,model,seed,devel F1,test F1,elapsed s$/);
    expect(lines).toHaveLength(1 + (await runsTable(page).getByRole('checkbox').count()));
  });

  await test.step('two runs overlay, with what differs in their settings, all in the address', async () => {
    const boxes = runsTable(page).getByRole('checkbox');
    await boxes.nth(0).check();
    await boxes.nth(1).check();
    await page.getByRole('link', { name: 'Compare curves and settings' }).click();
    const loss = page.getByRole('figure', { name: /^Training loss/ });
    const entries = loss.getByRole('button', { pressed: true });
    await expect(entries).toHaveCount(2);
    await entries.first().click();
    await page.getByLabel('Logarithmic loss axis').click();
    await expect(page).toHaveURL(/axis=log.*hidden=|hidden=.*axis=log/);
    await page.reload();
    await expect(loss.getByRole('button', { pressed: false })).toHaveCount(1);
    await expect(page.getByLabel('Logarithmic loss axis')).toBeChecked();
    const settings = page.getByRole('table', { name: 'Settings side by side' });
    const differing = await settings.getByRole('row').count();
    // Its state is in the address, which follows the press.
    await page.getByLabel('Show settings that all have in common').click();
    await expect(page.getByLabel('Show settings that all have in common')).toBeChecked();
    await expect.poll(() => settings.getByRole('row').count()).toBeGreaterThan(differing);
  });

  await test.step('the scores of this lab come back as reported figures, and a wrong table is refused', async () => {
    await openExperiment(page);
    await showView(page, 'Share');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save test scores as CSV' }).click();
    await (await download).saveAs(scores);
    await visit(page, 'Experiments');
    await dropPaths(page, scores);
    await expect(page.getByRole('table', { name: 'Reported figures' })).toBeVisible();
    await openExperiment(page);
    const table = page.getByRole('table', { name: 'Reported figures, not trained here' });
    await expect(table.getByRole('cell', { name: 'BioNER Lab' }).first()).toBeVisible();
    const wrong = info.outputPath('wrong.csv');
    await writeFile(wrong, 'name,task,f1\nA,moss,high\n');
    await dropPaths(page, wrong);
    await expect(page.getByText(/wrong\.csv was refused: Line 2: f1 is not a number/)).toBeVisible();
  });
});
