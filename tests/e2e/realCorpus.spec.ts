// Proves that a published corpus goes through the page: dropped as a folder, counted, trained on, paused, and resumed after a reload.
import { expect } from '@playwright/test';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { dropPaths, fact, lastPoint, openLab, rowsOf, runActions, stepOf, visit } from './labActions.ts';
import { test } from './labPage.ts';

const folder = path.resolve('../shared/corpora/NCBI-disease-IOB');
const missing = existsSync(folder) ? null : `There is no ${folder}.`;
if (missing !== null) console.log(`realCorpus.spec.ts is skipped. ${missing}`);

/** The blank lines and the B tags in the files of train, devel and test. */
const counts = { sentences: ['5,424', '923', '940'], mentions: ['5,134', '787', '960'] };
/** 5,424 sentences in batches of 32, and three epochs of them. */
const steps = { epoch: 170, all: 510 };

test('NCBI-disease is dropped, trained on, paused, and goes on after a reload', async ({ page }) => {
  test.skip(missing !== null, missing ?? '');
  await openLab(page);

  await test.step('the folder is read whole', async () => {
    await dropPaths(page, folder);
    await expect(page.getByText('5,424 train, 923 devel, 940 test sentences')).toBeVisible();
    await visit(page, 'Corpora');
    await page.getByRole('link', { name: 'NCBI-disease-IOB', exact: true }).click();
    await expect(page.getByRole('table', { name: 'Counts' })).toBeVisible();
    const rows = new Map(
      (await rowsOf(page.getByRole('table', { name: 'Counts' }))).map(([name, ...cells]) => [name, cells]),
    );
    expect(rows.get('Sentences')).toEqual(counts.sentences);
    expect(rows.get('Mentions')).toEqual(counts.mentions);
    await expect(page.getByRole('list', { name: 'Sentences' }).getByRole('listitem')).toHaveCount(25);
    await expect(page.getByText('1–25 of 5,424 sentences')).toBeVisible();
  });

  await test.step('it trains with the preset Quick look', async () => {
    await visit(page, 'New');
    await expect(page.getByLabel('Quick look')).toBeChecked();
    await expect(page.getByRole('complementary', { name: 'Plan' })).toContainText(`Steps${steps.all}`);
    await page.getByRole('complementary', { name: 'Plan' }).getByRole('button', { name: 'Train' }).click();
    await expect(page.getByRole('heading', { level: 1, name: /^NCBI-disease-IOB · / })).toBeVisible();
    await expect.poll(() => stepOf(page), { timeout: 120_000 }).toBeGreaterThanOrEqual(3);
    await expect(fact(page, 'Step')).toHaveText(new RegExp(`of ${steps.all}$`));
    await expect(fact(page, 'Tokens per second')).toHaveText(/\d/);
    await expect(fact(page, 'Live tensors')).toHaveText(/\d/);
  });

  const paused = await test.step('it is paused', async () => {
    await runActions(page).getByRole('button', { name: 'Pause' }).click();
    await expect(runActions(page).getByRole('button', { name: 'Resume' })).toBeVisible({ timeout: 60_000 });
    return lastPoint(page);
  });

  await test.step('after a reload it goes on from the step where it was paused', async () => {
    await page.reload();
    await expect(runActions(page).getByRole('button', { name: 'Resume' })).toBeVisible();
    expect(await lastPoint(page)).toEqual(paused);
    await runActions(page).getByRole('button', { name: 'Resume' }).click();
    const seen = [paused.step];
    await expect
      .poll(async () => seen[seen.push(await stepOf(page)) - 1], { timeout: 120_000, intervals: [50] })
      .toBeGreaterThanOrEqual(paused.step + 3);
    // The counter never falls behind the pause: no step is repeated.
    expect(Math.min(...seen)).toBe(paused.step);
    expect(Number.parseFloat((await lastPoint(page)).loss)).toBeGreaterThan(0);
  });

  await test.step('it is stopped, and can still be resumed', async () => {
    await runActions(page).getByRole('button', { name: 'Stop' }).click();
    await expect(page.getByText('Stopped · STL')).toBeVisible({ timeout: 60_000 });
    await expect(runActions(page).getByRole('button', { name: 'Resume' })).toBeVisible();
    expect(await stepOf(page)).toBeLessThan(steps.epoch);
  });
});
