// Proves that every view shows the same after a reload and without a network, and the stored ones after their browser was killed: its address has its state, and nothing typed is lost.
import { expect, test, type Page } from '@playwright/test';
import { writeFile } from 'node:fs/promises';
import { openKillableBrowser } from '../../soak/killableBrowser.ts';
import { fewerUnlessLong, isLong } from '../fixtures/longForm.ts';
import { countedResult } from '../fixtures/countedResult.ts';
import { dropPaths, runActions, showView, stepOf, waitUntilReady } from './labActions.ts';
import { watchContext } from './labPage.ts';

/** A view, and what a person sees of its state. */
interface View {
  readonly name: string;
  readonly address: string;
  readonly seen: (page: Page) => Promise<unknown>;
}

/** What fields contain and which are chosen, apart from fields of files. */
function entries(page: Page): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>('main input:not([type=file]), main select, main textarea')].map(
      (field) => {
        const value = field instanceof HTMLInputElement && ['checkbox', 'radio'].includes(field.type) ? String(field.checked) : field.value;
        return `${field.labels?.[0]?.textContent?.slice(0, 40) ?? field.getAttribute('aria-label') ?? ''}: ${value}`;
      },
    ),
  ); // prettier-ignore
}

/** The headings and fields of a view, once they no longer change. */
async function look(page: Page): Promise<unknown> {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible({ timeout: 60_000 });
  const headings = () => page.locator('main').getByRole('heading').allInnerTexts();
  let before = '';
  await expect
    .poll(
      async () => {
        const now = JSON.stringify([await headings(), await entries(page)]);
        const isSame = now === before;
        before = now;
        return isSame;
      },
      { timeout: 60_000, intervals: [400] },
    )
    .toBe(true);
  return JSON.parse(before) as unknown;
}

/** The same of an experiment, once its differences are tested. */
async function lookTested(page: Page): Promise<unknown> {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('main')).not.toContainText(/not tested|Testing whether|is tested once/, {
    timeout: 60_000,
  });
  return look(page);
}

/** The heading and what can be removed: bytes in use change by themselves. */
async function lookStored(page: Page): Promise<unknown> {
  const items = page.getByRole('table', { name: 'What can be removed' }).getByRole('rowheader');
  await expect(items.first()).toBeVisible({ timeout: 60_000 });
  return [await page.getByRole('heading', { level: 1 }).innerText(), await items.allInnerTexts()];
}

/** What the Help drawer says beside a page: its guide, keys and glossary. */
async function lookAtHelp(page: Page): Promise<unknown> {
  await page.getByRole('button', { name: 'Help', exact: true }).click();
  const drawer = page.getByRole('dialog', { name: 'Help' });
  await expect(drawer.getByRole('region', { name: 'Glossary' }).getByRole('term').first()).toBeVisible();
  const shown = await drawer.innerText();
  await drawer.getByRole('button', { name: 'Close' }).click();
  await expect(drawer).toHaveCount(0);
  return shown;
}

/** The same of a list by pages, with the part that is shown. */
async function lookAtPage(page: Page): Promise<unknown> {
  return [await look(page), await page.locator('.pager').first().innerText()];
}

/** One of each kind of what is stored, and of what the address alone has: in these the browser is killed as well. The short form is offline in these alone, and kills in a third. */
const KILLED = [
  'a run',
  'Experiments',
  'Results',
  'Overview of an experiment',
  'Curves',
  'a corpus',
  'a review with corrections',
  'Library, storage',
  'Help beside Models',
];

