// Proves that every page fits a desktop and a phone, has one heading and no violation that axe knows, and is reached with the keyboard.
import { expect, type Page } from '@playwright/test';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { finishedResult } from '../fixtures/finishedResult.ts';
import { isLong } from '../fixtures/longForm.ts';
import {
  dropPaths,
  lastPoint,
  openExperiment,
  openLab,
  runActions,
  showView,
  stepOf,
  violations,
  waitUntilReady,
} from './labActions.ts';
import { test } from './labPage.ts';

/** In the short form each width is looked at in one theme. */
const sizes = [
  { size: { width: 1440, height: 900 }, theme: ['light'] },
  { size: { width: 390, height: 844 }, theme: ['dark'] },
] as const;

test(
  'every page has one heading, no horizontal scroll and no violation of axe, wide and narrow, light and dark',
  { tag: '@lengthy' },
  async ({ page }, info) => {
    await openLab(page);
    const places = new Map([
      ['#/', 'Train taggers for biomedical text, in this tab'],
      ['#/experiments', 'Experiments'],
      ['#/library/corpora', 'Corpora'],
      ['#/library/models', 'Models'],
      ['#/library/dictionaries', 'Dictionaries'],
      ['#/library/storage', 'Storage'],
      ['#/tag', 'Tag and review'],
      ['#/analyse', 'Analyse'],
      ['#/analyse/labels', 'Analyse'],
      ['#/analyse/leaks', 'Analyse'],
      ['#/analyse/breakdown', 'Analyse'],
      ['#/analyse/errors', 'Analyse'],
      ['#/analyse/confidence', 'Analyse'],
      ['#/about', 'About BioNER Lab'],
      ['#/nowhere', 'Not found'],
    ]);
    await test.step('a run, an imported run, and a corpus with long names and issues', async () => {
      await page.getByRole('button', { name: 'Train on a sample' }).click();
      await expect.poll(() => stepOf(page), { timeout: 60_000 }).toBeGreaterThan(0);
      await runActions(page).getByRole('button', { name: 'Stop' }).click();
      await expect(runActions(page).getByRole('button', { name: 'Resume' })).toBeVisible();
      await note(page, places);
      const result = info.outputPath('elsewhere.result.json');
      await writeFile(result, JSON.stringify(finishedResult()));
      await dropPaths(page, result);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('moss · all types');
      await note(page, places);
      const name = 'a-corpus-with-a-name-that-is-longer-than-any-column-of-a-phone';
      const word = 'pneumono'.repeat(20);
      const rows = `${word}\tB-A_type_with_quite_a_long_name\n\nshort\tI-Other\n\nnot\ta\trow\n\n`;
      await mkdir(info.outputPath(name));
      await writeFile(path.join(info.outputPath(name), `${name}-train.tsv`), rows);
      await dropPaths(page, info.outputPath(name));
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
      await note(page, places);
    });

    await test.step('every view of an experiment of nine runs', async () => {
      await dropPaths(page, path.resolve('results/disease-sharing.result.json'));
      await openExperiment(page, 'disease');
      for (const view of ['Overview', 'Runs', 'Across corpora', 'Affinity', 'Statistics', 'Share'] as const) {
        await showView(page, view);
        await note(page, places);
      }
    });

    await test.step('axe finds what is planted', async () => {
      await page.evaluate(() => document.querySelector('main')?.append(new Image(20, 20)));
      expect(await violations(page)).toEqual([expect.stringContaining('image-alt')]);
      await page.reload();
    });

    for (const { size, theme } of sizes) {
      await page.setViewportSize(size);
      for (const [address, heading] of places) {
        await test.step(`${address} at ${size.width} pixels`, async () => {
          await page.goto(`/${address}`);
          await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading);
          // Folded parts must fit too.
          await page.locator('details > summary').evaluateAll((folds) => {
            for (const fold of folds) fold.parentElement?.setAttribute('open', '');
          });
          expect(await widerThanWindow(page)).toEqual([]);
          expect(await controlsOffScreen(page)).toEqual([]);
          for (const colorScheme of isLong ? (['light', 'dark'] as const) : theme) {
            await page.emulateMedia({ colorScheme });
            expect(await violations(page), colorScheme).toEqual([]);
          }
          await expect(page).toHaveTitle(/^\S.* · BioNER Lab$/);
        });
      }
    }
  },
);

