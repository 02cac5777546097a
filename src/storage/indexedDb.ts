// A store in a separate IndexedDB database of the browser.
import { createStore, delMany, get, promisifyRequest, setMany } from 'idb-keyval';
import { LabError } from '../util/labError.ts';
import { assertStoreKey, assertStoreKeyPrefix, type Store, type StoreRecord } from './store.ts';

/** Opens the store in the database `databaseName` of this origin, shared by the tab and its workers. */
export function indexedDb(databaseName = 'bioner-lab'): Store {
  const useRecords = createStore(databaseName, 'records');
  const writeGroup = async (records: readonly StoreRecord[]): Promise<void> => {
    for (const { key } of records) assertStoreKey(key);
    try {
      // Copies, because IndexedDB would store the whole buffer behind a view, and refuses shared memory (wasm threads).
      await setMany(records.map(({ key, bytes }) => [key, new Uint8Array(bytes)]), useRecords); // prettier-ignore
    } catch (cause) {
      if (!isQuotaError(cause)) throw cause;
      const sizeBytes = records.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
      throw fullError(records[0]?.key ?? '', sizeBytes, cause);
    }
  };
  return {
    async read(key) {
      assertStoreKey(key);
      return get<Uint8Array<ArrayBuffer>>(key, useRecords);
    },
    write: (key, bytes) => writeGroup([{ key, bytes }]),
    writeGroup,
    async remove(keys) {
      keys.forEach(assertStoreKey);
      await delMany([...keys], useRecords);
    },
    async keys(prefix) {
      assertStoreKeyPrefix(prefix);
      const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
      const keys = await useRecords('readonly', (records) => promisifyRequest(records.getAllKeys(range)));
      return keys.map(String);
    },
    async usage() {
      // `storage` is missing outside secure contexts.
      const estimate = await (navigator.storage as StorageManager | undefined)?.estimate();
      return { usedBytes: estimate?.usage ?? 0, quotaBytes: estimate?.quota ?? null };
    },
  };
}

function isQuotaError(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'QuotaExceededError';
}

function fullError(key: string, sizeBytes: number, cause: unknown): LabError {
  return new LabError('storage/full', 'The browser has no room left for this site. Remove runs, corpora or models.', {
    expected: `room for ${sizeBytes} bytes (${key})`,
    cause,
  });
}
