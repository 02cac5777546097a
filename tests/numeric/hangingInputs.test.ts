// Proves that the command `headless` answers at once to inputs that once hung it: a result file with a cycle of parents, dropped or stored, and slow patterns.
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { singleTaskPlan, writePlanFolder, type PlanFolder } from '../../soak/killPlans.ts';
import { sealResultFile } from '../../src/schema/resultFile.ts';
import type { ResultFile } from '../../src/schema/resultFile.ts';
import { fileSystem } from '../../src/storage/fileSystem.ts';
import { checksum } from '../../src/util/digest.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
let home = '';
let folder: PlanFolder;
/** How long the command takes to start and end; a busy machine makes it longer. */
let startMs = 0;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'bioner-hanging-'));
  folder = await writePlanFolder(home, singleTaskPlan(1));
  startMs = (await command(['--help'], /^Usage/)).answeredMs;
});
afterAll(() => rm(home, { recursive: true, force: true }));

interface Answer {
  /** The line that was waited for; empty if the command ended without it. */
  readonly line: string;
  readonly answeredMs: number;
  readonly exitCode: number | null;
}

/** Runs the command until it ends, and says when it wrote the line that `expected` is in. Kills it if it hangs. */
async function command(words: readonly string[], expected: RegExp): Promise<Answer> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', 'headless/headless.ts', ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  let printed = '';
  let answeredMs = Infinity;
  const listen = (chunk: Buffer): void => {
    printed += chunk.toString();
    if (answeredMs === Infinity && expected.test(printed)) answeredMs = performance.now() - startedAt;
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const exitCode = await new Promise<number | null>((resolve, reject) =>
    child.on('error', reject).on('close', resolve),
  );
  return { line: printed.split('\n').find((line) => expected.test(line)) ?? '', answeredMs, exitCode };
}

function train(out: string, { corporaFolder, modelsFolder, planFile }: PlanFolder, expected: RegExp): Promise<Answer> {
  const inputs = ['--corpora', corporaFolder, '--models', modelsFolder, '--out', path.join(home, out)];
  return command([planFile, ...inputs, '--backend', 'cpu'], expected);
}

/** A result of real runs, one of which starts from itself; well sealed. */
async function cyclicResult(): Promise<ResultFile> {
  const text = await readFile(path.join(root, 'results', 'disease-sharing.result.json'), 'utf8');
  const { checksum: _seal, ...members } = JSON.parse(text) as ResultFile;
  const runs = members.runs.map((run) => {
    return run.spec.method === 'MTL-LS' ? { ...run, spec: { ...run.spec, parent: run.spec.id } } : run;
  });
  expect(runs).not.toEqual(members.runs);
  return sealResultFile({ ...members, runs });
}

/** Two seconds after the start, or more where the start itself took longer. */
const soon = () => 2000 + 2 * startMs;

describe('a result file whose run starts from itself', () => {
  it('beside a corpus is refused by name, and the plan is trained', async () => {
    const corporaFolder = path.join(home, 'corpora-and-result');
    await cp(folder.corporaFolder, corporaFolder, { recursive: true });
    await writeFile(path.join(corporaFolder, 'short-a', 'own.json'), JSON.stringify(await cyclicResult()));
    const { line, answeredMs, exitCode } = await train('beside', { ...folder, corporaFolder }, /own\.json was refused/);
    expect(line).toMatch(/starts from itself/);
    expect(answeredMs).toBeLessThan(soon());
    expect(exitCode).toBe(0);
  });

  it('in place of the plan is refused as no plan', async () => {
    const planFile = path.join(home, 'own.json');
    await writeFile(planFile, JSON.stringify(await cyclicResult()));
    const { line, answeredMs, exitCode } = await train('instead', { ...folder, planFile }, /not a plan file/);
    expect(line).toContain('Got format "bioner-lab-result"');
    expect(answeredMs).toBeLessThan(soon());
    expect(exitCode).toBe(2);
  });

  it('already stored in the folder is left out by name, and the plan is trained', async () => {
    // As earlier versions stored it.
    const record = JSON.stringify({ id: 'f00d', fileName: 'own.json', file: await cyclicResult() });
    const sealed = `${record}\n${checksum(new TextEncoder().encode(record))}`;
    const store = fileSystem(path.join(home, 'stored', 'store'));
    await store.write('result/f00d/record', new TextEncoder().encode(sealed));
    await store.settled();
    const { line, answeredMs, exitCode } = await train('stored', folder, /left out/);
    expect(line).toMatch(/starts from itself/);
    expect(answeredMs).toBeLessThan(soon());
    expect(exitCode).toBe(0);
  });
});

it.each([
  ['Split', 'a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b'],
  ['Replace', '.*.*.*.*.*.*.*.*.*.*.*.*=$'],
])('a tokenizer with a pattern of polynomial time to %s is refused by the pattern', async (type, pattern) => {
  const modelsFolder = path.join(home, `models-${type}`);
  await cp(folder.modelsFolder, modelsFolder, { recursive: true });
  const file = path.join(modelsFolder, 'tiny', 'tokenizer.json');
  const tokenizer = JSON.parse(await readFile(file, 'utf8')) as object;
  const step =
    type === 'Split'
      ? { pre_tokenizer: { type, pattern: { Regex: pattern }, behavior: 'Isolated', invert: false } }
      : { normalizer: { type, pattern: { Regex: pattern }, content: '' } };
  await writeFile(file, JSON.stringify({ ...tokenizer, ...step }));
  const { line, answeredMs, exitCode } = await train(`tokenizer-${type}`, { ...folder, modelsFolder }, /was refused/);
  expect(line).toContain(`tokenizer.json cannot be used: a pattern in it might never come to an end`);
  expect(line).toContain(pattern);
  expect(answeredMs).toBeLessThan(soon());
  expect(exitCode).toBe(2);
});
