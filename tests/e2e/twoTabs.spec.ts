// Proves that one tab trains while another looks, that the other takes over however the first ends, and that training outlives being put away.
import { expect, test as bare, type Browser, type Page } from '@playwright/test';
import { notices, openLab, runActions, stepOf, visit } from './labActions.ts';
import { test, watchContext } from './labPage.ts';

const banner = 'This lab is open in another tab, which does the training.';

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
  await expect(second.getByRole('link', { name: 'Backend: In another tab' })).toBeVisible();

  await visit(second, 'Corpora');
  await second.getByRole('link', { name: 'sample-gene-b' }).click();
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
  await expect(second.getByRole('link', { name: /^Backend: (WebGPU|WebAssembly)/ })).toBeVisible({ timeout: 60_000 });
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
  'a page that crashed gives the lab to the other tab, and one that is loaded anew goes on',
  async ({ browser, context, baseURL }) => {
    const troubles = watchContext(context, baseURL);
    const first = await context.newPage();
    await trainSample(first);
    const runPage = first.url();
    const second = await context.newPage();
    await second.goto(runPage);
    await expect(second.getByText(banner)).toBeVisible();
    await crash(first);
    await expect(second.getByText(banner)).toBeHidden();
    await runActions(second).getByRole('button', { name: 'Resume' }).click();
    await goingOn(second);

    // A page is taken for settled after twenty seconds. What comes back is a page that Playwright sees no more, but another tab does.
    await second.waitForTimeout(20_000);
    const shown = await stepOf(second);
    const tab = await targetOf(second);
    await crash(second);
    await reloadCrashed(browser, tab);
    const third = await context.newPage();
    await third.goto('/corpora/catalogue.json');
    const owners = () => third.evaluate(async () => (await navigator.locks.query()).held?.map(({ name }) => name));
    await expect.poll(owners, { timeout: 60_000 }).toEqual(['bioner-lab']);
    await third.goto(runPage);
    await expect(third.getByText(banner)).toBeVisible();
    await expect.poll(() => stepAfterLooking(third), { timeout: 120_000 }).toBeGreaterThan(shown);
    expect(troubles).toEqual(Array(2).fill('crash: the page is gone'));
  },
);

/** The step that a tab shows which another has the lab of, after a person came back to it. */
async function stepAfterLooking(page: Page): Promise<number> {
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  return stepOf(page);
}

async function crash(page: Page): Promise<void> {
  const gone = page.waitForEvent('crash');
  await page.goto('chrome://crash').catch(() => undefined);
  await gone;
}

/** Loads the tab `targetId`, which crashed, anew, as a person does who presses Reload on it; Playwright itself is done with it. */
async function reloadCrashed(browser: Browser, targetId: string): Promise<void> {
  const chromium = await browser.newBrowserCDPSession();
  const { sessionId } = await chromium.send('Target.attachToTarget', { targetId });
  const message = JSON.stringify({ id: 1, method: 'Page.reload' });
  await chromium.send('Target.sendMessageToTarget', { sessionId, message });
}

async function targetOf(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  const { targetInfo } = await session.send('Target.getTargetInfo');
  return targetInfo.targetId;
}