test(
  'every view is the same after a reload, a kill and without a network',
  { tag: '@lengthy' },
  async ({ baseURL }, info) => {
    const profile = info.outputPath('profile');
    const address = baseURL ?? '';
    test.setTimeout(900_000);
    let browser = await openKillableBrowser(profile);
    const troubles = [watchContext(browser.context, baseURL)];
    let page = await browser.context.newPage();
    const views: View[] = [];
    const note = (name: string, more: Partial<View> = {}) =>
      views.push({ name, address: new URL(page.url()).hash, seen: look, ...more });

    await test.step('runs, results, a corpus and a review are made', async () => {
      await page.goto(`${address}?backend=wasm`);
      await waitUntilReady(page);
      await page.getByRole('button', { name: 'Train on a sample' }).click();
      await expect.poll(() => stepOf(page), { timeout: 60_000 }).toBeGreaterThan(0);
      await runActions(page).getByRole('button', { name: 'Stop' }).click();
      await expect(runActions(page).getByRole('button', { name: 'Resume' })).toBeVisible();
      note('a run');
      const result = info.outputPath('elsewhere.result.json');
      await writeFile(result, JSON.stringify(countedResult()));
      await dropPaths(page, result);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Experiments');
    });

    await test.step('lists are filtered and sorted', async () => {
      await page.getByLabel('Filter experiments').fill('disease');
      await page.getByLabel('Filter runs', { exact: true }).fill('sample');
      await page.getByRole('table', { name: 'Runs', exact: true }).getByRole('button', { name: /^Seed/ }).click();
      await expect
        .poll(() => page.url())
        .toMatch(/find=disease.*run-find=sample.*sort=-seed|run-find=sample.*sort=-seed.*find=disease/);
      note('Experiments');
      await page.getByRole('table', { name: 'Result files' }).getByRole('link').first().click();
      await expect(page).toHaveURL(/#\/results\//);
      note('Results');
    });

    await test.step('every view of an experiment', async () => {
      await page.goto(`${address}?backend=wasm#/experiments?find=`);
      const links = page.getByRole('table', { name: 'Experiments', exact: true }).getByRole('link');
      await links.first().waitFor();
      await links.first().click();
      await expect(page.getByRole('navigation', { name: 'Experiment', exact: true })).toBeVisible();
      for (const view of ['Overview', 'Runs', 'Errors', 'Across corpora', 'Affinity', 'Statistics', 'Share'] as const) {
        await showView(page, view);
        if (view === 'Runs') {
          await page.getByLabel('Filter runs of the experiment').fill('STL');
          await expect(page).toHaveURL(/run-find=STL/);
        }
        if (view === 'Overview') {
          const zoom = page.getByRole('figure').filter({ hasText: 'F1 by slicing rate' }).getByLabel('F1 from');
          await zoom.fill('12');
          await expect(page).toHaveURL(/rate-from=12/);
        }
        note(`${view} of an experiment`, { seen: lookTested });
      }
      for (const view of ['Sets', 'Labels', 'Leaks', 'Breakdown', 'Confidence']) {
        await page
          .getByRole('navigation', { name: 'Experiment', exact: true })
          .getByRole('link', { name: view, exact: true })
          .click();
        note(`${view} of an experiment`);
      }
    });

    await test.step('curves, the library and a corpus', async () => {
      const ids = countedResult()
        .runs.slice(0, 2)
        .map(({ spec }) => spec.id);
      await page.goto(`${address}?backend=wasm#/curves?runs=${ids.join(',')}&smoothing=20&axis=log&across=epochs`);
      note('Curves');
      for (const section of ['corpora', 'models', 'dictionaries', 'storage']) {
        await page.goto(`${address}?backend=wasm#/library/${section}`);
        note(`Library, ${section}`, section === 'storage' ? { seen: lookStored } : {});
      }
      await page.goto(`${address}?backend=wasm#/library/corpora`);
      await page.getByRole('link', { name: 'sample-gene-b', exact: true }).click();
      await page.getByRole('tab', { name: /^test/i }).click();
      await page.getByLabel('Search sentences').fill('a');
      await page.getByRole('button', { name: 'Next page' }).click();
      await expect(page).toHaveURL(/split=test&find=a&line=26/);
      note('a corpus', { seen: lookAtPage });
      await page.goto(`${address}?backend=wasm#/about`);
      note('Help and about');
      await page.goto(`${address}?backend=wasm#/library/models`);
      note('Help beside Models', { seen: lookAtHelp });
    });

    await test.step('text is tagged and corrected, and more is pasted', async () => {
      await page.goto(`${address}?backend=wasm#/tag`);
      await expect(page.getByLabel('Tagger')).toBeVisible({ timeout: 60_000 });
      await page.getByLabel('Text', { exact: true }).fill('Metformin is given for diabetes. Aspirin is not.');
      await page.getByRole('button', { name: 'Tag text' }).click();
      await expect(page.getByRole('heading', { level: 1, name: 'Review of text' })).toBeVisible({ timeout: 60_000 });
      await page.getByRole('button', { name: 'Accept the rest, next sentence' }).click();
      await expect(page.getByText(/^1 of 2 sentences reviewed$/)).toBeVisible();
      note('a review with corrections', {
        seen: async (shown) => [await look(shown), await shown.getByText(/sentences reviewed$/).innerText()],
      });
      await page.goto(`${address}?backend=wasm#/tag`);
      await page.getByLabel('Text', { exact: true }).fill('A text that nobody tagged yet.');
      note('Tag with pasted text');
      await page.goto(`${address}?backend=wasm#/`);
      await expect(page.getByLabel('Seeds')).toBeVisible();
      await page.getByLabel('Seeds').fill('3, 4, 5');
      await page.getByLabel('Plan name').fill('half a plan');
      note('New with a filled form');
    });

    // A view may be left at once: what was typed is stored when it is.
    const before = new Map<string, unknown>();
    for (const { name, address: hash, seen } of views) {
      await test.step(`${name} is reloaded`, async () => {
        await page.goto(`${address}?backend=wasm${hash}`);
        before.set(name, await seen(page));
        await page.reload();
        expect(await seen(page), name).toEqual(before.get(name));
        expect(new URL(page.url()).hash, name).toBe(hash);
      });
    }
    expect(JSON.stringify(before.get('Tag with pasted text'))).toContain('A text that nobody tagged yet.');
    expect(JSON.stringify(before.get('New with a filled form'))).toContain('half a plan');
    expect(JSON.stringify(before.get('Experiments'))).toContain('disease');
    expect(JSON.stringify(before.get('a corpus'))).toContain('26–50');
    expect(JSON.stringify(before.get('Overview of an experiment'))).toContain('F1 from: 12');
    expect(JSON.stringify(before.get('Library, storage'))).toContain('run');
    expect(JSON.stringify(before.get('Help beside Models'))).toContain('slicing rate');

    await test.step('the lab is stored for use without a network', async () => {
      await expect
      .poll(() => page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)))).flat()), { timeout: 120_000 })
      .toContain('/'); // prettier-ignore
    });

    await browser.context.setOffline(true);
    for (const { name, address: hash, seen } of isLong ? views : views.filter(({ name }) => KILLED.includes(name))) {
      await test.step(`${name} is visited without a network`, async () => {
        await page.goto(`${address}?backend=wasm${hash}`);
        await page.reload();
        expect(await seen(page), name).toEqual(before.get(name));
      });
    }
    await browser.context.setOffline(false);

    for (const { name, address: hash, seen } of fewerUnlessLong(
      views.filter(({ name }) => KILLED.includes(name)),
      3,
    )) {
      await test.step(`the browser is killed in ${name}`, async () => {
        await page.goto(`${address}?backend=wasm${hash}`);
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible({ timeout: 60_000 });
        await browser.kill();
        browser = await openKillableBrowser(profile);
        troubles.push(watchContext(browser.context, baseURL));
        page = await browser.context.newPage();
        await page.goto(`${address}?backend=wasm${hash}`);
        expect(await seen(page), name).toEqual(before.get(name));
      });
    }
    // The first page of a browser asks for its own files.
    expect(troubles.flat().filter((trouble) => !trouble.startsWith('request: chrome://'))).toEqual([]);
    await browser.close();
  },
);
