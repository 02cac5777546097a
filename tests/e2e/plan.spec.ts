// Proves that the whole plan of a category trains unattended to charts, tables and one file, a reload in between, and reuses what is trained.
import { expect, type Page, type TestInfo } from '@playwright/test';
import type { ResultFile } from '../../src/schema/resultFile.ts';
import type { RunRecord } from '../../src/schema/runRecord.ts';
import { writeShortCorpora } from '../fixtures/shortCorpora.ts';
import {
  download,
  dropPaths,
  notices,
  openExperiment,
  openLab,
  rowsOf,
  showView,
  visit,
  waitUntilReady,
} from './labActions.ts';
import { test } from './labPage.ts';
import {
  enterPlan,
  enterSettings,
  exportAll,
  planFacts,
  planPanel,
  runsWith,
  startPlan,
  type PlanEntries,
} from './planActions.ts';

const sentences = { train: 24, devel: 8, test: 8 };
const corpora = [
  { name: 'short-a', sample: 'sample-disease-a', type: 'Disease' },
  // Another name for the same, so that the category has something to bring together.
  { name: 'short-b', sample: 'sample-disease-b', type: 'Illness' },
] as const;
const tasks = ['short-a · Disease', 'short-b · Illness'];

/** A rate high enough for mentions to be found after a handful of steps; else every score would be 0 and prove nothing. */
const learningRate = '3e-3';
const whole: PlanEntries = {
  category: 'sickness',
  typeName: 'Sickness',
  corpora,
  slicingRates: ['0', '0.50', '1'],
  seeds: '1, 2',
  epochs: '1',
  rounds: { count: '1', epochs: '1' },
  batchSize: '8',
  learningRate,
};
const contenders = ['STL', 'MTL-XC', 'MTL-LS 0.00', 'MTL-LS 0.50', 'MTL-LS 1.00'];
const tables = [
  'Table 1: STL and MTL-XC on test',
  'Table 2: MTL-LS by slicing rate, test F1',
  'Table 3: the slicing rate chosen on devel, test F1',
];
const spreadTable = 'Spread of test F1 over seeds, rounds and snapshots';

