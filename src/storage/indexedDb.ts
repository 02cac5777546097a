// A store in a separate IndexedDB database of the browser.
import { createStore, delMany, get, promisifyRequest } from 'idb-keyval';
import { LabError } from '../util/labError.ts';
import { assertStoreKey, assertStoreKeyPrefix, type Store, type StoreRecord } from './store.ts';

/** Opens the store in the database `databaseName` of this origin, shared by the tab and its workers. */
export function indexedDb(databaseName = 'bioner-lab'): Store {
  const useRecords = createStore(databaseName, 'records');
  const writeGroup = async (records: readonly StoreRecord[]): Promise<void> => {
    for (const { key } of records) assertStoreKey(key);
    // Copies, because IndexedDB would store the whole buffer behind a view, and refuses shared memory (wasm threads).
    const copies = records.map(({ key, bytes }) => ({ key, copy: new Uint8Array(bytes) }));
    try {
      await useRecords('readwrite', (target) => {
        try {
          for (const { key, copy } of copies) target.put(copy, key);
        } catch (error) {
          target.transaction.abort();
          throw error;
        }
        return promisifyRequest(target.transaction);
      });
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
