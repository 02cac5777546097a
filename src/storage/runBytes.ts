// What the tensors of a run take in a store, told by their manifests: no home says how large a record is.
import { checkpointManifestSchema } from '../schema/checkpointManifest.ts';
import { readJson } from './records.ts';
import type { Store } from './store.ts';

const BYTES_PER_VALUE = 4;

/** Bytes of the whole resume points and snapshots of a run; what cannot be read counts as nothing. */
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
