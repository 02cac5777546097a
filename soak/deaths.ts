// The ways to kill a lab during training, and their implementations.
import type { Page } from 'playwright';
import type { KillableBrowser } from './killableBrowser.ts';

export const DEATHS = ['browser', 'renderer', 'crash', 'tab', 'worker', 'GPU process'] as const;
export type Death = (typeof DEATHS)[number];

/** Descriptions for the report. */
export const deathWords: Readonly<Record<Death, string>> = {
  browser: 'SIGKILL of Chromium with all its processes',
  renderer: "SIGKILL of the tab's process",
  crash: 'crash of the tab',
  tab: 'tab closed without warning',
  worker: 'training Worker ended, then the tab closed',
  'GPU process': 'SIGKILL of the GPU process',
};

/** What is left afterwards: nothing, the browser without the page, or both. */
export type Left = 'nothing' | 'browser' | 'page';

/** Kills; resolves when done. */
export async function die(death: Death, browser: KillableBrowser, page: Page): Promise<Left> {
  switch (death) {
    case 'browser':
      await browser.kill();
      return 'nothing';
    case 'renderer': {
      const crashed = page.waitForEvent('crash');
      await browser.killProcesses('renderer');
      await crashed;
      await page.close();
      return 'browser';
    }
    case 'crash': {
      const crashed = page.waitForEvent('crash');
      const session = await page.context().newCDPSession(page);
      session.send('Page.crash').catch(() => undefined);
      await crashed;
      await page.close();
      return 'browser';
    }
    case 'tab':
      await page.close();
      return 'browser';
    case 'worker':
      // A killed worker does not answer.
      for (const worker of page.workers()) await worker.evaluate(() => self.close()).catch(() => undefined);
      await page.close();
      return 'browser';
    case 'GPU process':
      await browser.killProcesses('GPU');
      return 'page';
  }
}
