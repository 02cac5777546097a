// Typed JSON records over a store.
import { judge, type Schema } from '../util/judge.ts';
import { LabError } from '../util/labError.ts';
import { parseJson } from '../util/parseJson.ts';
import type { Store } from './store.ts';

/** Records of one kind: those that could be read, in the order of their keys, and a LabError `storage/corrupt` for each that could not. */
export interface RecordList<T> {
  readonly records: readonly T[];
  readonly unreadable: readonly LabError[];
}

/** The record `key` as `schema` has it, or undefined when there is none. Throws LabError `storage/corrupt` when it is not JSON or not as the schema says. */
export async function readJson<T>(store: Store, key: string, schema: Schema<T>): Promise<T | undefined> {
  const bytes = await store.read(key);
  return bytes === undefined ? undefined : parse(key, bytes, schema);
}

/** Writes a value as JSON. Throws LabError `storage/full` when there is no room, leaving the old record. */
export async function writeJson(store: Store, key: string, value: unknown): Promise<void> {
  await store.write(key, new TextEncoder().encode(JSON.stringify(value)));
}

/** Every record `<kind>/<id>/record`. One that is corrupt hides no other. */
export async function listRecords<T>(store: Store, kind: string, schema: Schema<T>): Promise<RecordList<T>> {
  const records: T[] = [];
  const unreadable: LabError[] = [];
  for (const key of await store.keys(`${kind}/`)) {
    if (key.split('/').length !== 3 || !key.endsWith('/record')) continue;
    try {
      const record = await readJson(store, key, schema);
      if (record !== undefined) records.push(record);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      unreadable.push(error);
    }
  }
  return { records, unreadable };
}

/** Removes `<kind>/<id>/record`, then everything else under `<kind>/<id>/`: what is left half removed is no longer listed. */
export async function removeRecord(store: Store, kind: string, id: string): Promise<void> {
  await store.remove([`${kind}/${id}/record`]);
  await store.remove(await store.keys(`${kind}/${id}/`));
}

function parse<T>(key: string, bytes: Uint8Array, schema: Schema<T>): T {
  let value: unknown;
  try {
    value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw corruptError(key, 'JSON', cause instanceof Error ? cause.message : String(cause), cause);
  }
  const judgement = judge(schema, value);
  if (judgement.isFit) return judgement.data;
  const { place, message } = judgement.fault;
  throw corruptError(key, 'a record of this version', `${place}: ${message}`);
}

function corruptError(key: string, expected: string, got: string, cause?: unknown): LabError {
  return new LabError('storage/corrupt', `The stored record ${key} cannot be read.`, { expected, got, cause });
}
