// Runs every check of the project and ends with one line of counts.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { findChromium } from './findChromium.ts';
import { halfAdapter, wantsHalfAdapter } from './halfAdapter.ts';
import { installChromium } from './installChromium.ts';
import { installHalfAdapter } from './installHalfAdapter.ts';
import {
  countPlaywright,
  countVitest,
  describeCounts,
  settle,
  sumCounts,
  type PlaywrightReport,
  type TestCounts,
  type VitestReport,
} from './testCounts.ts';

/** The programs that stages run; started directly by Node, they need no shell on any platform. */
const programs = {
  tsc: 'typescript/bin/tsc',
  eslint: 'eslint/bin/eslint.js',
  prettier: 'prettier/bin/prettier.cjs',
  vitest: 'vitest/vitest.mjs',
  vite: 'vite/bin/vite.js',
  playwright: '@playwright/test/cli.js',
  tsx: 'tsx/dist/cli.mjs',
} as const;
type Program = keyof typeof programs;

interface Stage {
  readonly name: string;
  /** Commands to run in order, up to the first that fails. */
  readonly commands: readonly (readonly [Program, ...string[]])[];
  /** The writer of the stage's JSON report; a stage without one counts as one check. */
  readonly report?: 'vitest' | 'playwright';
  readonly needsBrowser?: boolean;
  /** Whether it uses a software adapter with f16, where there is one beside the project. */
  readonly usesHalfAdapter?: boolean;
}

const root = path.resolve(import.meta.dirname, '..');
const reports = path.join(root, 'test-results');

/** Two of these run at any time, begun in this order: the longest first, so that both end at about the same time. */
const besideOneAnother: readonly Stage[] = [
  { ...vitestStage('gpu'), needsBrowser: true },
  vitestStage('numeric'),
  vitestStage('unit'),
  { ...vitestStage('f16'), usesHalfAdapter: true },
  { name: 'lint', commands: [['eslint', '.', '--max-warnings', '0']] },
  {
    name: 'typecheck',
    commands: [
      ['tsc', '-p', 'tsconfig.core.json'],
      ['tsc', '-p', 'tsconfig.json'],
    ],
  },
  { name: 'format', commands: [['prettier', '--check', '--log-level', 'warn', '.']] },
];

/** These run after them, one after the other: the tests of the page are two at a time by themselves. */
const alone: readonly Stage[] = [
  {
    name: 'build',
    commands: [
      ['vite', 'build', '--logLevel', 'warn'],
      ['tsx', 'scripts/weights.ts'],
    ],
  },
  { name: 'e2e', commands: [['playwright', 'test']], report: 'playwright', needsBrowser: true },
];
const stages: readonly Stage[] = [...besideOneAnother, ...alone];

function vitestStage(name: string): Stage {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportOf(name)}`];
  return { name, commands: [['vitest', 'run', '--project', name, ...reporters]], report: 'vitest' };
}

function reportOf(name: string): string {
  return path.join(reports, `${name}.json`);
}

/** Runs a stage; prints its output as it comes, or at the end if others run in parallel. */
async function runStage(stage: Stage, browser: string | undefined, isAlone: boolean): Promise<TestCounts> {
  if (isAlone) console.log(`\n== ${stage.name}`);
  const printed: Buffer[] = [];
  let exitCode: number | null = 0;
  for (const [program, ...args] of stage.needsBrowser === true && browser === undefined ? [] : stage.commands) {
    if (exitCode !== 0) break;
    const env = {
      ...process.env,
      ...(browser === undefined ? {} : { CHROME_PATH: browser }),
      PLAYWRIGHT_REPORT: reportOf('e2e'),
      ...(process.stdout.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: undefined }),
    };
    const output = isAlone ? 'inherit' : 'pipe';
    const command = [path.join(root, 'node_modules', programs[program]), ...args];
    const adapter = stage.usesHalfAdapter === true ? halfAdapter(root) : null;
    const { program: runner, args: first, env: own } = adapter ?? { program: process.execPath, args: [], env: {} };
    const started = [...first, ...command];
    const child = spawn(runner, started, { cwd: root, env: { ...env, ...own }, stdio: ['ignore', output, output] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => printed.push(chunk));
    exitCode = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  }
  if (!isAlone) process.stdout.write(`\n== ${stage.name}\n${Buffer.concat(printed).toString()}`);
  if (stage.needsBrowser === true && browser === undefined) {
    console.log('No Chromium was found and none could be installed. Install Chrome or Chromium, or set CHROME_PATH.');
    return { passed: 0, failed: 1, skipped: 0 };
  }
  if (stage.report === undefined) return { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
  return settle(readCounts(stage.name, stage.report), exitCode);
}

function readCounts(name: string, runner: 'vitest' | 'playwright'): TestCounts {
  let text: string;
  try {
    text = readFileSync(reportOf(name), 'utf8');
  } catch {
    console.log(`The stage ${name} ended without a report.`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const report: unknown = JSON.parse(text);
  return runner === 'vitest' ? countVitest(report as VitestReport) : countPlaywright(report as PlaywrightReport);
}

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !stages.some((stage) => stage.name === name));
  if (unknown.length > 0) {
    console.log(`No stage is called ${unknown.join(', ')}. Stages: ${stages.map(({ name }) => name).join(', ')}.`);
    process.exitCode = 1;
    return;
  }
  const isChosen = ({ name }: Stage): boolean => names.length === 0 || names.includes(name);
  const needsBrowser = stages.some((stage) => isChosen(stage) && stage.needsBrowser === true);
  const browser = needsBrowser ? (findChromium() ?? installChromium()) : undefined;
  const usesHalfAdapter = stages.some((stage) => isChosen(stage) && stage.usesHalfAdapter === true);
  if (usesHalfAdapter && wantsHalfAdapter() && halfAdapter(root) === null) installHalfAdapter(root);
  mkdirSync(reports, { recursive: true });

  const outcomes: { readonly name: string; readonly counts: TestCounts; readonly seconds: number }[] = [];
  const runInOrder = async (waiting: Stage[], isAlone: boolean): Promise<void> => {
    for (let stage = waiting.shift(); stage !== undefined; stage = waiting.shift()) {
      rmSync(reportOf(stage.name), { force: true });
      const startedAt = performance.now();
      const counts = await runStage(stage, browser, isAlone);
      outcomes.push({ name: stage.name, counts, seconds: (performance.now() - startedAt) / 1000 });
    }
  };
  const waiting = besideOneAnother.filter(isChosen);
  const isAlone = waiting.length < 2;
  await Promise.all([runInOrder(waiting, isAlone), runInOrder(waiting, isAlone)]);
  await runInOrder(alone.filter(isChosen), true);

  console.log('');
  for (const { name, counts, seconds } of outcomes) {
    const mark = counts.failed === 0 ? 'ok  ' : 'FAIL';
    console.log(`${mark} ${name.padEnd(10)} ${describeCounts(counts)} (${seconds.toFixed(1)} s)`);
  }
  const total = sumCounts(outcomes.map(({ counts }) => counts));
  if (total.failed > 0) process.exitCode = 1;
  console.log(describeCounts(total));
}

await main(process.argv.slice(2));