test(
  'the whole plan of a category trains to charts, tables and one file, and is not trained twice',
  { tag: '@lengthy' },
  async ({ page, elsewhere }, info) => {
    test.setTimeout(900_000);
    // Per seed: STL of two tasks, MTL-XC once, MTL-LS of two tasks at three rates; each of them again for its round; two seeds.
    const runs = (2 + 1 + 2 * 3) * 2 * 2;
    // An epoch has 24 sentences in batches of 8, and those of both tasks for MTL-XC.
    const steps = (2 * 3 + 6 + 2 * 3 * 3) * 2 * 2;

    await test.step('the plan is shown before anything starts', async () => {
      await openLab(page);
      await enterPlan(page, await writeShortCorpora(info.outputPath(), corpora, sentences), whole);
      const types = await rowsOf(page.getByRole('table', { name: 'Types of sickness' }));
      expect(types.map(([corpus, type, , becomes]) => [corpus, type, becomes])).toEqual([
        ['short-a', 'Disease', 'Sickness'],
        ['short-b', 'Illness', 'Sickness'],
      ]);
      await page.getByRole('button', { name: 'Save category sickness' }).click();
      await expect.poll(() => planFacts(page)).toMatchObject({ Runs: `${runs}`, Steps: `${steps}` });
      expect((await planFacts(page))['Storage']).toMatch(/^up to \d/);
      await expectGraph(page);
    });

    await test.step('one press trains all of it', async () => {
      await startPlan(page);
      await expect(runsWith(page, 'Running')).toHaveCount(1);
      await expect(page.getByRole('table', { name: 'Queue' })).toContainText('Waits for');
      await expect.poll(() => runsWith(page, 'Finished').count(), { timeout: 120_000 }).toBeGreaterThan(2);
      await openExperiment(page, 'sickness');
      await expect(page.getByText(new RegExp(`^\\d+ of ${runs} runs finished; one is training now\\.`))).toBeVisible();
      await visit(page, 'Experiments');
    });

    await test.step('after a reload one press resumes what it paused, and all that waited trains to the end', async () => {
      await expect(runsWith(page, 'Running')).toHaveCount(1);
      const finished = await runsWith(page, 'Finished').count();
      await page.reload();
      await expect(runsWith(page, 'Paused')).not.toHaveCount(0);
      await expect(runsWith(page, 'Running')).toHaveCount(0);
      expect(await runsWith(page, 'Finished').count()).toBeGreaterThanOrEqual(finished);
      await page.getByRole('button', { name: /^Resume \d+ paused runs?$/ }).click();
      await expect(runsWith(page, 'Paused')).toHaveCount(0);
      await expect(runsWith(page, 'Finished')).toHaveCount(runs, { timeout: 600_000 });
      await expect(page.getByRole('table', { name: 'Queue' })).toBeHidden();
    });

    const { file, path } = await exportAll(page, info, runs);
    await test.step('the file has every run of the plan', async () => {
      expect(file.plan).toMatchObject({
        methods: ['STL', 'MTL-XC', 'MTL-LS'],
        slicingRates: [0, 0.5, 1],
        seeds: [1, 2],
        rounds: { count: 1, epochs: 1 },
      });
      expect(file.plan.categories.map(({ name, typeName }) => [name, typeName])).toEqual([['sickness', 'Sickness']]);
      expect(file.runs).toHaveLength(runs);
      expect(file.runs.map(({ status }) => status)).toEqual(file.runs.map(() => 'finished'));
      expect(file.runs.reduce((sum, { steps: points }) => sum + points.length, 0)).toBe(steps);
      for (const { steps: points, totalSteps } of file.runs) {
        expect(points.map(({ step }) => step)).toEqual(Array.from({ length: totalSteps }, (_, index) => index + 1));
      }
      // Every MTL-LS run started from the one MTL-XC of its seed.
      for (const run of file.runs.filter(({ spec }) => spec.method === 'MTL-LS' && spec.round === 0)) {
        const parent = file.runs.find(({ spec }) => spec.id === run.spec.parent)?.spec;
        expect(parent).toMatchObject({ method: 'MTL-XC', round: 0, seed: run.spec.seed });
      }
    });

    await test.step('charts show every rate, with STL and MTL-XC beside them', async () => {
      await openExperiment(page, 'sickness');
      for (const [place, task] of tasks.entries()) {
        await page.getByLabel('Task').selectOption({ label: task });
        await expectCharts(page, info, file, place);
      }
    });

    await test.step('every tagger of STL is tested on the corpus that it was not trained on', async () => {
      await showView(page, 'Across corpora');
      await page.getByRole('combobox', { name: 'Method', exact: true }).selectOption('STL');
      const predict = page.getByRole('button', { name: 'Predict now' });
      await expect(page.getByText(/^8 predictions on test sets/)).toBeVisible();
      await predict.click();
      await expect(page.getByText('2 taggers, 4 of 4 scores known')).toBeVisible({ timeout: 120_000 });
      await expect(predict).toBeHidden();
      const rows = page.getByRole('table', { name: 'Test F1 of every tagger on every test set', exact: true }).locator('tbody tr'); // prettier-ignore
      for (const [place] of tasks.entries()) {
        const own = rows.nth(place).locator('td.own');
        await expect(own).toHaveCount(1);
        await expect(own.locator('.f1')).toHaveText(mean(scoresOf(file, 'STL', place, 'test')).toFixed(2));
        await expect(rows.nth(place).locator('.interval')).toHaveCount(2);
      }
      await showView(page, 'Overview');
    });

    await test.step('the affinity of the tasks is measured on the device, and stored with the run', async () => {
      await showView(page, 'Affinity');
      await page.getByRole('button', { name: 'Measure affinity' }).click();
      const table = page.getByRole('table', { name: 'Estimated devel loss saved' });
      await expect(table.getByRole('row')).toHaveCount(1 + 2, { timeout: 60_000 });
      await page.reload();
      await expect(table).toContainText('short-a');
      await showView(page, 'Overview');
    });

    const shown = await test.step('tables tell what the file tells', async () => {
      const [first = [], second = [], third = []] = await Promise.all(tables.map((name) => tableRows(page, name)));
      await showView(page, 'Statistics');
      const spreads = await tableRows(page, spreadTable);
      expect(first.map((row) => row[0])).toEqual(tasks);
      expect(first.map((row) => [row[3], row[6]])).toEqual(
        [0, 1].map((place) => ['STL', 'MTL-XC'].map((contender) => meanText(file, contender, place))),
      );
      expect(second).toEqual(
        tasks.map((task, place) => [
          task,
          ...[...contenders.slice(2), 'STL', 'MTL-XC'].map((contender) => meanText(file, contender, place)),
        ]),
      );
      for (const [place, row] of third.entries()) {
        const chosen = `MTL-LS ${row[1]}`;
        const devel = contenders.slice(2).map((contender) => mean(scoresOf(file, contender, place, 'devel')));
        expect(mean(scoresOf(file, chosen, place, 'devel'))).toBeCloseTo(Math.max(...devel), 6);
        expect(row[3]).toBe(meanText(file, chosen, place));
      }
      // Scores that are all alike would make the comparisons above idle.
      expect(new Set(second.flatMap((row) => row.slice(1))).size).toBeGreaterThan(3);
      return [first, second, third, spreads];
    });

    await test.step('another browser shows the same tables from the file', async () => {
      await openLab(elsewhere);
      await dropPaths(elsewhere, path);
      await expect(elsewhere.getByRole('heading', { level: 1, name: 'Experiments' })).toBeVisible();
      await openExperiment(elsewhere, 'sickness');
      for (const [place, name] of [...tables, spreadTable].entries()) {
        if (name === spreadTable) await showView(elsewhere, 'Statistics');
        await expect(elsewhere.getByRole('table', { name, exact: true })).toBeVisible();
        await expect.poll(() => tableRows(elsewhere, name)).toEqual(shown[place]);
      }
      await expect(notices(elsewhere)).toBeEmpty();
    });

    await test.step('the same plan again trains nothing', async () => {
      await visit(page, 'New');
      await page.reload();
      await waitUntilReady(page);
      await page.getByRole('checkbox', { name: 'MTL-XC' }).check();
      await page.getByRole('checkbox', { name: 'MTL-LS' }).check();
      // One's own category comes first of those that can be had.
      await expect(page.getByLabel('Category name')).toHaveValue('sickness');
      await enterSettings(page, whole);
      await expect
        .poll(() => planFacts(page))
        .toMatchObject({
          Runs: `${runs}`,
          'To train': '0, the others already exist',
          Steps: '0',
        });
      await openGraph(page);
      await expect(planPanel(page).getByText('reused', { exact: true })).toHaveCount(runs);
      await startPlan(page);
      await expect(runsWith(page, 'Finished')).toHaveCount(runs);
      // Not even the time of the last change is another.
      expect((await exportAll(page, info, runs)).file.runs).toEqual(file.runs);
    });
  },
);

