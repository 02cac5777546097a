// Lists the views of the lab that are photographed, and how each is reached by roles and names, after a plan was trained.
import { expect, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { openExperiment, showView, visit } from '../../tests/e2e/labActions.ts';

/** Addresses that training made. */
export interface Trained {
  readonly experiment: string;
  readonly run: string;
  /** Query of the analyses of the run. */
  readonly subject: string;
}

export interface LabView {
  readonly name: string;
  show(page: Page, trained: Trained): Promise<void>;
  /** Scrolled to, so that a picture of one screen has it. */
  readonly focus?: (page: Page) => ReturnType<Page['locator']>;
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
  // Charts draw themselves in.
  await page.waitForTimeout(700);
}

const analysis = (view: string): LabView => ({
  name: view,
  show: (page, { subject }) => goTo(page, `#/analyse/${view}?${subject}`),
});

export const labViews: readonly LabView[] = [
  { name: 'new', show: (page) => goTo(page, '#/') },
  { name: 'experiments', show: (page) => visit(page, 'Experiments') },
  { name: 'experiment', show: (page, { experiment }) => goTo(page, experiment) },
  {
    name: 'experimentRuns',
    show: async (page) => {
      await openExperiment(page);
      await showView(page, 'Runs');
    },
  },
  {
    name: 'statistics',
    show: async (page) => {
      await openExperiment(page);
      await showView(page, 'Statistics');
    },
  },
  {
    name: 'across',
    show: async (page) => {
      await openExperiment(page);
      await showView(page, 'Across corpora');
      await expect(page.locator('.analysis-wait')).toHaveCount(0, { timeout: 60_000 });
    },
  },
  {
    name: 'share',
    show: async (page) => {
      await openExperiment(page);
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
  { name: 'storage', show: (page) => visit(page, 'Storage') },
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
];

/** A few test sentences of a sample corpus, which are invented. */
function inventedText(): string {
  const file = path.resolve(import.meta.dirname, '../../public/corpora/sample-disease-a/test.tsv');
  const sentences = readFileSync(file, 'utf8').trim().split('\n\n').slice(0, 5);
  const words = sentences.map((rows) => rows.split('\n').map((row) => row.split('\t')[0] ?? '').join(' ')); // prettier-ignore
  return words.join(' ').replace(/ ([.,;:)%])/g, '$1').replace(/\( /g, '('); // prettier-ignore
}
