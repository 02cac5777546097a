// Proves that a visitor sees mentions without a click, and others as they type, gives one the id of a dictionary, and that typing gives way to a run and loses nothing.
import { expect, type Page } from '@playwright/test';
import { writeFile } from 'node:fs/promises';
import { download, dropPaths, openLab, rowsOf, violations, visit } from './labActions.ts';
import { test } from './labPage.ts';

const panel = (page: Page) => page.getByRole('region', { name: 'Type a sentence, see its entities' });
const field = (page: Page) => page.getByRole('textbox', { name: 'Text to tag as you type' });
const mentions = (page: Page) => panel(page).locator('mark');

test('a first visit shows a tagged sentence, and typing another tags that', async ({ page }, info) => {
  await test.step('the example is tagged by itself', async () => {
    await page.goto('/');
    await expect(mentions(page).first()).toBeVisible({ timeout: 30_000 });
    await expect(panel(page)).toContainText('The example is invented.');
    await expect(panel(page).getByRole('status')).toHaveText(/^\d+ mentions: .+ \((Disease|Chemical|Gene|Species)\)/);
  });

  await test.step('what is typed is tagged after a pause, by type', async () => {
    await field(page).fill('');
    await field(page).pressSequentially('Aspirin lowered the risk of colorectal cancer.');
    await expect(mentions(page).filter({ hasText: 'colorectal cancer' })).toContainText('Disease');
    await expect(mentions(page).filter({ hasText: 'Aspirin' })).toContainText('Chemical');
    await expect(panel(page).getByRole('status')).toHaveText('2 mentions: Aspirin (Chemical), colorectal cancer (Disease).'); // prettier-ignore
    await expect(panel(page)).not.toContainText('The example is invented.');
  });

  await test.step('the keyboard shows how sure the tagger is', async () => {
    await field(page).focus();
    await page.keyboard.press('Tab');
    await expect(mentions(page).first()).toBeFocused();
    const sureness = mentions(page)
      .first()
      .getByText(/^Chemical, \d+\.\d % sure$/);
    await expect(sureness).toHaveCSS('opacity', '1');
  });

  await test.step('its card has scores of every type', async () => {
    await panel(page).getByRole('button', { name: 'What is this tagger?' }).click();
    const rows = await rowsOf(panel(page).getByRole('table'));
    const types = (await panel(page).getByRole('table').getByRole('rowheader').allTextContents()).sort();
    expect(new Set(types)).toEqual(new Set(['Chemical', 'Disease', 'Gene', 'Species']));
    for (const row of rows) expect(Number(row.at(-1))).toBeGreaterThan(50);
  });

  await test.step('the text survives a reload, and is taken to Tag', async () => {
    await page.reload();
    await expect(field(page)).toHaveValue('Aspirin lowered the risk of colorectal cancer.');
    await expect(mentions(page)).toHaveCount(2);
    await panel(page).getByRole('link', { name: 'Tag more text' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Tag' })).toBeVisible();
    await expect(page.getByLabel('Text', { exact: true })).toHaveValue(
      'Aspirin lowered the risk of colorectal cancer.',
    );
    await expect(page.getByLabel('Tagger').locator('option:checked')).toContainText('shipped tagger');
    await page.getByRole('button', { name: 'Tag text' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Review of text' })).toBeVisible();
    await expect(page.locator('.mention').filter({ hasText: 'colorectal cancer' })).toBeVisible();
  });

  await test.step('a mention gets an id of a dictionary, and another by the keyboard, which a reload and saved files have', async () => {
    const review = new URL(page.url()).hash;
    const rows = ['id\tname\tsynonyms\ttype', 'D:1\tcolorectal neoplasms\tcolorectal cancer\tDisease', 'D:2\trectal neoplasms\trectal cancer\tDisease', 'D:3\tcolorectal polyps\t\tDisease']; // prettier-ignore
    await writeFile(info.outputPath('diseases.tsv'), rows.join('\n'));
    await visit(page, 'Dictionaries');
    await dropPaths(page, info.outputPath('diseases.tsv'));
    await expect(page.getByRole('main')).toContainText('diseases');
    await page.goto(`/${review}`);
    await page.getByLabel('Link mentions to ids of').selectOption({ label: 'diseases' });
    const token = page.getByRole('option', { name: /^colorectal/ });
    const checked = page
      .getByRole('group', { name: 'Id of “colorectal cancer”' })
      .getByRole('radio', { checked: true });
    await token.click();
    await expect(checked).toHaveAccessibleName(/^D:1 colorectal neoplasms/);
    expect(await violations(page)).toEqual([]);
    await token.press('i');
    await expect(checked).toHaveAccessibleName(/^D:2 rectal neoplasms.*chosen by you/);
    await expect(token).toBeFocused();
    await checked.press('ArrowDown');
    await expect(checked).toHaveAccessibleName(/^D:3 .*chosen by you/);
    await expect(checked).toBeFocused();
    await page.keyboard.press('Control+z');
    await expect(checked).toHaveAccessibleName(/^D:2 /);
    const format = page.getByLabel('Save as').and(page.getByRole('combobox'));
    await format.selectOption('CoNLL');
    await expect(page.getByText('CoNLL has no place for ids')).toBeVisible();
    await format.selectOption('PubTator');
    const { text } = await download(page, info, () => page.getByRole('button', { name: 'Save 1 document' }).click());
    expect(text).toMatch(/\tcolorectal cancer\tDisease\tD:2$/m);
    await page.reload();
    await token.click();
    await expect(checked).toHaveAccessibleName(/^D:2 rectal neoplasms.*chosen by you/);
  });

  await test.step('the browser asks before a page is left whose last correction is still being stored', async () => {
    const asks = () => page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })));
    await expect.poll(asks).toBe(false);
    const asksAtOnce = await page.getByRole('button', { name: 'Undo' }).evaluate(async (undo: HTMLElement) => {
      undo.click();
      // React draws what a click changed in a microtask, before anything can have been stored.
      await Promise.resolve();
      return !window.dispatchEvent(new Event('beforeunload', { cancelable: true }));
    });
    expect(asksAtOnce).toBe(true);
    await expect.poll(asks).toBe(false);
    await page.reload();
    await page.getByRole('option', { name: /^colorectal/ }).click();
    const checked = page
      .getByRole('group', { name: 'Id of “colorectal cancer”' })
      .getByRole('radio', { checked: true });
    await expect(checked).toHaveAccessibleName(/^D:1 colorectal neoplasms/);
    await expect(checked).not.toHaveAccessibleName(/chosen by you/);
    await checked.click();
    await expect(checked).toHaveAccessibleName(/^D:1 .*chosen by you/);
  });
});

