// Proves that a browser without room pauses a run, that the page says so and what can be removed, and that the run finishes once there is room.
import { expect, type Page } from '@playwright/test';
import { singleTaskPlan, writePlanFolder } from '../../soak/killPlans.ts';
import { dropPaths, openLab, visit } from './labActions.ts';
import { test } from './labPage.ts';
import { planPanel } from './planActions.ts';

/** Quota for all that the lab installs and the run keeps. Set before anything is stored: Chromium caches the free space for half a minute. */
const ROOM_BYTES = 96 * 2 ** 20;
/** More than are trained while the room is filled. */
const EPOCHS = 400;

test(
  'a full disk pauses a run, which goes on when something was removed or room was made otherwise',
  { tag: '@lengthy' },
  async ({ page }, info) => {
    const browser = await page.context().newCDPSession(page);
    const { origin } = new URL(info.project.use.baseURL ?? '');
    await browser.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: ROOM_BYTES });
    await openLab(page);
    const { drops } = await writePlanFolder(info.outputPath('plan'), singleTaskPlan(EPOCHS));
    await dropPaths(page, ...drops);
    const train = planPanel(page).getByRole('button', { name: 'Train' });
    await expect(page.getByLabel('Plan name')).toHaveValue('killed');
    await expect(train).toBeEnabled();
    await train.click();
    await expect(page.getByRole('heading', { level: 1, name: 'short-a' })).toBeVisible();
    await expect(page.getByText(new RegExp(`^\\d+ of ${EPOCHS}$`))).not.toHaveText(`0 of ${EPOCHS}`, {
      timeout: 60_000,
    });

    await fillUp(page);
    // What the browser's own database sets free, the run shall not have either.
    await browser.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
    const paused = page.getByRole('alert', { name: 'Paused: storage is full' });
    await expect(paused).toBeVisible({ timeout: 60_000 });
    await expect(paused).toContainText('no room');
    await visit(page, 'Experiments');
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
    await expect(page.getByRole('table', { name: 'Runs', exact: true })).toContainText('Finished', {
      timeout: 120_000,
    });
    await expect(paused).toBeHidden();
  },
);

/** Fills all storage that the origin has left, in a separate database. */
async function fillUp(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const opening = indexedDB.open('filler');
    opening.onupgradeneeded = () => void opening.result.createObjectStore('bytes', { autoIncrement: true });
    const filler = await new Promise<IDBDatabase>((resolve, reject) => {
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(new Error('the filler cannot be opened', { cause: opening.error }));
    });
    const fits = (bytes: Uint8Array): Promise<boolean> =>
      new Promise((resolve, reject) => {
        const adding = filler.transaction('bytes', 'readwrite');
        adding.objectStore('bytes').add(bytes);
        adding.oncomplete = () => resolve(true);
        adding.onabort = () => {
          if (adding.error?.name === 'QuotaExceededError') resolve(false);
          else reject(new Error('the filler cannot be written', { cause: adding.error }));
        };
      });
    // Noise, since the browser packs what it stores.
    const noise = new Uint8Array(2 ** 22);
    for (let at = 0; at < noise.length; at += 2 ** 16) crypto.getRandomValues(noise.subarray(at, at + 2 ** 16));
    for (let size = noise.length; size >= 2 ** 10;) if (!(await fits(noise.slice(0, size)))) size /= 2;
    filler.close();
  });
}