async function openGraph(page: Page): Promise<void> {
  const list = planPanel(page).getByRole('list', { name: 'Runs of the plan' });
  if (!(await list.isVisible())) await planPanel(page).getByText('Run graph', { exact: true }).click();
  await expect(list).toBeVisible();
}

/** The graph of the whole plan: what starts from nothing, and what starts from one MTL-XC. */
async function expectGraph(page: Page): Promise<void> {
  await openGraph(page);
  const startingFrom = async (name: string) =>
    planPanel(page)
      .getByRole('list', { name, exact: true })
      .evaluate((list) => [...list.children].map((item) => item.querySelector('.run-node')?.textContent ?? ''));
  const firsts = await startingFrom('Runs of the plan');
  expect(firsts).toEqual(
    ['1', '2'].flatMap((seed) => [
      `STL · short-a · Disease · seed ${seed}new, 3 steps`,
      `STL · short-b · Illness · seed ${seed}new, 3 steps`,
      `MTL-XC · sickness · 2 tasks · seed ${seed}new, 6 steps`,
    ]),
  );
  expect(await startingFrom('Runs that start from MTL-XC · sickness · 2 tasks · seed 2')).toEqual([
    'MTL-XC, round 1 · sickness · 2 tasks · seed 2new, 6 steps',
    ...['0.00', '0.50', '1.00'].flatMap((rate) => tasks.map((task) => `MTL-LS ${rate} · ${task} · seed 2new, 3 steps`)),
  ]);
  expect(await startingFrom('Runs that start from MTL-LS 0.50 · short-b · Illness · seed 1')).toEqual([
    'MTL-LS 0.50, round 1 · short-b · Illness · seed 1new, 3 steps',
  ]);
}

