// Proves that a BiLSTM-CRF is made in the page from the samples and a file of word vectors, says what the vectors cover, and trains with its preset.
import { expect } from '@playwright/test';
import { textVectors } from '../fixtures/vectorFiles.ts';
import { fact, notices, openLab, visit } from './labActions.ts';
import { test } from './labPage.ts';
import { planPanel } from './planActions.ts';

test('a network is made from nothing, and trains on the plain network', async ({ page }) => {
  await openLab(page);
  await visit(page, 'Models');
  await page.locator('summary').filter({ hasText: 'Make a network to train from nothing' }).click();
  await page.getByLabel('Network', { exact: true }).selectOption('lample');
  const file = page.getByLabel('Vectors of words');
  await file.setInputFiles({ name: 'damaged.vec', mimeType: '', buffer: Buffer.from('3 2\nthe 1 2\n') });
  await page.getByRole('button', { name: 'Make network' }).click();
  await expect(notices(page)).toContainText('damaged.vec is damaged');

  const vectors = textVectors([['the', [1, 2, 3]], ['of', [-1, 0.5, 0]], ['frequent', [0, 1, 0]]], 'word2vec'); // prettier-ignore
  await file.setInputFiles({ name: 'small.vec', mimeType: '', buffer: Buffer.from(vectors) });
  await page.getByLabel('Frequent words').fill('1');
  await page.getByRole('button', { name: 'Make network' }).click();
  await expect(fact(page, 'small.vec')).toHaveText('word2vec or fastText text: 3 words, 3 dimensions');
  await expect(fact(page, 'Without a vector')).toContainText('of tokens');
  const row = page
    .getByRole('table', { name: 'Models', exact: true })
    .getByRole('row')
    .filter({ hasText: 'small.vec' });
  await expect(row.getByRole('cell').first()).toHaveText('BiLSTM');

  await page.getByRole('button', { name: /^Train with BiLSTM-CRF/ }).first().click(); // prettier-ignore
  await expect(page.getByRole('radio', { name: 'BiLSTM-CRF' })).toBeChecked();
  await page.locator('summary').filter({ hasText: 'Schedule' }).click();
  await page.getByLabel('Epochs', { exact: true }).fill('2');
  await expect(page.getByText(/the engine has no passes for LSTMs/)).toBeVisible();
  await planPanel(page).getByRole('button', { name: 'Train' }).click();
  await expect(page.getByText(/^Finished · STL · .* · seed 1$/)).toBeVisible({ timeout: 240_000 });
  await expect(page.getByText('that this lab alone opens')).toBeVisible();
});