test('the keyboard alone reaches the content, every page and the training of a sample', async ({ page }) => {
  await openLab(page);
  await test.step('the skip link comes first, shows itself and goes to the content', async () => {
    await page.keyboard.press('Tab');
    const skip = page.getByRole('link', { name: 'Skip to content' });
    await expect(skip).toBeFocused();
    await expect(skip).toBeInViewport({ ratio: 1 });
    await page.keyboard.press('Enter');
    await expect(page.getByRole('main')).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(page.getByLabel('Text to tag as you type')).toBeFocused();
    // Beyond the mentions of the example.
    await page.getByLabel('Sample corpus').focus();
    await page.keyboard.press('Tab');
    await expect(page.getByRole('button', { name: 'Train on a sample' })).toBeFocused();
  });

  await test.step('every control of the page has its turn, a name, and a visible focus', async () => {
    await page.reload();
    await waitUntilReady(page);
    const stops = await tabStops(page);
    const links = [
      'Skip to content',
      'BioNER Lab',
      'New',
      'Experiments',
      'Library',
      'Tag',
      'About',
      'Help',
      'Backend: WebAssembly',
    ];
    expect(stops.slice(0, links.length).map(({ name }) => name)).toEqual(links);
    const names = stops.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['Sample corpus', 'Train on a sample', 'Choose files', 'Choose folder']),
    );
    expect(names).toEqual(
      expect.arrayContaining(['Corpus', 'Entity type', 'Model', 'STL', 'MTL-XC', 'MTL-LS', 'Seeds']),
    );
    expect(names).toEqual(expect.arrayContaining(['Quick look', 'Train', 'Export plan']));
    expect(stops.filter(({ name, outlined }) => name === '' || !outlined)).toEqual([]);
  });

  await test.step('pages are reached and the focus goes along', async () => {
    await page.reload();
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    for (let stop = 0; stop < 4; stop++) await page.keyboard.press('Tab');
    await expect(page.getByRole('link', { name: 'Experiments', exact: true })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Experiments');
    await expect(page.getByRole('main')).toBeFocused();
  });

  await test.step('a sample is trained, paused and removed', async () => {
    await page.goto('/');
    await waitUntilReady(page);
    await page.getByRole('button', { name: 'Train on a sample' }).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('main')).toBeFocused();
    await expect.poll(() => stepOf(page), { timeout: 60_000 }).toBeGreaterThan(0);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await expect(runActions(page).getByRole('button', { name: 'Pause' })).toBeFocused();
    await page.keyboard.press('Space');
    await expect(runActions(page).getByRole('button', { name: 'Resume' })).toBeVisible();
    expect((await lastPoint(page)).step).toBeGreaterThan(0);
    await runActions(page).getByRole('button', { name: 'Remove run' }).press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Remove run?' });
    await expect(dialog.getByRole('button', { name: 'Keep' })).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(runActions(page).getByRole('button', { name: 'Remove run' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(dialog.getByRole('button', { name: 'Keep' })).toBeFocused();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Experiments');
    await expect(page.getByRole('table', { name: 'Runs', exact: true })).toBeHidden();
  });
});

/** Adds the page that is shown to the places to visit. */
async function note(page: Page, places: Map<string, string>): Promise<void> {
  places.set(new URL(page.url()).hash, await page.getByRole('heading', { level: 1 }).innerText());
}

/** What sticks out of the window to the right, when that lets the page scroll sideways. */
async function widerThanWindow(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const sticking = [...document.querySelectorAll('body *')].filter(
      (one) => one.getBoundingClientRect().right > clientWidth,
    );
    return sticking.map(
      (one) => `${one.tagName.toLowerCase()}.${one.className}: ${(one.textContent ?? '').slice(0, 40)}`,
    );
  });
}

/** Controls that no scrolling of the page or of a box brings into the window. */
async function controlsOffScreen(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const scrolls = (box: Element) => ['auto', 'scroll'].includes(getComputedStyle(box).overflowX);
    const isInScroller = (box: Element | null): boolean =>
      box !== null && (scrolls(box) || isInScroller(box.parentElement));
    return [
      ...document.querySelectorAll(
        'main a, main button, main input, main select, main summary, header a, header button',
      ),
    ]
      .filter((control) => control.checkVisibility() && !isInScroller(control.parentElement))
      .filter((control) => {
        const { left, right } = control.getBoundingClientRect();
        return right - left > 1 && (left < 0 || right > document.documentElement.clientWidth);
      })
      .map((control) => `${control.tagName.toLowerCase()}: ${(control.textContent ?? '').slice(0, 40)}`);
  });
}

interface TabStop {
  readonly name: string;
  readonly outlined: boolean;
}

/** Every element that Tab comes to, from the top of the page to its end, with its accessible name. */
async function tabStops(page: Page): Promise<readonly TabStop[]> {
  const stops: TabStop[] = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    if ((await focused.count()) === 0) return stops;
    const [first] = (await focused.ariaSnapshot()).split('\n');
    // The summary of a fold is named by its text, which the snapshot tells without quotes.
    const name = /"([^"]*)"/.exec(first ?? '')?.[1] ?? (await focused.innerText());
    // A control that is drawn by its label shows the focus there.
    const outlined = await focused.evaluate((one) =>
      [one, one.closest('label')].some((box) => box !== null && getComputedStyle(box).outlineStyle !== 'none'),
    );
    stops.push({ name, outlined });
    if (stops.length > 200) throw new Error('The Tab key never leaves the page.');
  }
}
