// Lists the views of the lab that are photographed, and how each is reached by roles and names, after a plan was trained.
import { expect, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { dropPaths, notices, openBackend, runActions, showView, stepOf, visit } from '../../tests/e2e/labActions.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** What training made: addresses, and files to drop. */
export interface Trained {
  readonly experiment: string;
  readonly run: string;
  /** Query of the analyses of the run. */
  readonly subject: string;
  /** The experiment of a plan that searches for the slicing rate; null where only the views of the documentation are taken. */
  readonly search: string | null;
  /** A folder for what is dropped or downloaded. */
  readonly folder: string;
}

export interface LabView {
  readonly name: string;
  show(page: Page, trained: Trained): Promise<void>;
  /** Puts back what the view changed. */
  leave?(page: Page): Promise<void>;
  /** Whether it is shown in a lab in which nothing was trained yet. */
  readonly isEmpty?: boolean;
  /** Whether it is shown under the pointer. */
  readonly hasPointer?: boolean;
  /** Whether its notices are what is shown. */
  readonly hasNotices?: boolean;
}

/** Goes to an address within the open lab, which keeps what it shows elsewhere. */
async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => (window.location.hash = to), hash);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
}

/** Waits until nothing is computed any more for the page. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByText(/^(Loading|Reading|Comparing|Finding|Counting|Grouping|Listing|Opening|Testing).* …$/)).toHaveCount(0, { timeout: 60_000 }); // prettier-ignore
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  // Charts draw themselves in, one after the other.
  const drawn = (): Promise<number> => page.locator('main svg *').count();
  for (let before = -1, now = await drawn(); now !== before; now = await drawn()) {
    before = now;
    await page.waitForTimeout(700);
  }
  // A header that stays in sight would be drawn where the page was scrolled to.
  await page.evaluate(() => window.scrollTo(0, 0));
}

const analysis = (view: string): LabView => ({
  name: view,
  show: (page, { subject }) => goTo(page, `#/analyse/${view}?${subject}`),
});

export const labViews: readonly LabView[] = [
  { name: 'experimentsEmpty', isEmpty: true, show: (page) => visit(page, 'Experiments') },
  { name: 'tagEmpty', isEmpty: true, show: (page) => visit(page, 'Tag') },
  { name: 'errorsEmpty', isEmpty: true, show: (page) => goTo(page, '#/analyse/errors') },
  { name: 'curvesEmpty', isEmpty: true, show: (page) => goTo(page, '#/curves') },
  { name: 'new', show: (page) => goTo(page, '#/') },
  { name: 'experiments', show: (page) => visit(page, 'Experiments') },
  { name: 'experiment', show: (page, { experiment }) => goTo(page, experiment) },
  {
    name: 'experimentRuns',
    show: async (page, { experiment }) => {
      await goTo(page, experiment);
      await showView(page, 'Runs');
    },
  },
  {
    name: 'statistics',
    show: async (page, { experiment }) => {
      await goTo(page, experiment);
      await showView(page, 'Statistics');
    },
  },
  {
    name: 'across',
    show: async (page, { experiment }) => {
      await goTo(page, experiment);
      await showView(page, 'Across corpora');
      await expect(page.locator('.analysis-wait')).toHaveCount(0, { timeout: 60_000 });
    },
  },
  {
    name: 'affinity',
    show: async (page, { experiment }) => {
      await goTo(page, experiment);
      await showView(page, 'Affinity');
      const measure = page.getByRole('button', { name: 'Measure affinity' });
      const table = page.getByRole('table', { name: 'Estimated devel loss saved' });
      await expect(measure.or(table)).toBeVisible({ timeout: 60_000 });
      if (await measure.isVisible()) await measure.click({ timeout: 120_000 }); // disabled while a run trains
      await expect(table).toBeVisible({ timeout: 60_000 });
      const predict = page.getByRole('button', { name: 'Predict now' });
      if (await predict.isVisible()) await predict.click();
      await expect(predict).toHaveCount(0, { timeout: 120_000 });
      await expect(page.locator('.analysis-wait')).toHaveCount(0, { timeout: 60_000 });
    },
  },
  {
    name: 'share',
    show: async (page, { experiment }) => {
      await goTo(page, experiment);
      await showView(page, 'Share');
    },
  },
  { name: 'run', show: (page, { run }) => goTo(page, run) },
  analysis('errors'),
  analysis('sets'),
  analysis('labels'),
  analysis('leaks'),
  analysis('breakdown'),
  {
    name: 'confidence',
    show: async (page, { subject }) => {
      await goTo(page, `#/analyse/confidence?${subject}`);
      const predict = page.getByRole('button', { name: 'Predict now' });
      const heading = page.getByRole('heading', { name: 'Is it as sure as it is right?' });
      await expect(predict.or(heading)).toBeVisible();
      if (await predict.isVisible()) await predict.click();
      await expect(heading).toBeVisible({ timeout: 60_000 });
    },
  },
  { name: 'library', show: (page) => visit(page, 'Corpora') },
  { name: 'models', show: (page) => visit(page, 'Models') },
  { name: 'dictionaries', show: (page) => visit(page, 'Dictionaries') },
  { name: 'storage', show: (page) => visit(page, 'Storage') },
  {
    name: 'words',
    show: async (page) => {
      await visit(page, 'Models');
      await page.getByText('Make a network to train from nothing').click();
    },
  },
  {
    name: 'corpus',
    show: async (page) => {
      await visit(page, 'Corpora');
      await page.getByRole('main').getByRole('link', { name: 'sample-disease-a', exact: true }).first().click();
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('sample-disease-a');
    },
  },
  {
    name: 'tag',
    show: async (page) => {
      await visit(page, 'Tag');
      await page.getByLabel('Text', { exact: true }).fill(inventedText());
      await page.getByRole('button', { name: 'Tag text' }).click();
      await expect(page.getByRole('heading', { level: 1, name: /^Review of / })).toBeVisible({ timeout: 60_000 });
    },
  },
  { name: 'tagForm', show: (page) => goTo(page, '#/tag') },
  {
    name: 'tagShare',
    show: async (page) => {
      await goTo(page, '#/tag');
      await page.getByText('Share this tagger').click();
    },
  },
  {
    name: 'curves',
    show: async (page) => {
      await visit(page, 'Experiments');
      await page.getByRole('button', { name: 'Select all finished runs' }).click();
      await page.getByRole('link', { name: 'Compare curves and settings' }).click();
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    },
  },
  { name: 'about', show: (page) => visit(page, 'About') },
  {
    name: 'help',
    show: async (page, { experiment }) => {
      await goTo(page, experiment);
      await page.getByRole('button', { name: 'Help', exact: true }).click();
      await expect(page.getByRole('dialog', { name: 'Help' })).toBeVisible();
    },
  },
  {
    name: 'term',
    show: async (page, { experiment }) => {
      await goTo(page, experiment);
      await page.getByRole('button', { name: 'MTL-LS', exact: true }).first().hover();
      await expect(page.getByRole('tooltip').or(page.locator('.definition')).first()).toBeVisible();
    },
    hasPointer: true,
    leave: (page) => page.mouse.move(0, 0),
  },
  {
    name: 'backend',
    show: async (page) => {
      await goTo(page, '#/');
      await openBackend(page);
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'plan',
    show: async (page) => {
      await goTo(page, '#/');
      await page.getByRole('button', { name: 'Plan a comparison' }).click();
      await page.getByLabel('Find the rate').selectOption('race');
      await page.getByRole('searchbox', { name: 'Search settings' }).fill('dropout');
    },
    leave: async (page) => {
      await page.getByLabel('Find the rate').selectOption('none');
      for (const method of ['MTL-LS', 'MTL-XC']) await page.getByRole('checkbox', { name: method }).uncheck();
    },
  },
  {
    name: 'adapters',
    show: async (page) => {
      await goTo(page, '#/');
      await page.getByRole('searchbox', { name: 'Search settings' }).fill('adapter');
    },
    leave: (page) => page.getByRole('searchbox', { name: 'Search settings' }).fill(''),
  },
  {
    name: 'catalogue',
    show: async (page) => {
      await visit(page, 'Corpora');
      await page.getByRole('region', { name: 'Public corpora' }).locator('summary').first().click();
    },
  },
  {
    name: 'columns',
    show: async (page, { folder }) => {
      await visit(page, 'Corpora');
      await dropPaths(page, await ambiguousRows(folder));
      await expect(page.getByRole('region', { name: /^Which columns/ })).toBeVisible();
    },
    leave: (page) =>
      page
        .getByRole('region', { name: /^Which columns/ })
        .getByRole('button')
        .last()
        .click(),
  },
  {
    name: 'selection',
    show: async (page) => {
      await visit(page, 'Experiments');
      await page.getByRole('button', { name: 'Select all finished runs' }).click();
      await page.getByText('Share as a page').click();
    },
  },
  {
    name: 'edit',
    show: async (page, { experiment }) => {
      await goTo(page, experiment);
      await page
        .getByRole('button', { name: /^Edit name, tags and notes/ })
        .first()
        .click();
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'remove',
    show: async (page, { run }) => {
      await goTo(page, run);
      await page.getByRole('button', { name: /^Remove run/ }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'runShare',
    show: async (page, { run }) => {
      await goTo(page, run);
      await page.getByText('Share as a page').click();
    },
  },
  {
    name: 'race',
    show: async (page, { search }) => {
      if (search === null) throw new Error('No plan with a search was trained.');
      await goTo(page, search);
      await expect(page.getByRole('heading', { name: 'Search for the slicing rate' })).toBeVisible();
    },
  },
  {
    name: 'replay',
    show: async (page) => {
      await openGrids(page);
      const links = page.getByRole('table', { name: 'Experiments', exact: true }).getByRole('row');
      await links.filter({ hasText: /gene/i }).getByRole('link').first().click();
      await page.getByRole('button', { name: 'Replay', exact: true }).click();
      await expect(page.getByRole('table', { name: 'Searches replayed' })).toBeVisible({ timeout: 60_000 });
    },
  },
  {
    name: 'resultFile',
    show: async (page) => {
      await openGrids(page);
      await page.getByRole('table', { name: 'Result files' }).getByRole('link').first().click();
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    },
  },
  {
    name: 'setsString',
    show: async (page, { subject }) => {
      await goTo(page, `#/analyse/sets?${subject}`);
      await page.getByRole('table', { name: 'Regions' }).getByRole('button', { name: 'known and found' }).click();
      await page.getByRole('table', { name: 'Strings' }).getByRole('button').first().click();
      await expect(page.getByRole('list', { name: 'Sentences' })).toBeVisible();
    },
  },
  {
    name: 'errorsTwo',
    show: async (page, { subject }) => {
      await goTo(page, `#/analyse/errors?${subject}`);
      await page.getByLabel('Compare with').selectOption({ index: 1 });
      await page.getByRole('group', { name: 'Which run is correct' }).or(page.getByRole('button', { name: 'Predict now' })).first().waitFor(); // prettier-ignore
    },
  },
  {
    name: 'notice',
    show: async (page, { folder }) => {
      await goTo(page, '#/');
      const file = path.join(folder, 'notes.docx');
      await writeFile(file, Buffer.from('504b0304140000000800', 'hex'));
      await dropPaths(page, file);
      await expect(notices(page).getByRole('button', { name: 'Dismiss notice' })).toBeVisible();
    },
    hasNotices: true,
  },
  {
    name: 'training',
    show: async (page) => {
      await goTo(page, '#/');
      await page.getByLabel('Sample corpus').selectOption('sample-chemical-a');
      await page.getByRole('button', { name: 'Train on a sample' }).click();
      const again = runActions(page).getByRole('button', { name: 'Resume' });
      await expect(again.or(runActions(page).getByRole('button', { name: 'Pause' }))).toBeVisible();
      if (await again.isVisible()) await again.click();
      await expect.poll(() => stepOf(page), { timeout: 90_000 }).toBeGreaterThan(4);
    },
    leave: (page) => runActions(page).getByRole('button', { name: 'Pause' }).click(),
  },
  { name: 'paused', show: (page) => visit(page, 'Experiments') },
  { name: 'missing', show: (page) => goTo(page, '#/nowhere') },
  { name: 'badLink', show: (page) => goTo(page, '#/open?result=x'), hasNotices: true },
  {
    name: 'sharedPage',
    show: async (page, { experiment, folder }) => {
      await goTo(page, experiment);
      await showView(page, 'Share');
      await page.getByLabel('Title').fill('Slicing helps');
      const arriving = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save page' }).click();
      const file = path.join(folder, 'shared.html');
      await (await arriving).saveAs(file);
      await page.goto(`file://${file}`);
    },
    leave: (page) => backToLab(page),
  },
  { name: 'docs', show: async (page) => void (await page.goto('/docs/index.html')), leave: (page) => backToLab(page) },
  {
    name: 'docsFeatures',
    show: async (page) => void (await page.goto('/docs/features.html')),
    leave: (page) => backToLab(page),
  },
];

async function backToLab(page: Page): Promise<void> {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
}

/** Imports the committed grids once, whose runs a search can be replayed on. */
async function openGrids(page: Page): Promise<void> {
  await visit(page, 'Experiments');
  const files = page.getByRole('table', { name: 'Result files' });
  await page.waitForTimeout(500);
  if (await files.isVisible()) return;
  await dropPaths(page, path.join(root, 'results/sample-grids.result.json'));
  await expect(files).toBeVisible({ timeout: 60_000 });
}

/** Writes rows whose second and third column may both be tags. */
async function ambiguousRows(folder: string): Promise<string> {
  const home = path.join(folder, 'reeds');
  await mkdir(home, { recursive: true });
  const rows = ['Reed\tNN\tHerb', 'heals\tVB\tO', 'leaf\tNN\tDisease', 'rot\tNN\tDisease', '', 'So\tRB\tO', 'does\tVB\tO', 'fern\tNN\tHerb']; // prettier-ignore
  await writeFile(path.join(home, 'train.tsv'), `${rows.join('\n')}\n`);
  return home;
}

/** A few test sentences of a sample corpus, which are invented. */
function inventedText(): string {
  const file = path.join(root, 'public/corpora/sample-disease-a/test.tsv');
  const sentences = readFileSync(file, 'utf8').trim().split('\n\n').slice(0, 5);
  const words = sentences.map((rows) => rows.split('\n').map((row) => row.split('\t')[0] ?? '').join(' ')); // prettier-ignore
  return words.join(' ').replace(/ ([.,;:)%])/g, '$1').replace(/\( /g, '('); // prettier-ignore
}
