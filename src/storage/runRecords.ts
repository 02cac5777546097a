// Stores run records: `run/<id>/record`, with the previous one as a backup; a run's checkpoints are under the same id.
import { checkpointManifestSchema, runRecordSchema, type RunRecord } from '../schema/runRecord.ts';
import { LabError } from '../util/labError.ts';
import { listEach, readJson, removeRecord, writeJson, type RecordList } from './records.ts';
import type { Store } from './store.ts';

/** Writes or replaces the record of a run, keeping the last good one as a backup. Throws LabError `storage/full`, leaving the old record. */
export async function writeRunRecord(store: Store, record: RunRecord): Promise<void> {
  const key = recordKey(record.spec.id);
  const last = await readJson(store, key, runRecordSchema).catch(() => undefined);
  if (last !== undefined) await writeJson(store, beforeKey(record.spec.id), last);
  await writeJson(store, key, record);
}

/** The stored record of a run. */
interface FoundRunRecord {
  readonly record: RunRecord;
  /** What is wrong with the latest record, if this is the backup. */
  readonly damage: LabError | null;
}

/**
 * Finds the record of a run, or its backup if damaged or gone; undefined if there is neither. Throws LabError `storage/corrupt` if both are
 * damaged.
 */
export async function findRunRecord(store: Store, id: string): Promise<FoundRunRecord | undefined> {
  let damage: LabError;
  try {
    const record = await readJson(store, recordKey(id), runRecordSchema);
    if (record !== undefined) return { record, damage: null };
    damage = new LabError('storage/missing', `The stored record ${recordKey(id)} is gone.`);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    damage = error;
  }
  const before = await readJson(store, beforeKey(id), runRecordSchema).catch(() => undefined);
  if (before !== undefined) return { record: before, damage };
  if (damage.code === 'storage/missing') return undefined;
  throw damage;
}

/** Like `findRunRecord`, for callers that only need the record. */
export async function readRunRecord(store: Store, id: string): Promise<RunRecord | undefined> {
  return (await findRunRecord(store, id))?.record;
}

interface RunRecordList extends RecordList<RunRecord> {
  /** What is wrong with the records that are listed from their backups. */
  readonly damaged: readonly LabError[];
}

export async function listRunRecords(store: Store): Promise<RunRecordList> {
  const { records: found, unreadable } = await listEach(store, 'run', (id) => findRunRecord(store, id), RECORD_NAMES);
  return {
    records: found.map(({ record }) => record),
    damaged: found.flatMap(({ damage }) => damage ?? []),
    unreadable,
  };
}

/** Removes everything stored for a run: records, the backup first, as a backup alone is a damaged run; then resume points and snapshots. */
export async function removeRun(store: Store, id: string): Promise<void> {
  await store.remove([beforeKey(id)]);
  await removeRecord(store, 'run', id);
}

/** The latest record, and the one before. */
const RECORD_NAMES = ['record', 'record-before'] as const;

function recordKey(id: string): string {
  return `run/${id}/${RECORD_NAMES[0]}`;
}

function beforeKey(id: string): string {
  return `run/${id}/${RECORD_NAMES[1]}`;
}

const BYTES_PER_VALUE = 4;

/** Sums the bytes of a run's complete resume points and snapshots; unreadable ones count as 0. */
export async function runBytes(store: Store, id: string): Promise<number> {
  const manifests = (await store.keys(`run/${id}/`)).filter((key) => key.endsWith('/manifest'));
  let sizeBytes = 0;
  for (const key of manifests) {
    const manifest = await readJson(store, key, checkpointManifestSchema).catch(() => undefined);
    for (const { shape } of manifest?.tensors ?? []) {
      sizeBytes += BYTES_PER_VALUE * shape.reduce((product, size) => product * size, 1);
    }
  }
  return sizeBytes;
}
