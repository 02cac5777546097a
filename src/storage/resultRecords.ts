// Stores result files that came from elsewhere: `result/<id>/record`, and their runs in parts `result/<id>/runs/<n>`, so that none takes long to read.
import { resultPartSchema, resultRecordSchema, type ResultFile } from '../schema/resultFile.ts';
import { lineageFault } from '../schema/runLineage.ts';
import type { RunRecord } from '../schema/runRecord.ts';
import { LabError } from '../util/labError.ts';
import { listEach, readJson, removeRecord, writeJson, type RecordList } from './records.ts';
import type { Store } from './store.ts';

/** A stored result file with all its runs. */
export interface StoredResult {
  readonly id: string;
  readonly fileName: string;
  readonly file: ResultFile;
}

/** Characters of JSON after which a part is full: a page reads and checks as many in a few milliseconds. */
const PART_LENGTH = 32 * 1024;

/** Stores a result file; the caller chooses its id, to avoid storing the same file twice. Throws LabError `storage/full`, leaving nothing. */
export async function writeResult(store: Store, { id, fileName, file }: StoredResult): Promise<void> {
  const parts = partsOf(file.runs);
  try {
    for (const [index, runs] of parts.entries()) await writeJson(store, partKey(id, index), runs);
    const record = { id, fileName, file: { ...file, runs: [] }, parts: parts.length };
    await writeJson(store, `result/${id}/record`, record);
  } catch (error) {
    await removeResult(store, id).catch(() => undefined);
    throw error;
  }
}

/**
 * Reads a stored result file, part by part; undefined if there is none. Throws LabError `storage/corrupt`, or `storage/missing` where a part
 * is gone.
 */
export async function readResult(store: Store, id: string): Promise<StoredResult | undefined> {
  const record = await readJson(store, `result/${id}/record`, resultRecordSchema);
  if (record === undefined) return undefined;
  const { fileName, file, parts } = record;
  if (parts === undefined) return { id, fileName, file };
  const runs: RunRecord[] = [];
  for (let index = 0; index < parts; index++) {
    const part = await readJson(store, partKey(id, index), resultPartSchema);
    if (part === undefined) {
      throw new LabError('storage/missing', `The stored record ${partKey(id, index)} is gone.`, {
        expected: `${parts} parts of the result file ${fileName}`,
      });
    }
    runs.push(...part);
  }
  const fault = lineageFault(runs.map(({ spec }) => spec));
  if (fault !== null) {
    throw new LabError('storage/corrupt', `The stored runs of the result file ${fileName} do not belong together.`, {
      expected: 'each run with the one it starts from',
      got: fault.message,
    });
  }
  return { id, fileName, file: { ...file, runs } };
}

export function listResults(store: Store): Promise<RecordList<StoredResult>> {
  return listEach(store, 'result', (id) => readResult(store, id));
}

export async function removeResult(store: Store, id: string): Promise<void> {
  await removeRecord(store, 'result', id);
}

/** Removes parts without a record: what a write left that was ended. */
export async function removeTornResults(store: Store): Promise<void> {
  const keys = await store.keys('result/');
  const idOf = (key: string): string | undefined => key.split('/')[1];
  const whole = new Set(keys.filter((key) => key.endsWith('/record')).map(idOf));
  await store.remove(keys.filter((key) => !whole.has(idOf(key))));
}

function partKey(id: string, index: number): string {
  return `result/${id}/runs/${index}`;
}

function partsOf(runs: readonly RunRecord[]): readonly (readonly RunRecord[])[] {
  const parts: RunRecord[][] = [];
  let length = Infinity;
  for (const run of runs) {
    if (length >= PART_LENGTH) {
      parts.push([]);
      length = 0;
    }
    parts.at(-1)?.push(run);
    length += JSON.stringify(run).length;
  }
  return parts;
}
