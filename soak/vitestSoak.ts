// Runs the long form of tests as a soak: with higher counts than `npm test`, and sums up their report.
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { countVitest, describeCounts, settle, type VitestReport } from '../scripts/testCounts.ts';
import type { SoakRow } from './soakRow.ts';

export interface VitestSoak {
  readonly project: 'unit' | 'numeric' | 'gpu';
  /** Part of the names of the test files. */
  readonly files: string;
  /** Environment that makes these tests long. */
  readonly env: Readonly<Record<string, string>>;
  /** What they inject, for the table. */
  readonly injected: string;
}

/** A long test that prints `soaked: WHAT | TIMES | LOST` gets a separate row in the table. */
const TOLD = /soaked: (.+?) \| (\d+) \| (\d+)/g;

/** A failed test counts as lost, and so does a report without tests. */
export async function vitestSoak(
  { project, files, env, injected }: VitestSoak,
  root: string,
): Promise<readonly SoakRow[]> {
  const report = path.join(root, 'test-results', `soak-${project}-${files}.json`);
  await mkdir(path.dirname(report), { recursive: true });
  await rm(report, { force: true });
  const command = [path.join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', project, files];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const colours = { NO_COLOR: '1', FORCE_COLOR: undefined };
  const { printed, exitCode } = await runNode([...command, ...reporters], root, { ...colours, ...env });
  const text = await readFile(report, 'utf8').catch(() => null);
  const nothing = { passed: 0, failed: 0, skipped: 0 };
  const counts = settle(text === null ? nothing : countVitest(JSON.parse(text) as VitestReport), exitCode);
  const told = [...printed.matchAll(TOLD)].map(([, what = '', times, lost]) => ({
    injected: what,
    times: Number(times),
    lost: Number(lost),
  }));
  return [...told, { injected: `${injected} (tests: ${describeCounts(counts)})`, times: counts.passed + counts.failed, lost: counts.failed }]; // prettier-ignore
}

/** The whole gate in its long form; its last line has the counts. */
export async function testsSoak(root: string): Promise<readonly SoakRow[]> {
  const { printed } = await runNode(['--import', 'tsx', path.join(root, 'scripts', 'test.ts')], root, { VITE_SOAK: '1' }); // prettier-ignore
  const [, passed = 0, failed = 1] = /(\d+) passed, (\d+) failed(?:, \d+ skipped)?\s*$/.exec(printed) ?? [];
  return [{ injected: 'the long form of every test', times: Number(passed) + Number(failed), lost: Number(failed) }];
}

/** Runs Node with arguments; shows what it prints while it runs. */
async function runNode(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly printed: string; readonly exitCode: number | null }> {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    process.stderr.write(chunk);
  });
  const exitCode = await new Promise<number | null>((resolve, reject) =>
    child.on('error', reject).on('close', resolve),
  );
  return { printed, exitCode };
}
