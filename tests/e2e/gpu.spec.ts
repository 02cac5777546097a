// Proves that on WebGPU the page shows the engine's self-test, says what a step will take and then took, of a model that is not here yet too, and keeps how the GPU is to be used.
import { expect } from '@playwright/test';
import { hubServer } from '../fixtures/hub/hubServer.ts';
import { modelFolder } from '../fixtures/modelFolders.ts';
import { fact, openBackend, visit } from './labActions.ts';
import { test } from './labPage.ts';

test(
  'the engine is tested, its memory estimated and measured, and its settings kept',
  { tag: '@lengthy' },
  async ({ page, allowedOrigins }) => {
    await page.goto('/?backend=webgpu');
    await openBackend(page);
    const selfTest = page.getByText(/^Self-test: (\d+) of \1 checks passed$/);
    await expect(selfTest).toBeVisible({ timeout: 120_000 });
    await selfTest.click();
    await expect(page.getByRole('rowheader', { name: 'engine: loss and gradients of a tagger' })).toBeVisible();
    await selfTest.click();

    const summary = page.getByRole('complementary', { name: 'Plan' });
    await expect(summary.getByText(/^up to \d.* on the GPU$/)).toBeVisible({ timeout: 30_000 });
    const settings = page.getByText(/^GPU: .*, activations .*, f32$/);
    await settings.click();
    await expect(page.getByLabel('Precision')).toHaveValue('usual');
    await expect(page.getByRole('option', { name: 'mixed f16 and f32' })).toBeDisabled();
    await page.getByLabel('Activations').selectOption('always recomputed');
    await expect(summary.getByText(/on the GPU, recomputes activations$/)).toBeVisible();
    const memory = page.getByLabel('GPU memory, in GiB');
    await memory.fill('much');
    await expect(page.getByText('Enter a number from 0.25 to 1024.')).toBeVisible();
    await memory.fill('8');
    await memory.blur();
    await expect(page.getByText('GPU: 8 GiB, activations always recomputed, f32')).toBeVisible();

    await summary.getByRole('button', { name: 'Measure a step' }).click();
    await expect(fact(page, 'Memory')).toHaveText(/ at the peak of a step$/, { timeout: 120_000 });

    const files = Object.fromEntries(modelFolder('f16').map(({ name, bytes }) => [name, bytes]));
    const hub = await hubServer('moss/tiny-model', files);
    allowedOrigins.add(hub.address);
    await visit(page, 'Models');
    await page.getByText(/^Hub: /).click();
    await page.getByRole('textbox', { name: 'Address of the hub' }).fill(hub.address);
    await page.getByRole('textbox', { name: 'Repository' }).fill('moss/tiny-model');
    await page.getByRole('button', { name: 'Look up' }).click();
    const found = page.getByRole('region', { name: 'moss/tiny-model at the hub' });
    const bytes = found.getByText(/ on the GPU, recomputes activations$/).getByRole('strong');
    const before = await bytes.textContent();
    await found.getByRole('textbox', { name: 'Pieces per sequence' }).fill('512');
    await expect(bytes).not.toHaveText(before ?? '');
    await found.getByRole('textbox', { name: 'Pieces per sequence' }).fill('7');
    await expect(found).toContainText('Enter a number from 8 to 1024.');
    await hub.close();

    await visit(page, 'New');
    await page.reload();
    await openBackend(page);
    await expect(page.getByText('GPU: 8 GiB, activations always recomputed, f32')).toBeVisible({ timeout: 120_000 });
  },
);
