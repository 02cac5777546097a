// Result files that came from elsewhere, in a store: `result/<id>/record`.
import { resultRecordSchema, type ResultRecord } from '../schema/resultRecord.ts';
import { listRecords, removeRecord, writeJson, type RecordList } from './records.ts';
import type { Store } from './store.ts';

/** Stores a result file; its id is up to the caller, so that the same file need not be kept twice. */
export async function writeResultRecord(store: Store, record: ResultRecord): Promise<void> {
  await writeJson(store, `result/${record.id}/record`, record);
}

export function listResultRecords(store: Store): Promise<RecordList<ResultRecord>> {
  return listRecords(store, 'result', resultRecordSchema);
}

export async function removeResult(store: Store, id: string): Promise<void> {
  await removeRecord(store, 'result', id);
}
