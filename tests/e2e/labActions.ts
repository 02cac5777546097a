// What a person does with the lab, as the end-to-end tests do it: by role and name, with real drops and downloads.
import AxeBuilder from '@axe-core/playwright';
import { expect, type Locator, type Page, type TestInfo } from '@playwright/test';
import { readFile } from 'node:fs/promises';

/** What the page's navigation leads to: places, and the sections of the library. */
export const places = ['New', 'Experiments', 'Corpora', 'Models', 'Dictionaries', 'Storage', 'Tag', 'About'] as const;
type Place = (typeof places)[number];

/** Opens the lab and waits until it can train. */
export async function openLab(page: Page): Promise<void> {
  await page.goto('/');
  await waitUntilReady(page);
}

/** On the training page: the sample is offered when the backend stands and samples and model are installed. */
export async function waitUntilReady(page: Page, timeout = 60_000): Promise<void> {
  await expect(page.getByRole('button', { name: 'Train on a sample' })).toBeEnabled({ timeout });
}

export async function visit(page: Page, place: Place): Promise<void> {
  const isSection = place === 'Corpora' || place === 'Models' || place === 'Dictionaries' || place === 'Storage';
  await follow(page, 'Main', isSection ? 'Library' : place);
  if (isSection) await follow(page, 'Library', place);
}

async function follow(page: Page, navigation: string, name: string): Promise<void> {
  const link = page.getByRole('navigation', { name: navigation, exact: true }).getByRole('link', { name, exact: true });
  await link.click();
  await expect(link).toHaveAttribute('aria-current', 'page');
}

/** Opens the only experiment, or the one of this name. */
export async function openExperiment(page: Page, name?: string): Promise<void> {
  await visit(page, 'Experiments');
  const links = page.getByRole('table', { name: 'Experiments', exact: true }).getByRole('link');
  await (name === undefined ? links : links.filter({ hasText: name })).click();
  await expect(page.getByRole('navigation', { name: 'Experiment', exact: true })).toBeVisible();
}

/** Shows one of the views of the experiment that is open. */
export async function showView(
  page: Page,
  view: 'Overview' | 'Runs' | 'Errors' | 'Across corpora' | 'Affinity' | 'Statistics' | 'Share',
): Promise<void> {
  await follow(page, 'Experiment', view);
}

/** Opens the settings and the self-test of the backend. */
export async function openBackend(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Backend: / }).click();
}

/**
 * Drops files and folders of this machine on the page through the browser's own drag and drop: the page gets a DataTransfer whose
 * items are entries of a file system, as from a desktop. Only Chromium supports this.
 */
export async function dropPaths(page: Page, ...paths: readonly string[]): Promise<void> {
  const browser = await page.context().newCDPSession(page);
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await browser.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data });
  }
  await browser.detach();
}

/** The notices of the page, newest last. */
export function notices(page: Page): Locator {
  return page.getByRole('log', { name: 'Notices' });
}

/** Dismisses every notice that is shown. */
export async function dismissNotices(page: Page): Promise<void> {
  const buttons = notices(page).getByRole('button', { name: 'Dismiss notice' });
  for (let left = await buttons.count(); left > 0; left--) await buttons.first().click();
  await expect(buttons).toHaveCount(0);
}

/** The value that stands beside `name` in a list of facts. */
export function fact(page: Page, name: string): Locator {
  const pair = page.locator('dl > div', { has: page.getByRole('term').getByText(name, { exact: true }) });
  return pair.getByRole('definition');
}

/** The buttons of a run. */
export function runActions(page: Page): Locator {
  return page.getByRole('group', { name: 'Run', exact: true });
}

/** The latest step of the run on the page and its loss as written, read at one moment; step 0 before the first. */
export async function lastPoint(page: Page): Promise<{ readonly step: number; readonly loss: string }> {
  const facts = page.getByRole('region', { name: 'Progress' }).locator('dl');
  const shown = await facts.evaluate((list) =>
    Object.fromEntries(
      [...list.children].map((pair) => [pair.querySelector('dt')?.textContent, pair.querySelector('dd')?.textContent]),
    ),
  );
  const step = Number.parseInt((shown['Step'] ?? '').replaceAll(',', ''), 10);
  return { step: Number.isNaN(step) ? 0 : step, loss: shown['Loss'] ?? '' };
}

export async function stepOf(page: Page): Promise<number> {
  return (await lastPoint(page)).step;
}

/** The texts of a table's body cells, row by row. */
export async function rowsOf(table: Locator): Promise<readonly (readonly string[])[]> {
  // A page is loaded when it is first shown.
  await table.waitFor();
  const rows = await table.locator('tbody').getByRole('row').all();
  return Promise.all(rows.map((row) => row.locator('th, td').allInnerTexts()));
}

export interface SavedJson {
  readonly path: string;
  readonly text: string;
}

/** Saves the file that `press` makes the browser download, under the name the page gave it. */
export async function download(page: Page, info: TestInfo, press: () => Promise<void>): Promise<SavedJson> {
  const arriving = page.waitForEvent('download');
  await press();
  const arrived = await arriving;
  const path = info.outputPath(arrived.suggestedFilename());
  await arrived.saveAs(path);
  return { path, text: await readFile(path, 'utf8') };
}

/** What axe finds on the page that is shown, each with the elements it is found at. */
export async function violations(page: Page): Promise<readonly string[]> {
  const found = await new AxeBuilder({ page }).analyze();
  return found.violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ''}`).join(' | ')}`,
  );
}
