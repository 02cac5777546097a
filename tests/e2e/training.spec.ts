// Proves that New tells how long each effort takes before anything trains, that threads change while a run trains and are remembered, and that the page stays responsive meanwhile.
import { expect } from '@playwright/test';
import { openBackend, openLab } from './labActions.ts';
import { test } from './labPage.ts';

test('each effort has a time on this machine, and the plan says where its time comes from', async ({ page }) => {
  await openLab(page);
  const effort = page.getByRole('group', { name: 'Effort' });
  for (const name of ['Sample', 'Quick look', 'Normal', 'Paper', 'Released code']) {
    const choice = effort.getByRole('radio', { name, exact: true });
    await expect(choice).toHaveAccessibleDescription(/about \d+ (s|min|h)/, { timeout: 120_000 });
  }
  await expect(effort.getByText(/^Times are predicted for this machine \(processor, \d+ threads?\)/)).toBeVisible();
  const summary = page.getByRole('complementary', { name: 'Plan' });
  await expect(summary.getByText(/^about .*, predicted from this machine’s speed$/)).toBeVisible();
  await expect(summary.getByText(/^up to \d.* of memory/)).toBeVisible();
});

test('threads are chosen behind the badge, change while a run trains, and are remembered', async ({ page }) => {
  await openLab(page);
  const logical = await page.evaluate(() => navigator.hardwareConcurrency);
  await page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(globalThis, { longTasks: tasks });
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    });
  });
  await page.getByRole('button', { name: 'Train on a sample' }).click();
  const training = page.getByRole('region', { name: 'Progress' }).getByText(/^Training/);
  await expect(training.first()).toBeVisible({ timeout: 60_000 });
  await openBackend(page);
  const threads = page.getByRole('combobox', { name: 'Threads' });
  await expect(threads).toHaveAccessibleDescription(/fan quiet/);
  const options = await threads.getByRole('option').allTextContents();
  expect(options).toHaveLength(logical);
  await threads.selectOption({ index: logical - 1 });
  await expect(threads).toHaveValue(String(logical));
  await page.keyboard.press('Escape');
  await expect(page.getByText('Finished').first()).toBeVisible({ timeout: 240_000 });
  const tasks = await page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks);
  test.info().annotations.push({ type: 'longest task, ms', description: String(Math.max(0, ...tasks)) });
  console.log(`longest tasks of the page while training on all threads: ${tasks.map(Math.round).join(', ') || 'none over 50'} ms`); // prettier-ignore
  await page.reload();
  await openBackend(page);
  await expect(page.getByRole('combobox', { name: 'Threads' })).toHaveValue(String(logical));
});
