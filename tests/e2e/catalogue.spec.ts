// Proves that public corpora come only when asked for, go on after an interruption, and stand as the paper's sub-tasks.
import { expect, test } from '@playwright/test';
import { openLab, visit } from './labActions.ts';
import { watchContext } from './labPage.ts';

// Answered locally: nothing leaves the test.
const repository = 'https://raw.githubusercontent.com/cambridgeltl/MTL-Bioinformatics-2016/master/data/';
const rows = (disease: string): string => `Moss\tO\ncauses\tO\n${disease}\tB-Disease\nrot\tI-Disease\n.\tO\n\n`;

test('a category is downloaded on request, resumed file by file, and known as its sub-tasks', async ({
  page,
  context,
  baseURL,
}) => {
  const troubles = watchContext(context, baseURL);
  const asked: string[] = [];
  let isBroken = true;
  await context.route(`${repository}**`, (route) => {
    const file = route.request().url().slice(repository.length);
    asked.push(file);
    if (isBroken && asked.length === 4) return route.abort('connectionreset');
    const body = rows(file.replace(/\W/g, ''));
    return route.fulfill({ body, contentType: 'text/plain', headers: { 'access-control-allow-origin': '*' } });
  });

  await openLab(page);
  await visit(page, 'Corpora');
  const disease = page.locator('details.catalogue').filter({ has: page.locator('summary', { hasText: /^disease/ }) });
  await disease.locator('summary').click();
  await expect(disease.getByRole('table', { name: 'Public corpora, disease' })).toContainText('NCBI');
  expect(asked).toEqual([]);

  const download = disease.getByRole('button', { name: /^Download 2 disease corpora/ });
  await download.click();
  await expect(page.getByRole('log', { name: 'Notices' })).toContainText(/download|fetch/i);
  const before = [...asked];
  expect(before).toHaveLength(4);

  isBroken = false;
  await disease.getByRole('button', { name: /^Download/ }).click();
  await expect(disease.locator('summary')).toContainText('2 of 2 in the library');
  // Whole files are not asked for again; the one that broke off is.
  expect(asked.slice(4).filter((file) => before.slice(0, 3).includes(file))).toEqual([]);
  expect(asked.slice(4)).toContain(before[3]);
  expect(new Set(asked).size).toBe(6);
  await expect(page.getByRole('table', { name: 'Corpora', exact: true })).toContainText('NCBI-disease-IOB');

  const foreign = troubles.filter((trouble) => trouble.startsWith('request: '));
  expect(foreign.every((trouble) => trouble.startsWith(`request: ${repository}`))).toBe(true);
  // The browser itself reports the reset connection.
  expect(
    troubles.filter((trouble) => !trouble.startsWith('request: ') && !trouble.includes('ERR_CONNECTION_RESET')),
  ).toEqual([]);
});
