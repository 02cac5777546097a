// Proves that the command measures gradients once, writes estimates and a plan of better subsets, compares trained subsets on devel, and says what it cannot do.
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runStoreOf } from '../../../headless/runFolder.ts';
import { affinityCommand } from '../../../scripts/analysis/affinityCommand.ts';
import { parsePlan } from '../../../src/lab/plans/expandPlan.ts';
import type { SequenceGradient } from '../../../src/metrics/affinity/linearisedTagger.ts';
import { usualGradients } from '../../../src/schema/storedPredictions.ts';
import { fileSystem } from '../../../src/storage/fileSystem.ts';
import { writeGradients } from '../../../src/storage/predictionRecords.ts';
import { listRunRecords } from '../../../src/storage/runRecords.ts';
import { droppedText } from '../../fixtures/drops.ts';
import { fakeServer } from '../../fixtures/fakeServer.ts';
import { fakeHeadless, headlessFolder, writeDrops } from '../../fixtures/headlessBench.ts';
import { categoryPlan } from '../../fixtures/records.ts';

const names = ['fern', 'moss', 'reed'];
let folder = '';
const out = (): string => path.join(folder, 'out');
const category = (...of: readonly string[]) => ({ name: of.join(' + '), typeName: 'Disease', tasks: of.map((name) => ({ corpus: { name }, type: 'Disease' })) }); // prettier-ignore

/** MTL-XC on three corpora and on two of them, and STL, trained by a fake server. */
beforeAll(async () => {
  folder = await headlessFolder();
  for (const name of names) {
    const row = (word: string) => `${name}\tO\n${word}\tB-Disease\n\n`;
    const splits = {
      train: row('leaf') + row('stem'),
      devel: row('root') + row('bud'),
      test: row('bark') + row('rot'),
    };
    await writeDrops(folder, 'corpora', Object.entries(splits).map(([split, text]) => droppedText(`${name}/${split}.tsv`, text))); // prettier-ignore
  }
  const trained = await fakeHeadless(folder, categoryPlan({ methods: ['STL', 'MTL-XC'], slicingRates: [], categories: [category(...names), category('fern', 'moss')] })); // prettier-ignore
  expect(trained.exitCode, trained.errors).toBe(0);
});
// What was being written when a command ended may still arrive.
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

async function affinity(...args: readonly string[]) {
  let [output, errors] = ['', ''];
  const predicted: unknown[] = [];
  const code = await affinityCommand(args, {
    output: { write: (text) => void (output += text) },
    errors: { write: (text) => void (errors += text) },
    interrupt: new AbortController().signal,
    openServer: (store) =>
      fakeServer(store, { beforeKeeping: (request) => Promise.resolve(void predicted.push(request)) }).client,
  });
  return { code, output, errors, predicted };
}

it('measures, estimates and compares, and does nothing twice', async () => {
  const first = await affinity(out());
  expect(first.code, first.errors).toBe(0);
  expect(first.output).toContain('cosine of gradients');
  expect(first.output).toMatch(
    /Chosen by devel for fern, MTL-XC: All tasks: no subset is better on devel by more than noise/,
  );
  // Devel of each task by its STL and both joint runs, and of nothing else.
  expect(first.predicted).toHaveLength(3 + 3 + 2);
  expect(first.predicted).toEqual(first.predicted.map(() => expect.objectContaining({ split: 'devel' }) as unknown));
  const written = JSON.parse(await readFile(path.join(out(), 'affinity.json'), 'utf8')) as { experiments: { choices: unknown[]; tasks: unknown[] }[] }; // prettier-ignore
  expect(written.experiments.map(({ choices, tasks }) => [choices.length, tasks.length])).toEqual([[3, 3]]);
  const again = await affinity(out(), '--json');
  expect(again.predicted).toEqual([]);
  expect(JSON.parse(again.output.trim().split('\n').at(-1) ?? '')).toMatchObject({ event: 'file', experiments: 1 });
});

it('plans the subsets that are estimated to be better', async () => {
  const store = fileSystem(runStoreOf(out()));
  const { records } = await listRunRecords(store);
  const joint = records.find(({ spec }) => spec.tasks.length === 3);
  // The third task's gradients oppose those of the first two.
  const sequence = (sign: number): SequenceGradient => ({ loss: 0.7, gradient: new Float32Array(usualGradients.dimensions).fill(sign) }); // prettier-ignore
  const tasks = [1, 1, -1].map((sign) => ({ shown: 2, train: [sequence(sign)], devel: [sequence(sign), sequence(0.9 * sign)] })); // prettier-ignore
  const runId = joint?.spec.id ?? '';
  await writeGradients(store, { runId, epoch: joint?.selectedEpoch ?? 0, ...usualGradients }, tasks);
  await store.settled();
  const found = await affinity(out());
  expect(found.code, found.errors).toBe(0);
  expect(found.output).toMatch(/Estimate for fern Disease: with moss: estimated devel loss [\d.]+ below all tasks/);
  const plan = parsePlan(await readFile(path.join(out(), 'train-together-1.plan.json'), 'utf8'));
  expect(plan).toMatchObject({ methods: ['MTL-XC'], categories: [{ name: 'fern + moss', typeName: 'Disease' }] });
  // Another draw is measured, not taken from what is stored.
  const other = await affinity(out(), '--seed', '2', '--sequences', '8', '--dimensions', '16');
  expect(other.output).toContain('8 sequences a task, 16 dimensions, seed 2');
});

it('says what it cannot do', async () => {
  const odd = await affinity(out(), '--dimensions', '7');
  expect([odd.code, odd.errors]).toEqual([2, expect.stringContaining('an even --dimensions')]);
  const none = await affinity(path.join(folder, 'corpora'));
  expect([none.code, none.errors]).toEqual([2, expect.stringContaining('has no store of runs')]);
  expect((await affinity(out(), '--seed', '-1')).code).toBe(2);
  expect((await affinity()).code).toBe(2);
  expect((await affinity('--help')).output).toContain('Usage: bioner affinity DIR');
});
