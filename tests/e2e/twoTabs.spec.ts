// Proves that one tab trains while another looks, that the other takes over however the first ends, and that training outlives being put away.
import { expect, test as bare, type Page } from '@playwright/test';
import { notices, openLab, runActions, stepOf, visit } from './labActions.ts';
import { test, watchContext } from './labPage.ts';

const banner = 'The lab is open in another tab, which does the training.';

/** Starts a run on the first sample and waits for its steps; the page shows the run. */
async function trainSample(page: Page): Promise<void> {
  await openLab(page);
  await page.getByRole('button', { name: 'Train on a sample' }).click();
  await goingOn(page);
}

async function goingOn(page: Page): Promise<void> {
  await expect(page.getByRole('region', { name: 'Progress' })).toBeVisible();
  const before = await stepOf(page);
  await expect.poll(() => stepOf(page), { timeout: 60_000 }).toBeGreaterThan(before + 1);
}

test('a second tab looks and cannot train; when the first is closed it takes over and trains', async ({
  page,
  context,
}) => {
  await trainSample(page);
  const runPage = page.url();
  const second = await context.newPage();
  await second.goto('/');
  await expect(second.getByText(banner)).toBeVisible();
  await expect(second.getByRole('button', { name: 'Train on a sample' })).toBeDisabled();
  await expect(second.getByRole('button', { name: 'Backend: In another tab' })).toBeVisible();

  await visit(second, 'Corpora');
  await second.getByRole('link', { name: 'sample-gene-b', exact: true }).click();
  await expect(second.getByRole('heading', { level: 1, name: 'sample-gene-b' })).toBeVisible();
  await second.goto(runPage);
  await expect(runActions(second).getByRole('button', { name: 'Pause' })).toBeDisabled();
  await expect(runActions(second).getByRole('button', { name: 'Export result' })).toBeEnabled();
  await expect(second.getByText('Running in another tab')).toBeVisible();

  // The first goes on unseen, and coming back to the second shows what it has stored.
  const shown = await stepOf(second);
  await expect.poll(() => stepAfterLooking(second), { timeout: 120_000 }).toBeGreaterThan(shown);
  await expect(page.getByText(banner)).toBeHidden();

  await page.close({ runBeforeUnload: false });
  await expect(second.getByText(banner)).toBeHidden();
  await expect(second.getByRole('button', { name: /^Backend: (WebGPU|WebAssembly)/ })).toBeVisible({ timeout: 60_000 });
  await expect(second.getByText('Paused · STL')).toBeVisible();
  await runActions(second).getByRole('button', { name: 'Resume' }).click();
  await goingOn(second);
  await expect(notices(second)).toBeEmpty();
});

test('a run goes on by itself after its page was frozen, and after the tab was discarded', async ({
  page,
  context,
}) => {
  await trainSample(page);
  const browser = await context.newCDPSession(page);
  await browser.send('Page.setWebLifecycleState', { state: 'frozen' });
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await browser.send('Page.setWebLifecycleState', { state: 'active' });
  await goingOn(page);

  const runPage = page.url();
  await page.goto('about:blank');
  await page.addInitScript(() => Object.defineProperty(document, 'wasDiscarded', { value: true }));
  await page.goto(runPage);
  await expect(notices(page).getByText('the run that was under way goes on')).toBeVisible();
  await goingOn(page);
});

bare(
  'a page that crashed gives the lab to the other tab, where its run goes on at a press',
  async ({ context, baseURL }) => {
    const troubles = watchContext(context, baseURL);
    const first = await context.newPage();
    await trainSample(first);
    const second = await context.newPage();
    await second.goto(first.url());
    await expect(second.getByText(banner)).toBeVisible();
    const gone = first.waitForEvent('crash');
    await first.goto('chrome://crash').catch(() => undefined);
    await gone;
    await expect(second.getByText(banner)).toBeHidden();
    await runActions(second).getByRole('button', { name: 'Resume' }).click();
    await goingOn(second);
    expect(troubles).toEqual(['crash: the page is gone']);
  },
);

/** The step that a tab shows which another has the lab of, after a person came back to it. */
async function stepAfterLooking(page: Page): Promise<number> {
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  return stepOf(page);
}