test('typing gives way to a run, and a removed tagger comes back when it is asked for', async ({ page }) => {
  await openLab(page);
  await expect(mentions(page).first()).toBeVisible({ timeout: 30_000 });

  await test.step('while a run trains the page says so, and tags when it is paused', async () => {
    await page.getByRole('button', { name: 'Train on a sample' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('sample');
    await visit(page, 'New');
    await expect(panel(page)).toContainText('Paused while a run trains');
    await field(page).fill('Metformin is given for diabetes.');
    await page
      .getByRole('button', { name: /^Pause/ })
      .first()
      .click();
    await expect(mentions(page).filter({ hasText: 'diabetes' })).toBeVisible({ timeout: 60_000 });
    await expect(panel(page)).not.toContainText('Paused while a run trains');
  });

  await test.step('it is removed like any model', async () => {
    await visit(page, 'Models');
    await page.getByRole('button', { name: 'Remove model xlnet-bio-tiny-four-types' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove permanently' }).click();
    await expect(page.getByRole('button', { name: 'Remove model xlnet-bio-tiny-four-types' })).toHaveCount(0);
    await page.reload();
    await visit(page, 'New');
    await panel(page)
      .getByRole('button', { name: /^Fetch it again/ })
      .click();
    await expect(mentions(page).first()).toBeVisible({ timeout: 30_000 });
  });
});
