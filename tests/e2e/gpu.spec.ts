// Proves that on WebGPU the page shows the engine's self-test, says what a step will take and then took, and keeps how the GPU is to be used.
import { expect } from '@playwright/test';
import { fact } from './labActions.ts';
import { test } from './labPage.ts';

test('the engine is tested, its memory estimated and measured, and its settings kept', async ({ page }) => {
  await page.goto('/?backend=webgpu');
  const selfTest = page.getByText(/^Self-test: (\d+) of \1 checks passed$/);
  await expect(selfTest).toBeVisible({ timeout: 120_000 });
  await selfTest.click();
  await expect(page.getByRole('rowheader', { name: 'engine: loss and gradients of a tagger' })).toBeVisible();
  await selfTest.click();

  const summary = page.getByRole('complementary', { name: 'Plan' });
  await expect(summary.getByText(/^up to \d.* on the GPU$/)).toBeVisible({ timeout: 30_000 });
  const settings = page.getByText(/^GPU: .*, activations .*, f32$/);
  await settings.click();
  await expect(page.getByLabel('Precision')).toHaveValue('f32');
  await expect(page.getByRole('option', { name: 'mixed f16 and f32' })).toBeDisabled();
  await page.getByLabel('Activations').selectOption('always done again');
  await expect(summary.getByText(/on the GPU, activations done again$/)).toBeVisible();
  const memory = page.getByLabel('Memory of the GPU, in GiB');
  await memory.fill('much');
  await expect(page.getByText('A number from 0.25 to 1024 is expected.')).toBeVisible();
  await memory.fill('8');
  await memory.blur();
  await expect(page.getByText('GPU: 8 GiB, activations always done again, f32')).toBeVisible();

  await summary.getByRole('button', { name: 'Measure a step' }).click();
  await expect(fact(page, 'Memory')).toHaveText(/ at the peak of a step$/, { timeout: 120_000 });

  await page.reload();
  await expect(page.getByText('GPU: 8 GiB, activations always done again, f32')).toBeVisible({ timeout: 120_000 });
});
