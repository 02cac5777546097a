// Proves how few clicks lead from the first look to a shared answer, by pointer and by the keyboard alone, from a profile that has never seen the lab.
import { expect } from '@playwright/test';
import { readFile, writeFile } from 'node:fs/promises';
import { countedResult } from '../fixtures/countedResult.ts';
import { writeShortCorpora } from '../fixtures/shortCorpora.ts';
import { dropPaths, runActions } from './labActions.ts';
import { test } from './labPage.ts';
import { HANDS, Person, proseOf, type Effort } from './person.ts';
import { planPanel } from './planActions.ts';

/** One row of the table; `clicks` beyond the most fail. The seconds are those of a machine on which other tests train. */
function report(flow: string, { hands }: Person, { clicks, texts, corrections, seconds }: Effort, most: number): void {
  const cells = [flow, hands, clicks, most, texts, corrections, seconds.toFixed(1)];
  console.log(`| ${cells.join(' | ')} |`);
  expect(clicks, `${flow}, ${hands}`).toBeLessThanOrEqual(most);
}

test.beforeAll(() => {
  console.log('| flow | hands | clicks | at most | texts typed | corrections | seconds |');
});

for (const hands of HANDS) {
  test.describe(`by ${hands}`, () => {
    test('the first mention is seen without a click', async ({ page }) => {
      const person = new Person(page, hands);
      await page.goto('/');
      const mentions = page.getByRole('region', { name: /^Type a sentence/ }).locator('mark');
      await expect(mentions.first()).toBeInViewport({ timeout: 60_000 });
      report('first mention seen', person, person.effort, 0);
    });

    test('a sample is one click from its first chart', async ({ page }) => {
      const person = new Person(page, hands);
      await page.goto('/');
      await person.press(page.getByRole('button', { name: 'Train on a sample' }));
      const chart = page.getByRole('figure', { name: 'Training loss by step' });
      await expect(chart.locator('path.recharts-line-curve').first()).toBeVisible({ timeout: 120_000 });
      report('sample to first chart', person, person.effort, 1);
      await runActions(page).getByRole('button', { name: 'Stop' }).click();
    });

    test('a folder of one’s own is few clicks from a trained tagger and a page to share', async ({ page }, info) => {
      const own = { name: 'my-corpus', sample: 'sample-disease-a', type: 'Disease' };
      const [folder = ''] = await writeShortCorpora(info.outputPath(), [own], { train: 24, devel: 8, test: 8 });
      const person = new Person(page, hands);
      await page.goto('/');
      await expect(page.getByRole('heading', { name: 'Plan an experiment' })).toBeVisible();
      await person.bring(folder);
      await expect(page.getByLabel('Corpus', { exact: true }).locator('option:checked')).toHaveText(own.name);
      await person.press(planPanel(page).getByRole('button', { name: 'Train' }));
      await expect(page.getByRole('heading', { name: 'Test scores', exact: true })).toBeVisible({ timeout: 300_000 });
      await person.press(page.getByText('Share as a page'));
      const answer = page.waitForEvent('download');
      await person.press(page.getByRole('button', { name: 'Save page' }));
      const saved = info.outputPath('answer.html');
      await (await answer).saveAs(saved);
      report('own folder to shared answer', person, person.effort, 8);
      expect(await readFile(saved, 'utf8')).toContain('my-corpus · Disease · STL');
    });

    for (const size of [
      { width: 1440, height: 900 },
      { width: 390, height: 844 },
    ]) {
      test(`the first screen of a plan says whether it is real, ${size.width} pixels wide`, async ({ page }, info) => {
        await page.setViewportSize(size);
        const result = info.outputPath('plan.result.json');
        await writeFile(result, JSON.stringify(countedResult()));
        await page.goto('/#/experiments');
        await expect(page.getByRole('heading', { level: 1, name: 'Experiments' })).toBeVisible();
        await dropPaths(page, result);
        const person = new Person(page, hands);
        await person.press(page.getByRole('table', { name: 'Experiments', exact: true }).getByRole('link'));
        const verdict = page.locator('.verdict-panel .finding');
        await expect(verdict).toHaveText(/F1 (above|below) STL on test: .*noise/, { timeout: 60_000 });
        report(`is it real, ${size.width} pixels`, person, person.effort, 1);
        // Nothing was scrolled, and every line of the sentence is on the screen.
        expect(await page.evaluate(() => window.scrollY)).toBe(0);
        await expect(verdict).toBeInViewport({ ratio: 1 });
      });
    }

    test('own text is tagged, corrected and trained on again in a few clicks', async ({ page }) => {
      const person = new Person(page, hands);
      await page.goto('/');
      await expect(page.getByRole('button', { name: 'Train on a sample' })).toBeEnabled({ timeout: 60_000 });
      person.begin();
      await person.press(page.getByRole('link', { name: 'Tag', exact: true }));
      await expect(page.getByLabel('Tagger')).toBeVisible({ timeout: 60_000 });
      await person.write(page.getByLabel('Text', { exact: true }), await proseOf('sample-disease-a'));
      await person.press(page.getByRole('button', { name: 'Tag text' }));
      await expect(page.getByRole('heading', { level: 1, name: 'Review of text' })).toBeVisible({ timeout: 60_000 });
      await rejectFirstMention(person);
      await person.press(page.getByRole('button', { name: 'To saving and training' }));
      await person.press(page.getByRole('button', { name: 'Save as corpus' }));
      await person.press(page.getByRole('button', { name: 'Train on this' }));
      await person.press(page.getByRole('button', { name: 'Train', exact: true }));
      await expect(runActions(page)).toBeVisible({ timeout: 60_000 });
      report('own text tagged, corrected, trained on again', person, person.effort, 10);
      await runActions(page).getByRole('button', { name: 'Stop' }).click();
    });
  });
}

/** Rejects a mention of the sentence in focus, and accepts that sentence and the next ones. */
async function rejectFirstMention(person: Person): Promise<void> {
  const { page } = person;
  const current = page.locator('.review-sentence.current');
  const mention = current.locator('.mention').first();
  if (person.hands === 'keyboard') await person.tabTo(current.getByRole('option').and(page.locator('[tabindex="0"]')));
  await person.correct(async () => {
    await mention.click();
    await page.getByRole('group', { name: 'Decision' }).getByRole('button', { name: 'Reject' }).click();
  }, 'r');
  await expect(current.locator('.mention.rejected')).toHaveCount(1);
  const progress = page.getByText(/^\d+ of \d+ sentences reviewed$/);
  for (let done = 1; done <= 3; done++) {
    await person.correct(() => page.getByRole('button', { name: 'Accept the rest, next sentence' }).click(), 'Enter');
    await expect(progress).toHaveText(new RegExp(`^${done} `));
  }
}
