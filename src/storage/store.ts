// The interface of every storage backend: named byte records.
import { LabError } from '../util/labError.ts';

/** Space used and allowed, in bytes; `quotaBytes` is null if the backend does not report it. */
export interface StoreUsage {
  readonly usedBytes: number;
  readonly quotaBytes: number | null;
}

export interface StoreRecord {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/**
 * Named byte records. Keys are slash-separated segments of letters, digits, `.`, `_`, `-` (`corpus/3fa9/train`); anything else is refused with
 * LabError `storage/key`. The caller owns the bytes of a read.
 */
export interface Store {
  /** Returns the record's bytes, or undefined if there is none. */
  read(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Writes or replaces one record. Throws LabError `storage/full` if there is no space, leaving the old record. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /**
   * Writes or replaces several records in one transaction, where a transaction costs more than a record: all of them or, where it throws as
   * `write` does, none.
   */
  writeGroup?(records: readonly StoreRecord[]): Promise<void>;
  /** Removes records; missing keys are not an error. */
  remove(keys: readonly string[]): Promise<void>;
  /** Lists every key that starts with `prefix`, sorted. */
  keys(prefix: string): Promise<readonly string[]>;
  usage(): Promise<StoreUsage>;
}

/** Bytes that a transaction takes at most, or one record: its copies are in memory until it ends. */
const GROUP_BYTES = 2 ** 24;

/** Writes records in order, grouped where the store can. Throws as `write` does; some are written then. */
export async function writeAll(store: Store, records: readonly StoreRecord[]): Promise<void> {
  if (store.writeGroup === undefined) {
    for (const { key, bytes } of records) await store.write(key, bytes);
    return;
  }
  let group: StoreRecord[] = [];
  let sizeBytes = 0;
  for (const record of records) {
    if (group.length > 0 && sizeBytes + record.bytes.byteLength > GROUP_BYTES) {
      await store.writeGroup(group);
      [group, sizeBytes] = [[], 0];
    }
    group.push(record);
    sizeBytes += record.bytes.byteLength;
  }
  if (group.length > 0) await store.writeGroup(group);
}

const segment = /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/;

/** Whether a text may be a segment of a key. */
export function isKeySegment(text: string): boolean {
  return segment.test(text);
}

/** Throws LabError `storage/key` for an invalid key. */
export function assertStoreKey(key: string): void {
  if (!key.split('/').every(isKeySegment)) refuse(key, 'a/b/c');
}

/** Throws LabError `storage/key` for a prefix of no valid key: it must be whole segments plus the start of one, or empty. */
export function assertStoreKeyPrefix(prefix: string): void {
  const segments = prefix.split('/');
  const last = segments.pop() ?? '';
  if (!segments.every(isKeySegment) || !/^[A-Za-z0-9._-]*$/.test(last)) refuse(prefix, 'a/b/ or a/b');
}

function refuse(key: string, example: string): never {
  throw new LabError('storage/key', 'A record cannot be stored under this name.', {
    expected: `segments of letters, digits, ".", "_" and "-", joined by "/", like ${example}`,
    got: JSON.stringify(key),
  });
}

/** Creates a new, empty store. */
export function memory(): Store {
  const records = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    async read(key) {
      assertStoreKey(key);
      return records.get(key)?.slice();
    },
    async write(key, bytes) {
      assertStoreKey(key);
      records.set(key, new Uint8Array(bytes));
    },
    async remove(keys) {
      keys.forEach(assertStoreKey);
      for (const key of keys) records.delete(key);
    },
    async keys(prefix) {
      assertStoreKeyPrefix(prefix);
      return [...records.keys()].filter((key) => key.startsWith(prefix)).sort();
    },
    async usage() {
      let usedBytes = 0;
      for (const bytes of records.values()) usedBytes += bytes.byteLength;
      return { usedBytes, quotaBytes: null };
    },
  };
}
