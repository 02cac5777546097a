// Proves that the command predicts what the matrix of a folder of results lacks, once, writes it as a table, and says what it cannot score.
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runStoreOf } from '../../../headless/runFolder.ts';
import { acrossCommand } from '../../../scripts/analysis/acrossCommand.ts';
import { makeTagSet } from '../../../src/data/corpus/tagScheme.ts';
import { fileSystem } from '../../../src/storage/fileSystem.ts';
import { listRunRecords, writeRunRecord } from '../../../src/storage/runRecords.ts';
import { droppedText } from '../../fixtures/drops.ts';
import { fakeServer } from '../../fixtures/fakeServer.ts';
import { fakeHeadless, headlessFolder, writeDrops } from '../../fixtures/headlessBench.ts';
import { categoryPlan } from '../../fixtures/records.ts';

let folder = '';
const out = (): string => path.join(folder, 'out');

/** STL of moss and fern, trained by a fake server, whose predictions are two sentences without a mention. */
beforeEach(async () => {
  folder = await headlessFolder();
  for (const name of ['moss', 'fern']) {
    const row = (word: string) => `${name}\tO\n${word}\tB-Disease\n\n`;
    const splits = { train: row('leaf') + row('stem'), devel: row('root'), test: row('bark') + row('rot') };
    await writeDrops(folder, 'corpora', Object.entries(splits).map(([split, text]) => droppedText(`${name}/${split}.tsv`, text))); // prettier-ignore
  }
  const trained = await fakeHeadless(folder, categoryPlan({ methods: ['STL'], slicingRates: [] }));
  expect(trained.exitCode, trained.errors).toBe(0);
  const store = fileSystem(runStoreOf(out()));
  const tags = [...makeTagSet(['Disease'], 'IOB2', 'x').tags];
  for (const record of (await listRunRecords(store)).records) await writeRunRecord(store, { ...record, tags });
  await store.settled();
});
// What was being written when a command ended may still arrive.
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

async function across(...args: readonly string[]) {
  let [output, errors] = ['', ''];
  const predicted: unknown[] = [];
  const code = await acrossCommand(args, {
    output: { write: (text) => void (output += text) },
    errors: { write: (text) => void (errors += text) },
    interrupt: new AbortController().signal,
    openServer: (store) =>
      fakeServer(store, { beforeKeeping: (request) => Promise.resolve(void predicted.push(request)) }).client,
  });
  return { code, output, errors, predicted };
}

it('predicts what is missing, once, and writes every tagger on every test set', async () => {
  const first = await across(out());
  expect(first.code, first.errors).toBe(0);
  expect(first.predicted).toHaveLength(4);
  expect(first.output).toContain('STL on moss');
  const rows = (await readFile(path.join(out(), 'across-corpora.csv'), 'utf8')).trim().split(/\r?\n/);
  expect(rows[0]).toBe('experiment,method,trained on,tested on,type,own,F1,low,high,trainings');
  expect(rows.slice(1).map((row) => row.split(',').slice(1, 7).join(' ')).sort()).toEqual(
    ['fern fern Disease yes', 'fern moss Disease no', 'moss fern Disease no', 'moss moss Disease yes'].map((row) => `STL ${row} 0`),
  ); // prettier-ignore
  const again = await across(out(), '--out', path.join(folder, 'again.csv'), '--json');
  expect(again.predicted).toEqual([]);
  expect(JSON.parse(again.output.trim().split('\n').at(-1) ?? '')).toMatchObject({ event: 'file', rows: 4 });
});

it('says what it cannot score', async () => {
  const unknown = await across(out(), '--method', 'MTL-LS 0.25');
  expect([unknown.code, unknown.errors]).toEqual([2, expect.stringContaining('Expected STL. Got MTL-LS 0.25')]);
  const none = await across(path.join(folder, 'corpora'));
  expect([none.code, none.errors]).toEqual([2, expect.stringContaining('has no store of runs')]);
  expect((await across()).code).toBe(2);
});
