// Proves that a model comes from a hub by name into the browser's library, on request alone, through cancelling and a reload.
import { hubServer } from '../fixtures/hub/hubServer.ts';
import { modelFolder } from '../fixtures/modelFolders.ts';
import { notices, openLab, visit, waitUntilReady } from './labActions.ts';
import { test } from './labPage.ts';
import { expect, type Page } from '@playwright/test';

const repository = 'moss/tiny-model';
const files = Object.fromEntries(modelFolder('f16').map(({ name, bytes }) => [name, bytes]));

async function lookUp(page: Page, address: string, name: string): Promise<void> {
  await page.getByText(/^Hub: /).click();
  await page.getByRole('textbox', { name: 'Address of the hub' }).fill(address);
  await page.getByRole('textbox', { name: 'Repository' }).fill(name);
  await page.getByRole('button', { name: 'Look up' }).click();
}

test('a model is looked up, downloaded, cancelled, gone on with after a reload, and removed', async ({
  page,
  allowedOrigins,
}) => {
  const hub = await hubServer(repository, files);
  for (const address of [hub.address, hub.storageAddress]) allowedOrigins.add(address);
  try {
    await openLab(page);
    await visit(page, 'Models');
    expect(hub.asked).toEqual([]);
    await lookUp(page, hub.address, repository);
    const found = page.getByRole('region', { name: `${repository} at the hub` });
    await expect(found).toContainText('XLNet');
    await expect(found).toContainText(/Memory per update[\d.]+ MB of memory/);
    await found.getByText(/^3 files/).click();
    await expect(found.getByRole('table', { name: 'Files to download' })).toContainText('model.safetensors');
    expect(hub.asked).toEqual([`api ${repository} main`, 'config.json']);

    hub.faults = { stallAfter: 10_000 };
    await found.getByRole('button', { name: /^Download/ }).click();
    await expect.poll(() => hub.asked).toContain('model.safetensors');
    const unfinished = page.getByRole('table', { name: 'Unfinished downloads' });
    await unfinished.getByRole('button', { name: `Cancel download of ${repository}` }).click();
    await expect(unfinished.getByRole('button', { name: `Resume ${repository}` })).toBeVisible();

    await page.reload();
    await expect(unfinished).toContainText('kB of');
    await expect(page.getByText(`Hub: ${hub.address}`)).toBeVisible();
    hub.asked.length = 0;
    await unfinished.getByRole('button', { name: `Resume ${repository}` }).click();
    const models = page.getByRole('table', { name: 'Models', exact: true });
    await expect(models).toContainText(`${repository} at main`);
    expect(hub.asked).toEqual(['model.safetensors 10000-', 'tokenizer.json']);
    await expect(unfinished).toBeHidden();

    await page.reload();
    await expect(models).toContainText('tiny-model');
    await models.getByRole('button', { name: 'Remove model tiny-model' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove permanently' }).click();
    await expect(models.getByRole('rowheader').filter({ hasText: 'tiny-model' })).toHaveCount(0);
    await expect(models.getByRole('rowheader').filter({ hasText: 'built-in' })).toHaveCount(2);
  } finally {
    await hub.close();
  }
});

test('a corrupt file is refused, and what came is discarded on request', async ({ page, allowedOrigins }) => {
  const hub = await hubServer(repository, files);
  for (const address of [hub.address, hub.storageAddress]) allowedOrigins.add(address);
  try {
    await page.goto('/#/models');
    await lookUp(page, hub.address, repository);
    hub.faults = { corrupt: 'model.safetensors' };
    await page.getByRole('button', { name: /^Download/ }).click();
    await expect(notices(page)).toContainText('model.safetensors is not the file that the hub lists');
    await expect(notices(page)).toContainText(/Expected SHA-256 [0-9a-f]{64}. Got [0-9a-f]{64}/);
    await page.getByRole('button', { name: `Discard download of ${repository}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Discard permanently' }).click();
    await expect(page.getByRole('table', { name: 'Unfinished downloads' })).toBeHidden();
    await visit(page, 'New');
    await waitUntilReady(page);
  } finally {
    await hub.close();
  }
});
