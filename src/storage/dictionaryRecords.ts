// Stores dictionaries: `dictionary/<id>/record`, plus the file as it was read under `dictionary/<id>/file`.
import { dictionaryRecordSchema, type DictionaryRecord } from '../schema/corpusRecord.ts';
import { fingerprintBytes } from '../util/digest.ts';
import { LabError } from '../util/labError.ts';
import type { NamedFile } from '../util/namedFile.ts';
import { listRecords, readJson, removeRecord, writeJson, type RecordList } from './records.ts';
import type { Store } from './store.ts';

/** Stores a dictionary, its record last: a listed dictionary is complete. Throws LabError `storage/full`. */
export async function saveDictionary(store: Store, record: DictionaryRecord, bytes: Uint8Array): Promise<void> {
  await store.write(fileKey(record.id), bytes);
  await writeDictionaryRecord(store, record);
}

/** Replaces the record of a stored dictionary, after its name or note changed. */
export async function writeDictionaryRecord(store: Store, record: DictionaryRecord): Promise<void> {
  await writeJson(store, recordKey(record.id), record);
}

export function listDictionaryRecords(store: Store): Promise<RecordList<DictionaryRecord>> {
  return listRecords(store, 'dictionary', dictionaryRecordSchema);
}

/** Reads the record and the file of a dictionary. Throws LabError `storage/missing` and `storage/corrupt`. */
export async function readDictionaryFile(
  store: Store,
  id: string,
): Promise<{ readonly record: DictionaryRecord; readonly file: NamedFile }> {
  const record = await readJson(store, recordKey(id), dictionaryRecordSchema);
  const bytes = await store.read(fileKey(id));
  if (record === undefined || bytes === undefined) {
    const expected = record === undefined ? recordKey(id) : fileKey(id);
    throw new LabError('storage/missing', 'The dictionary is no longer stored.', { expected });
  }
  const found = await fingerprintBytes(bytes);
  if (found !== record.fingerprint) {
    throw new LabError(
      'storage/corrupt',
      `The stored file of the dictionary ${record.name} is damaged: read it again.`,
      {
        expected: `digest ${record.fingerprint}`,
        got: `digest ${found}`,
      },
    );
  }
  return { record, file: { path: record.file, bytes } };
}

export async function removeDictionary(store: Store, id: string): Promise<void> {
  await removeRecord(store, 'dictionary', id);
}

function recordKey(id: string): string {
  return `dictionary/${id}/record`;
}

function fileKey(id: string): string {
  return `dictionary/${id}/file`;
}
