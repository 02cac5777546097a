// Proves that imported results are tested for significance without corpora, and that a shared page stands alone and opens in another lab.
import { expect } from '@playwright/test';
import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { countedResult } from '../fixtures/countedResult.ts';
import { dropPaths, openExperiment, showView } from './labActions.ts';
import { test } from './labPage.ts';

test('an answer goes from one lab to another as a page that needs no lab', async ({
  page,
  elsewhere,
  browser,
}, info) => {
  const result = info.outputPath('elsewhere.result.json');
  await writeFile(result, JSON.stringify(countedResult()));
  const saved = info.outputPath('answer.html');
  const verdict = '4 of 8 differences from STL are more than noise: 4 better.';

  await test.step('saves the page of an imported result', async () => {
    await page.goto('/#/experiments');
    await expect(page.getByRole('heading', { level: 1, name: 'Experiments' })).toBeVisible();
    await dropPaths(page, result);
    await openExperiment(page);
    await showView(page, 'Share');
    await page.getByLabel('Title').fill('Lower layers <b>help</b>');
    await page.getByLabel('Your words').fill('Two invented tasks.\nThree seeds.');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save page' }).click();
    await (await download).saveAs(saved);
    await expect(page.getByText(/^Saved: one file of/)).toBeVisible();
  });

  await test.step('opens without a server, on a phone in the dark, with nothing blocked', async () => {
    const alone = await browser.newContext({
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
      offline: true,
    });
    const file = await alone.newPage();
    const troubles: string[] = [];
    file.on('console', (message) => troubles.push(message.text()));
    file.on('requestfailed', (request) => troubles.push(request.url()));
    await file.goto(pathToFileURL(saved).href);
    await expect(file.getByRole('heading', { level: 1 })).toHaveText('Lower layers <b>help</b>');
    await expect(file.getByText(verdict)).toBeVisible();
    await expect(file.getByRole('img', { name: /^Test F1 by slicing rate/ })).toHaveCount(2);
    await expect(file.getByRole('table', { name: 'Table 2: MTL-LS by slicing rate, test F1' })).toBeVisible();
    const look = await file.evaluate(() => ({
      excess: document.documentElement.scrollWidth - window.innerWidth,
      ground: getComputedStyle(document.body).backgroundColor,
    }));
    expect(look).toEqual({ excess: 0, ground: 'rgb(22, 27, 27)' });
    expect(troubles).toEqual([]);
    await alone.close();
  });

  await test.step('opens in a lab that has neither corpora nor runs, which tests it again', async () => {
    await elsewhere.goto('/#/experiments');
    await expect(elsewhere.getByRole('heading', { level: 1, name: 'Experiments' })).toBeVisible();
    await dropPaths(elsewhere, saved);
    await openExperiment(elsewhere);
    await showView(elsewhere, 'Statistics');
    await expect(elsewhere.getByText(verdict)).toBeVisible();
  });

  await test.step('its runs open from the experiment, though they are not of that lab', async () => {
    await showView(elsewhere, 'Runs');
    const runs = elsewhere.getByRole('table', { name: 'Runs of the experiment', exact: true });
    await runs.getByRole('rowheader').getByRole('link').first().click();
    await expect(elsewhere).toHaveURL(/#\/results\/[0-9a-f]+\/[0-9a-f]+$/);
    await expect(elsewhere.getByRole('heading', { name: 'Test scores', exact: true })).toBeVisible();
  });
});
