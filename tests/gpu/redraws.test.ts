// Proves that a training step renders only what shows the run: the page's parts read what they show, and never the whole state.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPageInTraining, type PageInTraining } from '../fixtures/pageInTraining.ts';

let page: PageInTraining;
beforeAll(async () => {
  page = await openPageInTraining();
  // With the first step the strip below the header learns how much is left.
  await page.step();
  await page.endEpoch();
});
afterAll(() => page.close());

/** What a step renders on a page, once the page is drawn. */
async function renderedByStep(address: string): Promise<Readonly<Record<string, number>>> {
  await page.show(address);
  const heading = document.querySelector('h1')?.textContent;
  expect(heading, `the heading of ${address}`).not.toBe('Not found');
  const { components } = await page.step();
  await page.endEpoch();
  return components;
}

const withoutRun = ['#/', '#/library/corpora', '#/library/models', '#/library/storage', '#/tag', '#/about'];
const analyses = [
  '#/analyse',
  '#/analyse/labels',
  '#/analyse/leaks',
  '#/analyse/breakdown',
  '#/analyse/errors',
  '#/analyse/confidence',
];

it.each([...withoutRun, ...analyses])('a step renders nothing on %s', async (address) => {
  expect(await renderedByStep(address)).toEqual({});
});

it('a step renders nothing on the page of a corpus', async () => {
  expect(await renderedByStep(`#/corpora/${page.corpusId}`)).toEqual({});
});

it('a step renders the row of its run alone among the experiments', async () => {
  const components = await renderedByStep('#/experiments');
  // A narrow page has no column of progress.
  const { Meter: _meter, ...others } = components;
  expect(others).toEqual({ RunRow: 1, StatusMark: 1 });
});

it('a step renders the progress and the loss on the page of its run, and nothing that stays as it is', async () => {
  const components = await renderedByStep(`#/runs/${page.runId}`);
  expect(components).toMatchObject({ RunProgress: 1, LossChart: 1 });
  const still = ['Frame', 'Header', 'Page', 'RunPage', 'RunActions', 'DevelChart', 'RunLeaks', 'RunInputs', 'Dock'];
  expect(still.filter((name) => name in components)).toEqual([]);
});

it('a step renders nothing on the taggers across corpora', async () => {
  await page.show('#/experiments');
  const links = [...document.querySelectorAll<HTMLAnchorElement>('table[aria-label="Experiments"] a')];
  const category = links.find(({ textContent }) => textContent === 'plant');
  expect(await renderedByStep(`${category?.hash ?? 'none'}/across`)).toEqual({});
});

it('the end of an epoch renders the comparison', async () => {
  await page.show('#/experiments');
  const links = [...document.querySelectorAll<HTMLAnchorElement>('table[aria-label="Experiments"] a')];
  const category = links.find(({ textContent }) => textContent === 'plant');
  await page.show(category?.hash ?? 'none');
  await page.step();
  const { components } = await page.endEpoch();
  expect(components).toHaveProperty('RateCurvesChart');
});
