// Proves that result files are stored in parts and read as they were, also those of earlier versions, and that a torn or damaged one hides no other.
import { describe, expect, test } from 'vitest';
import { resultIdOf, sealResultFile } from '../../../src/schema/resultFile.ts';
import type { ResultFile } from '../../../src/schema/resultFile.ts';
import { writeJson } from '../../../src/storage/records.ts';
import {
  listResults,
  readResult,
  removeResult,
  removeTornResults,
  writeResult,
} from '../../../src/storage/resultRecords.ts';
import { memory } from '../../../src/storage/store.ts';
import { LabError } from '../../../src/util/labError.ts';
import { faultyStore } from '../../fixtures/faultyStore.ts';
import { finishedResult } from '../../fixtures/finishedResult.ts';

/** The run of the finished result as often as wanted, with other ids. */
function resultOf(runCount: number): ResultFile {
  const { checksum: _one, runs, ...members } = finishedResult();
  const [run] = runs;
  if (run === undefined) throw new Error('The result has no run.');
  const repeated = Array.from({ length: runCount }, (_, index) => ({
    ...run,
    spec: { ...run.spec, id: index.toString(16).padStart(16, '0'), seed: index },
  }));
  return sealResultFile({ ...members, runs: repeated });
}

const file = resultOf(7);
const stored = { id: resultIdOf(file), fileName: 'mine.json', file };
const partsIn = (keys: readonly string[]) => keys.filter((key) => key.includes('/runs/'));

describe('Stored result files', () => {
  test('are read as they were written, run by run, from parts none of which is much longer than one run', async () => {
    const store = memory();
    await writeResult(store, stored);
    expect(await readResult(store, stored.id)).toEqual(stored);
    const parts = partsIn(await store.keys('result/'));
    expect(parts.length).toBeGreaterThan(3);
    const longestRun = JSON.stringify(file.runs[0]).length;
    for (const key of parts) expect((await store.read(key))?.length).toBeLessThan(32 * 1024 + longestRun + 100);
    await removeResult(store, stored.id);
    expect(await store.keys('')).toEqual([]);
  });

  test('of earlier versions of the lab, stored in one record, are read as well', async () => {
    const store = memory();
    await writeJson(store, `result/${stored.id}/record`, stored);
    expect(await readResult(store, stored.id)).toEqual(stored);
  });

  test.each([0, 1, 6])('leave nothing behind when the store is full at write %i', async (fullAt) => {
    const store = memory();
    const full = faultyStore(store, ({ kind, index }) => {
      if (kind === 'write' && index === fullAt) throw new LabError('storage/full', 'no room');
    });
    await expect(writeResult(full, stored)).rejects.toMatchObject({ code: 'storage/full' });
    expect(await store.keys('')).toEqual([]);
  });

  test('with a part that is gone or altered, or runs that lack their parent, are unreadable and hide no other', async () => {
    const store = memory();
    const other = resultOf(1);
    await writeResult(store, stored);
    await writeResult(store, { id: 'other', fileName: 'other.json', file: other });
    const [part = ''] = partsIn(await store.keys(`result/${stored.id}/`));
    const bytes = await store.read(part);
    const listed = async () => {
      const { records, unreadable } = await listResults(store);
      expect(records.map(({ id }) => id)).toEqual(['other']);
      return unreadable.map(({ id, code }) => [id, code]);
    };
    await store.remove([part]);
    expect(await listed()).toEqual([[stored.id, 'storage/missing']]);
    await store.write(
      part,
      (bytes ?? new Uint8Array()).map((byte, index) => (index === 9 ? byte ^ 1 : byte)),
    );
    expect(await listed()).toEqual([[stored.id, 'storage/corrupt']]);
    await writeJson(store, part, [{ ...file.runs[0], spec: { ...file.runs[0]?.spec, round: 1, parent: 'gone' } }]);
    expect(await listed()).toEqual([[stored.id, 'storage/corrupt']]);
  });

  test('that were not written as a whole are removed, and the others are not', async () => {
    const store = memory();
    await writeResult(store, stored);
    await writeJson(store, 'result/torn/runs/0', []);
    await removeTornResults(store);
    expect(await store.keys('result/torn/')).toEqual([]);
    expect(await readResult(store, stored.id)).toEqual(stored);
  });
});