/** Both charts of the task at this place: what is drawn, and what their CSV files say. */
async function expectCharts(page: Page, info: TestInfo, file: ResultFile, place: number): Promise<void> {
  const curves = page.getByRole('figure', { name: 'Devel F1 by epoch' });
  await expect(curves.locator('.legend-entry')).toHaveText(contenders);
  await expect(curves.locator('.recharts-line')).toHaveCount(contenders.length);
  const develRows = await savedCsv(page, info, 'Devel F1 by epoch');
  expect(develRows[0]).toEqual(['epoch', ...contenders]);
  const develMeans = contenders.map((contender) => close(mean(firstEpochs(file, contender, place))));
  expect(develRows.slice(1).map((row) => row.map(Number))).toEqual([[1, ...develMeans]]);

  const byRate = page.getByRole('figure', { name: 'Test F1 by slicing rate' });
  const means = Object.fromEntries(
    contenders.map((contender) => [contender, mean(scoresOf(file, contender, place, 'test'))]),
  );
  await expect(byRate.locator('.legend-entry')).toHaveText([
    `STL ${means['STL']?.toFixed(2)}`,
    `MTL-XC ${means['MTL-XC']?.toFixed(2)}`,
    'MTL-LS',
  ]);
  await expect(byRate.locator('.recharts-reference-line')).toHaveCount(2);
  await expect(byRate.locator('.recharts-line-dots > *')).toHaveCount(3);
  const rateRows = await savedCsv(page, info, 'Test F1 by slicing rate');
  expect(rateRows.slice(1).map(([method, rate, , f1]) => [method, rate, Number(f1)])).toEqual([
    ...[0, 0.5, 1].map((rate) => ['MTL-LS', `${rate}`, close(means[`MTL-LS ${rate.toFixed(2)}`])]),
    ['STL', '', close(means['STL'])],
    ['MTL-XC', '', close(means['MTL-XC'])],
  ]);
}

function close(value: number | undefined): unknown {
  return expect.closeTo(value ?? Number.NaN, 6);
}

async function savedCsv(page: Page, info: TestInfo, chart: string): Promise<readonly (readonly string[])[]> {
  const { text } = await download(page, info, () => page.getByRole('button', { name: `Save ${chart} as CSV` }).click());
  return text
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));
}

function tableRows(page: Page, name: string): Promise<readonly (readonly string[])[]> {
  return rowsOf(page.getByRole('table', { name, exact: true }));
}

/** Returns the finished runs of a variant with the task at this index of the category, each with the task's index in the run. */
function trainingsOf(file: ResultFile, contender: string, place: number): readonly (readonly [RunRecord, number])[] {
  const [method, rate] = contender.split(' ');
  return file.runs.flatMap((run): (readonly [RunRecord, number])[] => {
    const at = run.spec.tasks.findIndex(({ corpus }) => corpus.name === corpora[place]?.name);
    const isOf = run.spec.method === method && (run.spec.slicing?.layers ?? null) === (rate ? 4 * Number(rate) : null);
    return isOf && at >= 0 ? [[run, at]] : [];
  });
}

/** F1 of the selected snapshots over seeds and rounds. */
function scoresOf(file: ResultFile, contender: string, place: number, split: 'devel' | 'test'): readonly number[] {
  return trainingsOf(file, contender, place).map(([run, at]) => {
    const selected = run.snapshots.find(({ epoch }) => epoch === run.selectedEpoch);
    return selected?.[split][at]?.lenient.overall.f1 ?? Number.NaN;
  });
}

/** Devel F1 after epoch 1 of the first trainings. */
function firstEpochs(file: ResultFile, contender: string, place: number): readonly number[] {
  return trainingsOf(file, contender, place).flatMap(([{ spec, epochs }, at]) =>
    spec.round === 0 ? [epochs[0]?.devel[at]?.lenient.overall.f1 ?? Number.NaN] : [],
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean and sample deviation of test F1 over two seeds with two rounds each, as the tables write them. */
function meanText(file: ResultFile, contender: string, place: number): string {
  const values = scoresOf(file, contender, place, 'test');
  expect(values).toHaveLength(4);
  const centre = mean(values);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
  return `${centre.toFixed(2)} ± ${deviation.toFixed(2)}`;
}
