// Typed JSON records over a store, each with a checksum that detects truncation and alteration.
import { checksum } from '../util/digest.ts';
import { LabError } from '../util/labError.ts';
import { validate, parseJson, type Schema } from '../util/validate.ts';
import type { Store } from './store.ts';

/** Items that are stored one by one, each under an id. */
export type StoredKind = 'corpus' | 'model' | 'run' | 'result' | 'download' | 'review' | 'dictionary';

/** Says which stored item cannot be read, with the code and the words of what is wrong with its record. */
export class UnreadableItem extends LabError {
  readonly kind: StoredKind;
  readonly id: string;

  constructor(kind: StoredKind, id: string, error: LabError) {
    const { code, message, expected, got } = error;
    super(code, message, {
      ...(expected !== undefined && { expected }),
      ...(got !== undefined && { got }),
      cause: error,
    });
    this.kind = kind;
    this.id = id;
  }
}

/** Records of one kind: the readable ones, in key order, and an UnreadableItem, mostly `storage/corrupt`, for each of the others. */
export interface RecordList<T> {
  readonly records: readonly T[];
  readonly unreadable: readonly UnreadableItem[];
}

/**
 * Reads and validates the record `key`; undefined if there is none. Throws LabError `storage/corrupt` if its checksum does not match, or it is not
 * JSON or does not match the schema.
 */
export async function readJson<T>(store: Store, key: string, schema: Schema<T>): Promise<T | undefined> {
  const bytes = await store.read(key);
  return bytes === undefined ? undefined : parse(key, bytes, schema);
}

/**
 * Writes a value as JSON, then a line with its checksum and its key, which shows when a file is stored under the name of another. Throws LabError
 * `storage/full` if there is no space, leaving the old record.
 */
export async function writeJson(store: Store, key: string, value: unknown): Promise<void> {
  const text = new TextEncoder().encode(JSON.stringify(value));
  const seal = new TextEncoder().encode(`\n${checksum(text)} ${key}`);
  const bytes = new Uint8Array(text.length + seal.length);
  bytes.set(text);
  bytes.set(seal, text.length);
  await store.write(key, bytes);
}

/** Lists every record `<kind>/<id>/record`; a corrupt one hides no other. */
export function listRecords<T>(store: Store, kind: StoredKind, schema: Schema<T>): Promise<RecordList<T>> {
  return listEach(store, kind, (id) => readJson(store, `${kind}/${id}/record`, schema));
}

/** Lists what `read` returns for the id of each record `<kind>/<id>/record`, or of one of these names, like `listRecords`. */
export async function listEach<T>(
  store: Store,
  kind: StoredKind,
  read: (id: string) => Promise<T | undefined>,
  names: readonly string[] = ['record'],
): Promise<RecordList<T>> {
  const records: T[] = [];
  const unreadable: UnreadableItem[] = [];
  const ids = (await store.keys(`${kind}/`)).flatMap((key) => {
    const [, id, last, ...more] = key.split('/');
    return id !== undefined && last !== undefined && names.includes(last) && more.length === 0 ? [id] : [];
  });
  for (const id of new Set(ids)) {
    try {
      const record = await read(id);
      if (record !== undefined) records.push(record);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      unreadable.push(new UnreadableItem(kind, id, error));
    }
  }
  return { records, unreadable };
}

/** Removes `<kind>/<id>/record`, then everything else under `<kind>/<id>/`: a partly removed item is no longer listed. */
export async function removeRecord(store: Store, kind: StoredKind, id: string): Promise<void> {
  await store.remove([`${kind}/${id}/record`]);
  await store.remove(await store.keys(`${kind}/${id}/`));
}

/** Handles the rejection of a reading, for `catch`: returns `value` where the record is damaged, and throws any other error. */
export function ifCorrupt<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (error instanceof LabError && error.code === 'storage/corrupt') return value;
    throw error;
  };
}

const NEW_LINE = 0x0a;

/** Returns a record's JSON after verifying its checksum and its key. Records of earlier versions have only the JSON line, or no key in the second. */
function unsealed(key: string, bytes: Uint8Array): Uint8Array {
  // JSON as written here contains no line breaks.
  const end = bytes.indexOf(NEW_LINE);
  if (end < 0) return bytes;
  const text = bytes.subarray(0, end);
  const [expected = '', ownKey = key, ...more] = new TextDecoder().decode(bytes.subarray(end + 1)).split(' ');
  const found = checksum(text);
  if (found !== expected || more.length > 0) throw corruptError(key, `checksum ${expected}`, `checksum ${found}`);
  if (ownKey !== key) throw corruptError(key, 'the record that was stored under this name', `the one of ${ownKey}`);
  return text;
}

function parse<T>(key: string, bytes: Uint8Array, schema: Schema<T>): T {
  const text = unsealed(key, bytes);
  let value: unknown;
  try {
    value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch (cause) {
    throw corruptError(key, 'JSON', cause instanceof Error ? cause.message : String(cause), cause);
  }
  const validation = validate(schema, value);
  if (validation.isFit) return validation.data;
  const { path, message } = validation.fault;
  throw corruptError(key, 'a record of this version', `${path}: ${message}`);
}

function corruptError(key: string, expected: string, got: string, cause?: unknown): LabError {
  return new LabError('storage/corrupt', `The stored record ${key} cannot be read.`, { expected, got, cause });
}
