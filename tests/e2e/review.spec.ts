// Proves that own text is tagged, corrected, saved and trained on again by the keyboard alone, with few presses, and that a reload loses nothing.
import { expect } from '@playwright/test';
import { fact, openLab, runActions } from './labActions.ts';
import { test } from './labPage.ts';
import { Person, proseOf } from './person.ts';
import { planPanel } from './planActions.ts';

const sample = 'sample-gene-b';

test('own text is tagged, corrected and trained on again by the keyboard alone', async ({ page }) => {
  await openLab(page);
  await test.step('a tagger is trained for two epochs', async () => {
    await page.getByLabel('Corpus', { exact: true }).selectOption({ label: `${sample} (sample)` });
    await page.getByRole('radio', { name: 'Sample', exact: true }).check();
    await page.locator('summary').filter({ hasText: 'Schedule' }).click();
    await page.getByLabel('Epochs', { exact: true }).fill('2');
    await planPanel(page).getByRole('button', { name: 'Train' }).click();
    await expect(page.getByRole('heading', { name: 'Test scores', exact: true })).toBeVisible({ timeout: 300_000 });
  });

  const person = new Person(page, 'keyboard');
  await test.step('text is entered and tagged', async () => {
    await person.press(page.getByRole('link', { name: 'Tag', exact: true }));
    await person.tabTo(page.getByLabel('Text', { exact: true }));
    await page.keyboard.insertText(await proseOf(sample));
    await person.press(page.getByRole('button', { name: 'Tag text' }));
    await expect(page.getByRole('heading', { level: 1, name: 'Review of text' })).toBeVisible({ timeout: 60_000 });
  });

  const current = page.locator('.review-sentence.current');
  const live = current.locator('.mention:not(.rejected)');
  const progress = page.getByText(/^\d+ of \d+ sentences reviewed$/);
  const total = Number(/of (\d+)/.exec((await progress.textContent()) ?? '')?.[1]);
  const undo = page.getByRole('button', { name: 'Undo' });

  await test.step('a mention is rejected, and restored and rejected again by undo and redo', async () => {
    await person.tabTo(current.getByRole('option').and(page.locator('[tabindex="0"]')));
    const before = await live.count();
    await expect(current.getByRole('group', { name: /confidence/ }).first()).toBeVisible();
    // The focus is on the first mention of the least certain sentence.
    await page.keyboard.press('r');
    await expect(live).toHaveCount(before - 1);
    await page.keyboard.press('Control+z');
    await expect(live).toHaveCount(before);
    await page.keyboard.press('Control+y');
    await expect(live).toHaveCount(before - 1);
  });

  await test.step('a mention is added over two tokens, and its borders are changed', async () => {
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Home');
    const before = await live.count();
    await page.keyboard.press('Shift+ArrowRight');
    await expect(current.getByRole('option', { selected: true })).toHaveCount(2);
    await page.keyboard.press('1');
    await expect(current.locator('.mention').first()).toHaveAttribute('aria-label', 'Gene, added');
    expect(await live.count()).toBeGreaterThanOrEqual(before);
    await page.keyboard.press('Home');
    await page.keyboard.press('b');
    await expect(page.getByText('Select the tokens of the mention first', { exact: false }).first()).toBeAttached();
    await page.keyboard.press('Shift+End');
    await page.keyboard.press('Escape');
  });

  await test.step('sentences are accepted one after the other', async () => {
    const first = await current.getAttribute('data-sentence');
    await page.keyboard.press('Enter');
    await expect.poll(() => current.getAttribute('data-sentence')).not.toBe(first);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await expect(progress).not.toHaveText(/^0 /);
  });

  const reviewed = await progress.textContent();
  await test.step('a reload loses neither a correction nor the place nor what can be undone', async () => {
    const at = await current.getAttribute('data-sentence');
    // The place is in the address.
    await expect(page).toHaveURL(new RegExp(`/#/review/[0-9a-f]{16}\\?sentence=${Number(at) + 1}$`));
    await page.reload();
    await expect(progress).toHaveText(reviewed ?? '', { timeout: 60_000 });
    await expect(current).toHaveAttribute('data-sentence', at ?? '');
    await expect(undo).toBeEnabled();
    await expect(page.getByRole('group', { name: 'Gene, added' })).toHaveCount(1);
    await expect(page.getByRole('group', { name: /^rejected Gene/ }).first()).toBeVisible();
  });

  await test.step('the list shows what is not reviewed, in the order of the text, and its address too', async () => {
    const which = page.getByRole('group', { name: 'Which sentences' });
    await person.tabTo(which.getByRole('combobox').nth(0));
    await page.keyboard.press('ArrowDown');
    await person.tabTo(which.getByRole('combobox').nth(1));
    await page.keyboard.press('ArrowDown');
    await expect(which.locator('option:checked')).toHaveText(['as in the text', 'not reviewed']);
    const left = total - Number(/^\d+/.exec(reviewed ?? '')?.[0]);
    await expect(page.getByText(`of ${left} sentences`, { exact: false }).first()).toBeVisible();
    await expect(page).toHaveURL(/order=text&show=unreviewed/);
  });

  await test.step('it is saved as a corpus and trained on with the corpus of the tagger', async () => {
    await person.press(page.getByRole('button', { name: 'To saving and training' }));
    await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText('my notes');
    await person.press(page.getByRole('button', { name: 'Save as corpus' }));
    await person.press(page.getByRole('button', { name: 'Train on this' }));
    await expect(
      page
        .getByRole('radio', { name: 'STL' })
        .or(page.getByRole('checkbox', { name: 'MTL-XC' }))
        .first(),
    ).toBeVisible();
    await person.press(page.getByRole('button', { name: 'Train', exact: true }));
    await expect(runActions(page)).toBeVisible({ timeout: 60_000 });
    await expect(fact(page, 'Method').or(page.getByText('MTL-XC')).first()).toBeVisible();
  });
  // The goal is at most ten, besides the corrections themselves.
  const { clicks } = person.effort;
  console.log(`presses from Tag to a training on the corrections: ${clicks}`);
  expect(clicks).toBeLessThanOrEqual(10);

  await test.step('the corpus is in the library with its origin, and its review is still there', async () => {
    await runActions(page).getByRole('button', { name: 'Stop' }).press('Enter');
    await page.goto('/#/library/corpora');
    await page.getByRole('link', { name: 'my notes', exact: true }).press('Enter');
    await expect(page.getByRole('region', { name: 'Origin' })).toContainText(`Review of text`);
    await expect(page.getByRole('region', { name: 'Origin' })).toContainText('1 added');
    await page.goto('/#/tag');
    await expect(page.getByRole('table', { name: 'Reviews' }).getByRole('link', { name: 'text' })).toBeVisible();
  });
});
