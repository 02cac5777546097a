// Proves the lab's main job in one tab: train a sample, survive reloads in mid-run, finish, export, and read the result elsewhere.
import { readFile } from 'node:fs/promises';
import { expect, type Page } from '@playwright/test';
import { parseResultFile } from '../../src/lab/plans/resultFiles.ts';
import { conlleval, predictionRows } from '../../src/metrics/scores/scoreSplit.ts';
import { format } from '../../src/ui/shared/format.ts';
import {
  download,
  dropPaths,
  fact,
  lastPoint,
  notices,
  openBackend,
  openLab,
  rowsOf,
  runActions,
  stepOf,
  visit,
} from './labActions.ts';
import { test } from './labPage.ts';

const sample = { name: 'sample-gene-b', task: 'sample-gene-b · Gene', testSentences: 100 };
const stepsPerEpoch = 38;
const epochs = 5;
const totalSteps = epochs * stepsPerEpoch;

test(
  'a sample run outlives two reloads, finishes, and its result file shows the same scores elsewhere',
  { tag: '@lengthy' },
  async ({ page, elsewhere }, info) => {
    await openLab(page);
    await openBackend(page);
    await expect(page.getByText(/^Self-test: (\d+) of \1 checks passed$/)).toBeVisible();
    await page.keyboard.press('Escape');
    await page.getByLabel('Sample corpus').selectOption(sample.name);
    await page.getByRole('button', { name: 'Train on a sample' }).click();
    await expect(page.getByRole('heading', { level: 1, name: sample.task })).toBeVisible();
    await expect.poll(() => stepOf(page), { timeout: 60_000 }).toBeGreaterThan(0);
    const seen = [await lastPoint(page)];
    await expect(page.getByRole('figure').filter({ hasText: 'Training loss by step' })).toBeVisible();

    await test.step('other pages can be visited while it trains', async () => {
      await visit(page, 'Corpora');
      await expect(page.getByRole('table', { name: 'Corpora' })).toContainText(sample.name);
      await visit(page, 'Experiments');
      await expect(page.getByRole('table', { name: 'Runs' })).toContainText('Running');
      await page.getByRole('table', { name: 'Runs' }).getByRole('link', { name: sample.task }).click();
    });

    await test.step('a reload in mid-run goes back to the last checkpoint', async () => {
      // The checkpoint of the epoch is written while the next steps run.
      const often = { timeout: 90_000, intervals: [50] };
      await expect.poll(() => stepOf(page), often).toBeGreaterThan(stepsPerEpoch + 20);
      const reached = await lastPoint(page);
      seen.push(reached);
      await page.reload();
      await expect(runActions(page).getByRole('button', { name: 'Resume' })).toBeVisible();
      await expect(page.getByText('Paused · STL')).toBeVisible();
      const left = await stepOf(page);
      expect(left).toBeGreaterThanOrEqual(stepsPerEpoch);
      // A second epoch may have ended before the page was gone.
      expect(left).toBeLessThanOrEqual(Math.max(reached.step, 2 * stepsPerEpoch));
      await expect(fact(page, 'Epoch')).toHaveText(`${Math.floor(left / stepsPerEpoch)} of ${epochs}`);
      await runActions(page).getByRole('button', { name: 'Resume' }).click();
      await expect.poll(() => stepOf(page), { timeout: 60_000 }).toBeGreaterThan(reached.step);
      seen.push(await lastPoint(page));
    });

    await test.step('a paused run loses nothing', async () => {
      await runActions(page).getByRole('button', { name: 'Pause' }).click();
      await expect(runActions(page).getByRole('button', { name: 'Resume' })).toBeVisible();
      const paused = await lastPoint(page);
      seen.push(paused);
      await page.reload();
      await expect(runActions(page).getByRole('button', { name: 'Resume' })).toBeVisible();
      expect(await lastPoint(page)).toEqual(paused);
      await runActions(page).getByRole('button', { name: 'Resume' }).click();
      await expect.poll(() => stepOf(page), { timeout: 60_000 }).toBeGreaterThan(paused.step);
    });

    await test.step('it finishes with good scores', async () => {
      await expect(page.getByRole('heading', { name: 'Test scores', exact: true })).toBeVisible({ timeout: 180_000 });
      await expect(fact(page, 'Step')).toHaveText(`${totalSteps} of ${totalSteps}`);
      expect(Number.parseFloat(await fact(page, 'Best devel F1').innerText())).toBeGreaterThan(90);
      expect(await shownTestF1(page)).toBeGreaterThan(85);
      await expect(runActions(page).getByRole('button', { name: 'Resume' })).toBeHidden();
    });

    const result = await download(page, info, () =>
      runActions(page).getByRole('button', { name: 'Export result' }).click(),
    );
    await test.step('what a snapshot predicts has the scores that are shown', async () => {
      const button = page
        .getByRole('row')
        .filter({ has: page.getByRole('cell', { name: 'selected', exact: true }) })
        .getByRole('button', { name: 'Save predictions' });
      const saved = await download(page, info, () => button.click());
      expect(saved.path).toMatch(/\.test\.conll$/);
      const { gold, predicted } = predictionRows(saved.text);
      expect(conlleval(gold, predicted).entities.overall.f1.toFixed(2)).toBe((await shownTestF1(page)).toFixed(2));
    });
    await test.step('the result file tells the whole run', async () => {
      const file = parseResultFile(result.text);
      expect(file.runs).toHaveLength(1);
      const [record] = file.runs;
      if (record === undefined) throw new Error('The result file has no run.');
      expect(record).toMatchObject({ status: 'finished', failure: null, step: totalSteps, totalSteps });
      // No step is missing and none reported twice, although some were repeated after the first reload.
      expect(record.steps.map(({ step }) => step)).toEqual(Array.from({ length: totalSteps }, (_, index) => index + 1));
      expect(record.epochs.map(({ epoch, step }) => [epoch, step])).toEqual(
        Array.from({ length: epochs }, (_, index) => [index + 1, (index + 1) * stepsPerEpoch]),
      );
      // What was seen before and between the reloads is what the file tells, digit by digit.
      for (const { step, loss } of seen) expect(format.quantity(record.steps[step - 1]?.loss)).toBe(loss);
      expect(record.snapshots.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5]);
      const selected = record.snapshots.find(({ epoch }) => epoch === record.selectedEpoch);
      const test = selected?.test[0];
      const overall = test?.lenient.overall;
      expect(test?.sentences).toBe(sample.testSentences);
      expect(overall?.gold).toBe(await testMentions(sample.name));
      const { gold = 0, predicted = 0, correct = 0 } = overall ?? {};
      expect(overall?.f1).toBeCloseTo((200 * correct) / (gold + predicted), 6);
      expect((overall?.f1 ?? 0).toFixed(2)).toBe((await shownTestF1(page)).toFixed(2));
      expect(file.models.map(({ name }) => name)).toEqual(['xlnet-bio-tiny']);
    });

    await test.step('the analysis tells what the run knew, found and missed', async () => {
      const run = new URL(page.url()).hash;
      const { spec, snapshots, selectedEpoch } = parseResultFile(result.text).runs[0] ?? {};
      const overall = snapshots?.find(({ epoch }) => epoch === selectedEpoch)?.test[0]?.lenient.overall;
      await page.goto(`/#/analyse/errors?run=${spec?.id}`);
      const byKind = page.getByRole('table', { name: 'Mentions by kind' });
      await expect(byKind).toContainText('correct');
      const kinds = await rowsOf(byKind);
      expect(Number(kinds.find(([kind]) => kind?.startsWith('correct'))?.[1])).toBe(overall?.correct);
      const views = await rowsOf(page.getByRole('table', { name: 'Scores by nervaluate evaluation scheme' }));
      expect(views[0]?.[3]).toBe(overall?.f1.toFixed(2));

      await page
        .getByRole('group', { name: 'Kind' })
        .getByRole('button', { name: /^correct/ })
        .click();
      const mentions = page.getByRole('list', { name: 'Mentions', exact: true }).getByRole('listitem');
      await mentions.first().focus();
      await page.keyboard.press('j');
      await expect(mentions.nth(1)).toBeFocused();
      await page.keyboard.press('Enter');
      await expect(page.getByRole('heading', { level: 1, name: sample.name })).toBeVisible();
      await expect(page.getByRole('list', { name: 'Sentences' }).locator(':focus')).toContainText('Gene');
      await page.goBack();
      await expect(mentions.nth(1)).toBeFocused();

      // Filter and line are in the address, so that a reload and a link show the same errors.
      await page.getByLabel('Mention contains').fill('a');
      await page.getByRole('combobox', { name: /^String/ }).selectOption('unseen');
      await expect(page).toHaveURL(/kind=correct&find=a&seen=unseen/);
      await page.reload();
      await expect(page.getByRole('group', { name: 'Kind' }).getByRole('button', { pressed: true })).toContainText('correct'); // prettier-ignore
      await expect(page.getByLabel('Mention contains')).toHaveValue('a');
      await expect(page.getByRole('combobox', { name: /^String/ })).toHaveValue('unseen');
      await expect(mentions.first()).toContainText('not in training');

      const analyses = page.getByRole('navigation', { name: 'Analyses' });
      await analyses.getByRole('link', { name: 'Entity sets' }).click();
      const regions = page.getByRole('table', { name: 'Regions' });
      await regions.getByRole('button', { name: 'known and found' }).click();
      await expect(page.getByRole('heading', { name: /^Strings known and found/ })).toBeFocused();
      await page.getByRole('table', { name: 'Strings' }).getByRole('button').first().click();
      await expect(page.getByRole('list', { name: 'Sentences' }).getByRole('listitem').first()).toBeVisible();

      await analyses.getByRole('link', { name: 'Breakdown' }).click();
      await expect(page.getByRole('heading', { name: 'By frequency in training' })).toBeVisible();
      await analyses.getByRole('link', { name: 'Leaks' }).click();
      await expect(page.getByText('None of the 100 compared test sentences', { exact: false })).toBeVisible();
      await analyses.getByRole('link', { name: 'Labels' }).click();
      await page.getByRole('button', { name: 'Predict now' }).click();
      await expect(page.getByRole('button', { name: 'Predict now' })).toBeHidden({ timeout: 60_000 });
      await page.goto(`/${run}`);
      await expect(page.getByRole('heading', { level: 1, name: sample.task })).toBeVisible();
    });

    await test.step('another browser shows the same run from the file', async () => {
      await openLab(elsewhere);
      await dropPaths(elsewhere, result.path);
      await expect(elsewhere.getByRole('heading', { level: 1, name: sample.task })).toBeVisible();
      await expect(elsewhere.getByText('read-only')).toBeVisible();
      await expect(runActions(elsewhere).getByRole('button', { name: 'Resume' })).toBeHidden();
      for (const name of ['Test scores of the selected snapshot', 'Mean over 5 snapshots', 'Snapshots']) {
        const rows = await rowsOf(page.getByRole('table', { name, exact: true }));
        // Predictions and models are available where the snapshots are, not elsewhere.
        const here = rows.map((cells) => cells.filter((cell) => !/^(Save|F32\s+F16)$/.test(cell)));
        expect(here.flat().join('')).toMatch(/\d/);
        await expect.poll(() => rowsOf(elsewhere.getByRole('table', { name, exact: true }))).toEqual(here);
      }
      for (const name of ['Step', 'Loss', 'Best devel F1', 'Elapsed']) {
        await expect(fact(elsewhere, name)).toHaveText(await fact(page, name).innerText());
      }
      await elsewhere.reload();
      await expect(elsewhere.getByRole('heading', { level: 1, name: sample.task })).toBeVisible();
      await expect(notices(elsewhere)).toBeEmpty();
    });
  },
);

/** F1 of the selected snapshot on the test split, as the page's score table has it: conlleval's reading comes first. */
async function shownTestF1(page: Page): Promise<number> {
  const [row] = await rowsOf(page.getByRole('table', { name: 'Test scores of the selected snapshot' }));
  return Number.parseFloat(row?.[3] ?? '');
}

/** Mentions in the test split of a sample, which is written in IOB2. */
async function testMentions(name: string): Promise<number> {
  const rows = await readFile(`public/corpora/${name}/test.tsv`, 'utf8');
  return rows.split('\n').filter((row) => row.includes('\tB-')).length;
}
