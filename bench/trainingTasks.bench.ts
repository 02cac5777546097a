// Measures the longest tasks of the page's thread while a run trains on the processor: on the run, on its experiment, and on every other page.
import path from 'node:path';
import { chromium, type Page } from 'playwright';
import { preview } from 'vite';
import { builtLab } from '../scripts/builtLab.ts';
import { chromiumFlags } from '../scripts/chromiumFlags.ts';
import { findChromium } from '../scripts/findChromium.ts';

// Run manually on a quiet machine: npx tsx bench/trainingTasks.bench.ts [--threads N] [--names]
const root = path.resolve(import.meta.dirname, '..');
const threadsAt = process.argv.indexOf('--threads');
const threads = threadsAt < 0 ? 2 : Number(process.argv[threadsAt + 1]);
const withNames = process.argv.includes('--names');
const NAMED_TASKS = 6;
const CATEGORIES = ['toplevel', 'devtools.timeline'];

/** An event of Chromium's trace, times in µs: `dur` on the clock, `tdur` on the processor. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args: Readonly<Record<string, unknown>>;
}

interface Task {
  readonly event: TraceEvent;
  /** On the clock, in ms: longer than on the processor where the threads that train have its turn. */
  readonly wallMs: number;
  readonly workMs: number;
}

interface Measured {
  readonly tasks: readonly Task[];
  readonly within: (task: Task) => readonly TraceEvent[];
}

/** The tasks of the page's thread while `act` runs, the longest first. */
async function measured(page: Page, act: () => Promise<void>): Promise<Measured> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('The page has no browser.');
  await browser.startTracing(page, { categories: CATEGORIES });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args['name'] === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid}/${tid}`),
  );
  const own = traceEvents.filter(({ pid, tid, ph }) => ph === 'X' && main.has(`${pid}/${tid}`));
  const tasks = own
    .filter(({ name }) => name === 'ThreadControllerImpl::RunTask' || name === 'RunTask')
    .map((event) => ({ event, wallMs: (event.dur ?? 0) / 1000, workMs: (event.tdur ?? event.dur ?? 0) / 1000 }))
    .sort((left, right) => right.workMs - left.workMs);
  const within = ({ event }: Task) =>
    own.filter(
      ({ pid, tid, ts, dur }) =>
        pid === event.pid && tid === event.tid && ts >= event.ts && ts + (dur ?? 0) <= event.ts + (event.dur ?? 0),
    );
  return { tasks, within };
}

/** What a task consists of: its longest inner events, with the function and the milliseconds of each. */
function contents(task: Task, within: Measured['within']): string {
  return within(task)
    .filter(({ name, dur = 0 }) => dur > 2000 && !name.includes('RunTask'))
    .sort((left, right) => (right.dur ?? 0) - (left.dur ?? 0))
    .slice(0, 8)
    .map(({ name, dur = 0, tdur = 0, args }) => {
      const data = (args['data'] ?? {}) as { functionName?: string; url?: string; type?: string };
      const where = [data.functionName, data.type, data.url?.split('/').at(-1)].filter((part) => part !== undefined && part !== ''); // prettier-ignore
      return `${name}${where.length === 0 ? '' : ` (${where.join(' ')})`} ${Math.round(dur / 1000)} ms, work ${Math.round(tdur / 1000)}`;
    })
    .join('; ');
}

async function trainSample(page: Page, epochs: number): Promise<void> {
  await page.goto(`${address}?backend=wasm#/`);
  await page.getByRole('button', { name: 'Train on a sample' }).and(page.locator(':enabled')).waitFor({ timeout: 60_000 }); // prettier-ignore
  await page.getByRole('button', { name: /^Backend: / }).click();
  const choice = page.getByLabel('Threads', { exact: true });
  await choice.selectOption(String(threads));
  await page.keyboard.press('Escape');
  await page.getByRole('radio', { name: 'Sample', exact: true }).check();
  await page.locator('summary').filter({ hasText: 'Schedule' }).click();
  await page.getByLabel('Epochs', { exact: true }).fill(String(epochs));
}

const places: readonly (readonly [name: string, show: (page: Page) => Promise<void>])[] = [
  ['run', async () => undefined],
  ['experiments', (page) => page.getByRole('link', { name: 'Experiments', exact: true }).first().click()],
  [
    'experiment',
    (page) =>
      page.getByRole('table', { name: 'Experiments', exact: true }).getByRole('link').first().click(), // prettier-ignore
  ],
  ['library', (page) => page.getByRole('link', { name: 'Library', exact: true }).click()],
  ['tag', (page) => page.getByRole('link', { name: 'Tag', exact: true }).click()],
  ['new', (page) => page.getByRole('link', { name: 'New', exact: true }).click()],
];
const WATCHED_MS = 12_000;

const executablePath = findChromium();
if (executablePath === undefined) throw new Error('No Chromium was found. Install Chrome or Chromium, or set CHROME_PATH.'); // prettier-ignore
await builtLab(root);
const server = await preview({ root, preview: { host: '127.0.0.1', port: 0 }, logLevel: 'warn' });
const address = server.resolvedUrls?.local[0];
if (address === undefined) throw new Error('Vite did not tell its address');
const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] });
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, serviceWorkers: 'block' });
  await trainSample(page, 12);
  console.log(
    `| page, ${threads} threads train | longest task, ms of work | on the clock | tasks over 50 ms of work | on the clock |`,
  );
  console.log('| --- | --- | --- | --- | --- |');
  const report = (name: string, { tasks, within }: Measured) => {
    const longestWall = Math.max(0, ...tasks.map(({ wallMs }) => wallMs));
    const over = (of: (task: Task) => number) => tasks.filter((task) => of(task) > 50).length;
    console.log(`| ${name} | ${Math.round(tasks[0]?.workMs ?? 0)} | ${Math.round(longestWall)} | ${over(({ workMs }) => workMs)} | ${over(({ wallMs }) => wallMs)} |`); // prettier-ignore
    if (!withNames) return;
    for (const task of tasks.slice(0, NAMED_TASKS)) {
      console.log(`  ${Math.round(task.workMs)} ms of work, ${Math.round(task.wallMs)} on the clock: ${contents(task, within)}`); // prettier-ignore
    }
  };
  report(
    'pressing Train, to the second epoch',
    await measured(page, async () => {
      await page.getByRole('complementary', { name: 'Plan' }).getByRole('button', { name: 'Train' }).click();
      await page.locator('dl > div', { hasText: 'Epoch' }).getByText(/^2 of/).waitFor({ timeout: 120_000 });
    }),
  );
  for (const [name, show] of places) {
    report(
      name,
      await measured(page, async () => {
        await show(page);
        await page.waitForTimeout(WATCHED_MS);
      }),
    );
  }
} finally {
  await browser.close();
  await server.close();
}
