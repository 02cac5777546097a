// A store in memory, for tests and for what need not outlive the process.
import type { Store } from './store.ts';
import { assertStoreKey, assertStoreKeyPrefix } from './storeKey.ts';

/** A new, empty store. */
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
