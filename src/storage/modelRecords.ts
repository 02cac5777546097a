// Stores pretrained models: `model/<id>/record`, plus the model's own files under `model/<id>/file/`.
import { modelRecordSchema, type ModelRecord } from '../schema/modelRecord.ts';
import { LabError } from '../util/labError.ts';
import { listRecords, readJson, removeRecord, writeJson, type RecordList } from './records.ts';
import type { Store } from './store.ts';

/** Stores a model, its record last: a listed model is complete. Throws LabError `storage/full`. */
export async function saveModel(
  store: Store,
  record: ModelRecord,
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): Promise<void> {
  for (const { name, bytes } of files) await store.write(fileKey(record.id, name), bytes);
  await writeJson(store, recordKey(record.id), record);
}

export function readModelRecord(store: Store, id: string): Promise<ModelRecord | undefined> {
  return readJson(store, recordKey(id), modelRecordSchema);
}

export function listModelRecords(store: Store): Promise<RecordList<ModelRecord>> {
  return listRecords(store, 'model', modelRecordSchema);
}

/** Reads one file of a stored model (`model.safetensors`). Throws LabError `storage/missing` if it is not there. */
export async function readModelFile(store: Store, id: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const key = fileKey(id, name);
  const bytes = await store.read(key);
  if (bytes === undefined) {
    throw new LabError('storage/missing', 'A file of the model is no longer stored.', { expected: key });
  }
  return bytes;
}

export async function removeModel(store: Store, id: string): Promise<void> {
  await removeRecord(store, 'model', id);
}

function recordKey(id: string): string {
  return `model/${id}/record`;
}

function fileKey(id: string, name: string): string {
  return `model/${id}/file/${name}`;
}
