// Stores result files that came from elsewhere: `result/<id>/record`.
import { resultRecordSchema, type ResultRecord } from '../schema/resultFile.ts';
import { listRecords, removeRecord, writeJson, type RecordList } from './records.ts';
import type { Store } from './store.ts';

/** Stores a result file; the caller chooses its id, to avoid storing the same file twice. */
export async function writeResultRecord(store: Store, record: ResultRecord): Promise<void> {
  await writeJson(store, `result/${record.id}/record`, record);
}

export function listResultRecords(store: Store): Promise<RecordList<ResultRecord>> {
  return listRecords(store, 'result', resultRecordSchema);
}

export async function removeResult(store: Store, id: string): Promise<void> {
  await removeRecord(store, 'result', id);
}
