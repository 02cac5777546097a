// Which runs are under way, in a store.
import { queueRecordSchema } from '../schema/queueRecord.ts';
import { readJson, writeJson } from './records.ts';
import type { Store } from './store.ts';

const KEY = 'lab/queue';

/** Ids in order, none when nothing is stored. Throws LabError `storage/corrupt`. */
export async function readQueueRecord(store: Store): Promise<readonly string[]> {
  return (await readJson(store, KEY, queueRecordSchema)) ?? [];
}

/** Throws LabError `storage/full`; then nothing is stored, so that nobody goes on with what is under way no more. */
export async function writeQueueRecord(store: Store, runIds: readonly string[]): Promise<void> {
  try {
    await writeJson(store, KEY, runIds);
  } catch (error) {
    await store.remove([KEY]);
    throw error;
  }
}
