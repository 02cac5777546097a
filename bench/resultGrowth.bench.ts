// Measures how merge, tables, analysis and memory grow with the number of runs: in this process, by the command, and on the page.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright';
import { preview } from 'vite';
import { resultPage } from '../headless/mergeCommand.ts';
import { builtLab } from '../scripts/builtLab.ts';
import { chromiumFlags } from '../scripts/chromiumFlags.ts';
import { findChromium } from '../scripts/findChromium.ts';
import { buildComparisons } from '../src/lab/comparison/comparison.ts';
import { comparisonTables } from '../src/lab/comparison/comparisonTables.ts';
import { commonPlan, mergeParts, type PartFile } from '../src/lab/comparison/mergeRuns.ts';
import { publishedScores } from '../src/lab/comparison/publishedScores.ts';
import { sealResultFile, type ResultFile } from '../src/schema/resultFile.ts';
import { countedResult } from '../tests/fixtures/countedResult.ts';

// Run manually on a quiet machine: npx tsx bench/resultGrowth.bench.ts [--page]
const root = path.resolve(import.meta.dirname, '..');
const SIZES = [10, 100, 1000, 10_000];
const RUNS_A_SEED = 9;
const ROUNDS = 3;
const LONGEST_MS = 600_000;

/** About as many runs: nine for each seed, of all methods on two tasks, each with the counts of 120 test sentences. */
function resultOf(runs: number): ResultFile {
  const seeds = Array.from({ length: Math.max(1, Math.round(runs / RUNS_A_SEED)) }, (_, index) => index + 1);
  return countedResult({ seeds });
}

/** A file for each run, with those that it starts from, as `bioner train --run` writes them. */
function partsOf(result: ResultFile): readonly PartFile[] {
  const byId = new Map(result.runs.map((run) => [run.spec.id, run]));
  const { checksum: _whole, ...members } = result;
  return result.runs.map((run) => {
    const parent = run.spec.parent === null ? undefined : byId.get(run.spec.parent);
    const runs = parent === undefined ? [run] : [parent, run];
    return { name: `${run.spec.id}.json`, file: sealResultFile({ ...members, runs }) };
  });
}

/** The median time of the work in milliseconds. */
async function medianMs(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  return times.sort((left, right) => left - right)[Math.floor(ROUNDS / 2)] ?? NaN;
}

interface Measured {
  readonly runs: number;
  readonly cells: readonly string[];
}

async function measure(size: number, folder: string): Promise<Measured> {
  const result = resultOf(size);
  const parts = partsOf(result);
  const at = { software: result.software, exportedAt: result.exportedAt };
  const mergeMs = await medianMs(() => mergeParts(parts, commonPlan(parts), at));
  const layers = new Map(result.models.map((model) => [model.id, model.layers]));
  const tableMs = await medianMs(() =>
    buildComparisons(result.runs, (id) => layers.get(id)).map((one) => comparisonTables(one, publishedScores)),
  );
  const pageMs = await medianMs(() => resultPage(result, { title: '', words: '', link: null }));
  const command = commandOf(parts, folder);
  return {
    runs: result.runs.length,
    cells: [spell(mergeMs), spell(tableMs), spell(pageMs), spell(command.ms), `${Math.round(command.peakBytes / 1e6)} MB`, `${(command.bytes / 1e6).toFixed(1)} MB`], // prettier-ignore
  };
}

function spell(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Merges files on the disk with `bioner merge`; the peak memory is that of its process, as the system counts it. */
function commandOf(parts: readonly PartFile[], folder: string) {
  const out = path.join(folder, 'results');
  for (const { name, file } of parts) {
    const run = path.join(out, 'runs', name.replace('.json', ''));
    mkdirSync(run, { recursive: true });
    writeFileSync(path.join(run, 'run.result.json'), JSON.stringify(file));
  }
  const merged = path.join(folder, 'merged.result.json');
  const report = path.join(folder, 'peak');
  const script = `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(report)}, String(process.resourceUsage().maxRSS * 1024)))`;
  const preload = path.join(folder, 'peak.cjs');
  writeFileSync(preload, script);
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--require', preload, path.join(root, 'scripts/bioner.mjs'), 'merge', out, '--out', merged], { encoding: 'utf8' }); // prettier-ignore
  const ms = performance.now() - startedAt;
  if (status !== 0) throw new Error(`bioner merge ended with ${status}: ${stderr}`);
  return { ms, peakBytes: Number(readFileSync(report, 'utf8')), bytes: statSync(merged).size };
}

/** Drops a merged result on the page and waits for the list of experiments. */
async function pageTimes(): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('No Chromium was found. Install one, or set CHROME_PATH.');
  await builtLab(root);
  const server = await preview({ root, preview: { host: '127.0.0.1', port: 0 }, logLevel: 'warn' });
  const address = server.resolvedUrls?.local[0];
  if (address === undefined) throw new Error('The server did not tell its address.');
  const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bioner-growth-'));
  try {
    console.log('\n| runs | dropped until read | longest task | heap of the page |\n| --- | --- | --- | --- |');
    for (const size of SIZES) {
      const file = path.join(folder, `${size}.result.json`);
      const result = resultOf(size);
      writeFileSync(file, JSON.stringify(result));
      const page = await (await browser.newContext()).newPage();
      await page.goto(`${address}?backend=wasm`);
      await page.getByRole('link', { name: 'Library' }).first().click();
      await page.evaluate(() => {
        const longest = { ms: 0 };
        new PerformanceObserver((list) => {
          for (const { duration } of list.getEntries()) longest.ms = Math.max(longest.ms, duration);
        }).observe({ type: 'longtask' });
        Object.assign(globalThis, { longest });
      });
      const startedAt = performance.now();
      await page.getByLabel('Choose files').setInputFiles(file);
      await page.getByRole('heading', { level: 1, name: 'Experiments' }).waitFor({ timeout: LONGEST_MS });
      const tookMs = performance.now() - startedAt;
      await page.waitForTimeout(3000); // What is read is drawn.
      const session = await page.context().newCDPSession(page);
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      const longest = await page.evaluate(() => (globalThis as unknown as { longest: { ms: number } }).longest.ms);
      console.log(
        `| ${result.runs.length} | ${spell(tookMs)} | ${spell(longest)} | ${Math.round(usedSize / 1e6)} MB |`,
      );
      await page.context().close();
    }
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv.includes('--page')) await pageTimes();
else {
  console.log(
    '| runs | merge | tables | page of the result | `bioner merge`, from files | its peak memory | merged file |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const size of SIZES) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'bioner-growth-'));
    try {
      const { runs, cells } = await measure(size, folder);
      console.log(`| ${runs} | ${cells.join(' | ')} |`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
