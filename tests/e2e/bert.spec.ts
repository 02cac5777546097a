// Proves that a dropped BERT with a vocab.txt becomes a model of its family, and that a run on a sample finishes with it.
import { expect } from '@playwright/test';
import path from 'node:path';
import { dropPaths, fact, openLab, visit } from './labActions.ts';
import { test } from './labPage.ts';
import { planPanel } from './planActions.ts';

test('a BERT is taken in, shows what it can have, and trains', async ({ page }) => {
  await openLab(page);
  await visit(page, 'Models');
  await dropPaths(page, path.resolve('tests/fixtures/bert/tensorflow'));
  const row = page
    .getByRole('table', { name: 'Models', exact: true })
    .getByRole('row')
    .filter({ hasText: 'tensorflow' });
  await expect(row.getByRole('cell').first()).toHaveText('BERT');
  await expect(row).toContainText('144');

  await visit(page, 'New');
  await page.getByLabel('Model', { exact: true }).selectOption({ label: 'tensorflow' });
  await expect(page.getByRole('list', { name: 'Problems' })).toContainText('Must be at most 40');
  await page.locator('summary').filter({ hasText: 'Pieces and sequences' }).click();
  await expect(page.getByLabel('Special pieces').getByRole('option')).toHaveText(['[CLS] … [SEP]']);
  const longest = page.getByLabel('Longest sequence');
  await expect(longest).toHaveAccessibleDescription(/This model has 40 positions/);
  await longest.fill('40');
  await page.locator('summary').filter({ hasText: 'Schedule' }).click();
  await page.getByLabel('Epochs', { exact: true }).fill('1');
  // The length and the epochs; the specials came with the model.
  await expect(fact(page, 'Changes')).toHaveText('2');
  await planPanel(page).getByRole('button', { name: 'Train' }).click();
  await expect(page.getByText('Finished · STL · tensorflow · seed 1')).toBeVisible({ timeout: 240_000 });
  await page.locator('summary').filter({ hasText: 'Configuration and inputs' }).click();
  await expect(page.getByText('[CLS] … [SEP]')).toBeVisible();
});
