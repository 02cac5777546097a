// Reads in the page what the lab's database stores about runs.
import type { Page } from 'playwright';
import { runRecordSchema, type RunRecord } from '../src/schema/runRecord.ts';

export interface StoredRuns {
  readonly records: readonly RunRecord[];
  /** SHA-256 of every other record under `run/`, by key: weights, manifests, predictions, resume points. */
  readonly digests: Readonly<Record<string, string>>;
}

/** Reads everything stored about runs. Throws ZodError for an invalid record. */
export async function storedRuns(page: Page): Promise<StoredRuns> {
  const found = await readRuns(page);
  const isHistory = (key: string): boolean => /^run\/[^/]+\/record(-before)?$/.test(key);
  const latest = found.filter(({ key }) => /^run\/[^/]+\/record$/.test(key));
  return {
    records: latest.map(({ text }) => runRecordSchema.parse(JSON.parse(text.split('\n')[0] ?? ''))),
    digests: Object.fromEntries(found.filter(({ key }) => !isHistory(key)).map(({ key, digest }) => [key, digest])),
  };
}

/** Folders of resume points and snapshots without a manifest: leftovers of killed writes. */
export function tornFolders(digests: StoredRuns['digests']): readonly string[] {
  const folders = Object.keys(digests).flatMap(
    (key) => /^run\/[^/]+\/(?:resume|snapshot)\/[^/]+\//.exec(key)?.[0] ?? [],
  );
  return [...new Set(folders)].filter((folder) => !(`${folder}manifest` in digests));
}

// Avoid named functions in the page: the script compiler would wrap them in a helper that the page lacks.
function readRuns(
  page: Page,
): Promise<readonly { readonly key: string; readonly digest: string; readonly text: string }[]> {
  // prettier-ignore
  return page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open('bioner-lab');
      // If there is no database, do not create one: it would obstruct the lab's own.
      opening.onupgradeneeded = () => opening.transaction?.abort();
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(new Error('The lab has no database.'));
    });
    const records = database.transaction('records').objectStore('records');
    const range = IDBKeyRange.bound('run/', 'run/\uffff');
    const [keys, values] = await Promise.all(
      [records.getAllKeys(range), records.getAll(range)].map(
        (asked) =>
          new Promise<unknown[]>((resolve, reject) => {
            asked.onsuccess = () => resolve(asked.result);
            asked.onerror = () => reject(new Error('The database cannot be read.'));
          }),
      ),
    );
    database.close();
    const found: { key: string; digest: string; text: string }[] = [];
    for (const [index, key] of (keys ?? []).entries()) {
      const bytes = values?.[index] as Uint8Array<ArrayBuffer>;
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      found.push({
        key: String(key),
        digest: [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
        text: String(key).includes('/record') ? new TextDecoder().decode(bytes) : '',
      });
    }
    return found;
  });
}
