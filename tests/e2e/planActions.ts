// What a person does with plans of several methods.
import { expect, type Locator, type Page, type TestInfo } from '@playwright/test';
import { parseResultFile } from '../../src/lab/plans/resultFiles.ts';
import type { ResultFile } from '../../src/schema/resultFile.ts';
import type { ShortCorpus } from '../fixtures/shortCorpora.ts';
import { download, dropPaths, visit, type SavedJson } from './labActions.ts';

export interface PlanEntries {
  readonly category: string;
  readonly typeName: string;
  readonly corpora: readonly [ShortCorpus, ShortCorpus];
  /** As the form writes them; those of the paper that are missing here are left out. */
  readonly slicingRates: readonly string[];
  readonly seeds: string;
  readonly epochs: string;
  readonly rounds: { readonly count: string; readonly epochs: string };
  readonly batchSize: string;
  readonly learningRate: string;
}

/** Brings the corpora in and enters the plan on the training page, with the preset Sample for what it does not name. */
export async function enterPlan(page: Page, folders: readonly string[], plan: PlanEntries): Promise<void> {
  await dropPaths(page, ...folders);
  const [first, second] = plan.corpora;
  const corpusOptions = page.getByLabel(/^Corpus \d$/).getByRole('option');
  for (const { name } of plan.corpora) await expect(corpusOptions.filter({ hasText: name })).not.toHaveCount(0);
  await page.getByRole('checkbox', { name: 'MTL-XC' }).check();
  await page.getByRole('checkbox', { name: 'MTL-LS' }).check();
  await page.getByRole('button', { name: 'Build a category' }).click();
  // In the place of the one that the form offers by itself.
  const leaveOut = page.getByRole('button', { name: 'Remove from plan' });
  await leaveOut.first().click();
  await expect(leaveOut).toHaveCount(1);
  await page.getByLabel('Category name').fill(plan.category);
  await page.getByLabel('Type name').fill(plan.typeName);
  await page.getByLabel(`Corpus of ${plan.category}`).selectOption({ label: first.name });
  await page.getByRole('button', { name: 'Add another task' }).click();
  await page.getByLabel(`Corpus 2 of ${plan.category}`).selectOption({ label: second.name });
  await expect(page.getByLabel(`Entity type 1 of ${plan.category}`).locator('option:checked')).toHaveText(first.type);
  await expect(page.getByLabel(`Entity type 2 of ${plan.category}`).locator('option:checked')).toHaveText(second.type);
  await enterSettings(page, plan);
}

/** Everything of a plan but its methods and categories. */
export async function enterSettings(page: Page, plan: PlanEntries): Promise<void> {
  const rates = page.getByRole('group', { name: 'Slicing rates' });
  for (const rate of ['0', '0.25', '0.50', '0.75', '1']) {
    const box = rates.getByRole('checkbox', { name: new RegExp(`^${rate}(?![.\\d])`) });
    await box.setChecked(plan.slicingRates.includes(rate));
  }
  await page.getByLabel('Seeds').fill(plan.seeds);
  await page.getByRole('radio', { name: 'Sample', exact: true }).check();
  await page.getByLabel('Further rounds').fill(plan.rounds.count);
  if (plan.rounds.count !== '0') await page.getByLabel('Epochs per round').fill(plan.rounds.epochs);
  await enterSetting(page, 'Schedule', 'Epochs', plan.epochs);
  await enterSetting(page, 'Schedule', 'Micro-batch size', plan.batchSize);
  await enterSetting(page, 'Schedule', 'Batch size', plan.batchSize);
  await enterSetting(page, 'Optimizer', 'Learning rate', plan.learningRate);
}

async function enterSetting(page: Page, section: string, label: string, value: string): Promise<void> {
  const field = page.getByLabel(label, { exact: true });
  if (!(await field.isVisible())) await page.locator('summary').filter({ hasText: section }).click();
  await field.fill(value);
}

/** The panel that says what the plan comes to. */
export function planPanel(page: Page): Locator {
  return page.getByRole('complementary', { name: 'Plan' });
}

/** The values of the panel by their names. */
export async function planFacts(page: Page): Promise<Readonly<Record<string, string>>> {
  return planPanel(page)
    .locator('dl')
    .evaluate((list) =>
      Object.fromEntries(
        [...list.children].map((pair) => [
          pair.querySelector('dt')?.textContent ?? '',
          pair.querySelector('dd')?.textContent ?? '',
        ]),
      ),
    );
}

/** Starts the plan at one press; the page shows the runs. */
export async function startPlan(page: Page): Promise<void> {
  await planPanel(page).getByRole('button', { name: 'Train' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Experiments' })).toBeVisible({ timeout: 60_000 });
}

/** The rows of the page's table of runs that have this status. */
export function runsWith(page: Page, status: string): Locator {
  return page.getByRole('table', { name: 'Runs', exact: true }).getByRole('row').filter({ hasText: status });
}

/** The result file of every finished run, as one. */
export async function exportAll(page: Page, info: TestInfo, runs: number): Promise<SavedJson & { file: ResultFile }> {
  await visit(page, 'Experiments');
  await page.getByRole('button', { name: 'Select all finished runs' }).click();
  const saved = await download(page, info, () =>
    page.getByRole('button', { name: `Export ${runs} runs as one file` }).click(),
  );
  return { ...saved, file: parseResultFile(saved.text) };
}
