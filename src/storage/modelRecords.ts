// Stores pretrained models, record and files, and downloads of models in progress.
import { downloadRecordSchema, type DownloadRecord } from '../schema/libraryRecord.ts';
import { modelRecordSchema, type ModelRecord } from '../schema/modelRecord.ts';
import { LabError } from '../util/labError.ts';
import { listRecords, readJson, removeRecord, writeJson, type RecordList } from './records.ts';
import type { Store } from './store.ts';

// Stores pretrained models: `model/<id>/record`, plus the model's own files under `model/<id>/file/`.

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

// Stores downloads in progress: `download/<id>/record`, plus the parts of its files.

export function writeDownloadRecord(store: Store, record: DownloadRecord): Promise<void> {
  return writeJson(store, `download/${record.id}/record`, record);
}

export function listDownloadRecords(store: Store): Promise<RecordList<DownloadRecord>> {
  return listRecords(store, 'download', downloadRecordSchema);
}

export function removeDownload(store: Store, id: string): Promise<void> {
  return removeRecord(store, 'download', id);
}

/**
 * The stored parts of one file. A part's key states its bytes (`download/<id>/part/<file>/<first byte>-<size>`), so each part is either complete or
 * absent and no other state needs updating: after any interruption the download can resume from `sizeBytes`.
 */
export interface FileParts {
  /** Number of bytes stored from the first one on, without a gap. */
  sizeBytes(): Promise<number>;
  /** Yields the parts that make up these bytes, in order. Throws LabError `storage/missing` if one has been removed. */
  read(): AsyncIterable<Uint8Array<ArrayBuffer>>;
  write(from: number, bytes: Uint8Array): Promise<void>;
  clear(): Promise<void>;
}

/** `index`: of the file in the record's list. */
export function fileParts(store: Store, downloadId: string, index: number): FileParts {
  const prefix = `download/${downloadId}/part/${index}/`;

  /** Finds the keys of contiguous parts from byte 0, and where they end. */
  async function chain(): Promise<{ readonly keys: readonly string[]; readonly end: number }> {
    const parts = new Map<number, number>();
    for (const key of await store.keys(prefix)) {
      const [from = NaN, size = NaN] = key.slice(prefix.length).split('-').map(Number);
      parts.set(from, Math.max(size, parts.get(from) ?? 0));
    }
    const keys: string[] = [];
    let end = 0;
    for (let size = parts.get(end); size !== undefined && size > 0; size = parts.get(end)) {
      keys.push(`${prefix}${end}-${size}`);
      end += size;
    }
    return { keys, end };
  }

  return {
    sizeBytes: async () => (await chain()).end,
    async *read() {
      for (const key of (await chain()).keys) {
        const bytes = await store.read(key);
        if (bytes === undefined) {
          throw new LabError('storage/missing', 'A part of a download is no longer stored.', { expected: key });
        }
        yield bytes;
      }
    },
    write: (from, bytes) => store.write(`${prefix}${from}-${bytes.byteLength}`, bytes),
    clear: async () => store.remove(await store.keys(prefix)),
  };
}
