// Proves that a browser without room pauses a run, that the page says so and what can be removed, and that the run finishes once there is room.
import { expect } from '@playwright/test';
import { singleTaskPlan, writePlanFolder } from '../soak/killPlans.ts';
import { dropPaths, openLab, visit } from './labActions.ts';
import { test } from './labPage.ts';
import { planPanel } from './planActions.ts';

test('a full disk pauses a run, which goes on when something was removed or room was made otherwise', async ({
  page,
}, info) => {
  await openLab(page);
  const { drops } = await writePlanFolder(info.outputPath('plan'), singleTaskPlan(40));
  await dropPaths(page, ...drops);
  const train = planPanel(page).getByRole('button', { name: 'Train' });
  await expect(page.getByLabel('Plan name')).toHaveValue('killed');
  await expect(train).toBeEnabled();
  await train.click();
  await expect(page.getByRole('heading', { level: 1, name: 'short-a' })).toBeVisible();
  await expect(page.getByText(/^\d+ of 40$/)).not.toHaveText('0 of 40', { timeout: 60_000 });

  const browser = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  await browser.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
  const paused = page.getByRole('alert', { name: 'Paused for want of room' });
  await expect(paused).toBeVisible({ timeout: 60_000 });
  await expect(paused).toContainText('There is no room');
  await visit(page, 'Runs');
  await expect(paused).toBeVisible();
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: info.outputPath(`paused-${width}.png`), fullPage: true });
  }
  await page.setViewportSize({ width: 1440, height: 900 });

  // Still no room: it is paused again, and nothing is lost by trying.
  await paused.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('log', { name: 'Notices' })).toContainText('is paused');
  await expect(paused).toBeVisible({ timeout: 60_000 });

  await browser.send('Storage.overrideQuotaForOrigin', { origin });
  // What the run still needs is not offered.
  await expect(paused.getByRole('button', { name: 'Remove model tiny' })).toHaveCount(0);
  await paused.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('table', { name: 'Runs', exact: true })).toContainText('Finished', { timeout: 120_000 });
  await expect(paused).toBeHidden();
});
