// Proves that two results are compared by task, method, rate and seed, with the difference that their scores have, and that what they do not share is left out.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'fflate';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareCommand } from '../../../scripts/analysis/compareCommand.ts';
import { sealResultFile, type ResultFile } from '../../../src/schema/resultFile.ts';
import { countedResult } from '../../fixtures/countedResult.ts';

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'compare-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function written(name: string, result: ResultFile): Promise<string> {
  const file = path.join(folder, name);
  const text = new TextEncoder().encode(JSON.stringify(result));
  await writeFile(file, name.endsWith('.gz') ? gzipSync(text) : text);
  return file;
}

async function compare(...args: readonly string[]) {
  let [output, errors] = ['', ''];
  const code = await compareCommand(args, {
    output: { write: (text) => void (output += text) },
    errors: { write: (text) => void (errors += text) },
    interrupt: new AbortController().signal,
    openServer: () => {
      throw new Error('Nothing is trained.');
    },
  });
  return { code, output, errors };
}

interface ComparedRow {
  readonly task: string;
  readonly variant: string;
  readonly trainings: number;
  readonly first: number;
  readonly second: number;
  readonly difference: { readonly mean: number; readonly low: number; readonly high: number };
  readonly verdict: string;
}

it('finds no difference between a result and itself, in every variant of every task', async () => {
  const file = await written('one.result.json', countedResult());
  const packed = await written('one.result.json.gz', countedResult());
  const { code, output } = await compare(file, packed, '--json');
  const rows = JSON.parse(output) as readonly ComparedRow[];
  expect(code).toBe(0);
  expect(rows).toHaveLength(2 * 5);
  expect(new Set(rows.map(({ variant }) => variant))).toEqual(
    new Set(['STL', 'MTL-XC', 'MTL-LS 0.00', 'MTL-LS 0.50', 'MTL-LS 1.00']),
  );
  for (const { trainings, difference, verdict } of rows) {
    expect({ trainings, difference, verdict }).toEqual({ trainings: 3, difference: { mean: 0, low: 0, high: 0 }, verdict: 'sentences' }); // prettier-ignore
  }
});

it('pairs the seeds that both have, and gives the difference of their mean test F1', async () => {
  const first = countedResult();
  // Every STL run of the second has found what MTL-LS 1.00 of its seed and task has; the third seed is missing.
  const better = first.runs.filter(({ spec }) => spec.slicing?.layers === 2);
  const { checksum: _checksum, ...unsealed } = first;
  const second = sealResultFile({
    ...unsealed,
    runs: first.runs
      .filter(({ spec }) => spec.method === 'STL' && spec.seed < 3)
      .map((run) => {
        const of = better.find(({ spec }) => spec.seed === run.spec.seed && spec.tasks[0]?.corpus.id === run.spec.tasks[0]?.corpus.id); // prettier-ignore
        return { ...run, snapshots: of?.snapshots ?? [] };
      }),
  });
  const files = [await written('all.result.json', first), await written('stl.result.json', second)];
  const compared = await compare(...files, '--json');
  expect(compared.errors).toBe('');
  const rows = JSON.parse(compared.output) as readonly ComparedRow[];
  expect(rows.map(({ task, variant, trainings }) => ({ task, variant, trainings }))).toEqual([
    { task: 'heath · Disease', variant: 'STL', trainings: 2 },
    { task: 'shore · Disease', variant: 'STL', trainings: 2 },
  ]);
  const meanF1 = ({ runs }: ResultFile, name: string): number => {
    const own = runs.filter(
      ({ spec }) => spec.method === 'STL' && spec.seed < 3 && spec.tasks[0]?.corpus.name === name,
    );
    return own.reduce((sum, { snapshots }) => sum + (snapshots.at(-1)?.test[0]?.lenient.overall.f1 ?? NaN), 0) / own.length; // prettier-ignore
  };
  for (const { task, first: a, second: b, difference } of rows) {
    const [name = ''] = task.split(' · ');
    expect(a).toBeCloseTo(meanF1(first, name), 9);
    expect(b).toBeCloseTo(meanF1(second, name), 9);
    expect(difference.mean).toBeCloseTo(a - b, 9);
    expect(difference.mean).toBeLessThan(-10);
    expect(difference.high).toBeLessThan(0);
  }
  const { output } = await compare(...files);
  expect(output.split('\n')[2]).toMatch(
    /^\| heath · Disease \| STL \| 2 \| [\d.]+ \| [\d.]+ \| −[\d.]+ \(−[\d.]+ to −[\d.]+\) \|/,
  );
});

it('refuses what shares nothing, and anything but two files, with exit code 2', async () => {
  const one = await written('heath.result.json', countedResult());
  const other = await written('other.result.json', countedResult({ corpora: ['fen', 'dune'] }));
  const { code, errors } = await compare(one, other);
  expect(code).toBe(2);
  expect(errors).toContain('The results have no training in common. Expected finished trainings of one task');
  const alone = await compare(one);
  expect(alone.code).toBe(2);
  expect(alone.errors).toContain('Give two result files.');
  expect(alone.errors).toContain('Usage: bioner compare');
});
