// Run records in a store: `run/<id>/record`, beside which a run keeps its checkpoints.
import { runRecordSchema, type RunRecord } from '../schema/runRecord.ts';
import { listRecords, readJson, removeRecord, writeJson, type RecordList } from './records.ts';
import type { Store } from './store.ts';

/** Writes or replaces the record of a run. Throws LabError `storage/full`, leaving the old record. */
export async function writeRunRecord(store: Store, record: RunRecord): Promise<void> {
  await writeJson(store, recordKey(record.spec.id), record);
}

/** The record of a run, or undefined when there is none. Throws LabError `storage/corrupt`. */
export function readRunRecord(store: Store, id: string): Promise<RunRecord | undefined> {
  return readJson(store, recordKey(id), runRecordSchema);
}

export function listRunRecords(store: Store): Promise<RecordList<RunRecord>> {
  return listRecords(store, 'run', runRecordSchema);
}

/** Removes everything stored for a run: record, resume point, snapshots. */
export async function removeRun(store: Store, id: string): Promise<void> {
  await removeRecord(store, 'run', id);
}

function recordKey(id: string): string {
  return `run/${id}/record`;
}
