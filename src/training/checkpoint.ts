// Checkpoints and snapshots that cannot tear: tensors in records of their own, the manifest last, the old one removed after.
import type { HostParameters, HostTensor } from '../model/parameters.ts';
import type { CheckpointManifest, Position } from '../schema/checkpointManifest.ts';
import { checkpointManifestSchema } from '../schema/checkpointManifest.ts';
import { readJson, writeJson } from '../storage/records.ts';
import type { Store } from '../storage/store.ts';
import { checksum } from '../util/checksum.ts';
import { LabError } from '../util/labError.ts';

export interface Checkpoint {
  readonly position: Position;
  readonly tensors: HostParameters;
}

const resumeFolder = (runId: string): string => `run/${runId}/resume/`;
const snapshotFolder = (runId: string): string => `run/${runId}/snapshot/`;

/** Writes the point a run resumes from, then removes the one before; what a torn write left goes first. Answers with its size in bytes. */
export async function saveCheckpoint(store: Store, runId: string, checkpoint: Checkpoint): Promise<number> {
  const { position, tensors } = checkpoint;
  await removeTorn(store, resumeFolder(runId));
  const older = await store.keys(resumeFolder(runId));
  const folder = `${resumeFolder(runId)}${ordinal(position.step)}-${ordinal(position.epoch)}/`;
  const sizeBytes = await saveTensors(store, folder, { version: 1, runId, position }, tensors);
  await store.remove(older.filter((key) => !key.startsWith(folder)));
  return sizeBytes;
}

/** The latest whole checkpoint of a run, or null. One that is torn or altered is passed over for an older one. */
export async function loadCheckpoint(store: Store, runId: string): Promise<Checkpoint | null> {
  for (const folder of await folders(store, resumeFolder(runId))) {
    const found = await loadTensors(store, folder);
    if (found !== null && found.manifest.position !== null && found.manifest.runId === runId) {
      return { position: found.manifest.position, tensors: found.tensors };
    }
  }
  return null;
}

/** Removes the point a run resumes from. */
export async function removeCheckpoint(store: Store, runId: string): Promise<void> {
  await store.remove(await store.keys(resumeFolder(runId)));
}

/** Writes the weights after an epoch, then removes all but the last `kept` snapshots. */
export async function saveSnapshot(
  store: Store,
  runId: string,
  epoch: number,
  tensors: HostParameters,
  kept: number,
): Promise<void> {
  await saveTensors(store, snapshotPath(runId, epoch), { version: 1, runId, position: null }, tensors);
  const stale = (await folders(store, snapshotFolder(runId))).slice(kept);
  for (const folder of stale) await store.remove(await store.keys(folder));
}

/** Weights after an epoch. Throws LabError `checkpoint/missing` when they are not there or are damaged. */
export async function loadSnapshot(store: Store, runId: string, epoch: number): Promise<HostParameters> {
  const found = await loadTensors(store, snapshotPath(runId, epoch));
  if (found === null) {
    throw new LabError('checkpoint/missing', `The snapshot after epoch ${epoch} is missing or damaged.`, {
      expected: snapshotPath(runId, epoch),
    });
  }
  return found.tensors;
}

/** Epochs of the snapshots kept, oldest first. */
export async function snapshotEpochs(store: Store, runId: string): Promise<readonly number[]> {
  const found = await folders(store, snapshotFolder(runId));
  return found.map((folder) => Number(folder.split('/').at(-2))).reverse();
}

function snapshotPath(runId: string, epoch: number): string {
  return `${snapshotFolder(runId)}${ordinal(epoch)}/`;
}

/** Numbers as keys that sort by size. */
function ordinal(value: number): string {
  return String(value).padStart(9, '0');
}

/** Folders directly below `prefix`, newest first. */
async function folders(store: Store, prefix: string): Promise<readonly string[]> {
  const names = (await store.keys(prefix)).map((key) => key.slice(prefix.length).split('/')[0] as string);
  return [...new Set(names)].sort().reverse().map((name) => `${prefix}${name}/`); // prettier-ignore
}

/** Removes what has no manifest: no reader looks at it, and a full store needs its room. */
async function removeTorn(store: Store, prefix: string): Promise<void> {
  const keys = await store.keys(prefix);
  const whole = new Set(keys.filter((key) => key.endsWith('/manifest')).map((key) => key.slice(0, -'manifest'.length)));
  const torn = (await folders(store, prefix)).filter((folder) => !whole.has(folder));
  await store.remove(keys.filter((key) => torn.some((folder) => key.startsWith(folder))));
}

async function saveTensors(
  store: Store,
  folder: string,
  head: Omit<CheckpointManifest, 'tensors'>,
  tensors: HostParameters,
): Promise<number> {
  const entries: CheckpointManifest['tensors'] = [];
  let sizeBytes = 0;
  for (const [name, { shape, values }] of tensors) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const record = `${folder}tensor/${name}`;
    await store.write(record, bytes);
    entries.push({ name, shape: [...shape], record, checksum: checksum(bytes) });
    sizeBytes += bytes.byteLength;
  }
  await writeJson(store, `${folder}manifest`, { ...head, tensors: entries });
  return sizeBytes;
}

async function loadTensors(
  store: Store,
  folder: string,
): Promise<{ manifest: CheckpointManifest; tensors: HostParameters } | null> {
  const manifest = await readManifest(store, `${folder}manifest`);
  if (manifest === null) return null;
  const tensors = new Map<string, HostTensor>();
  for (const { name, shape, record, checksum: expected } of manifest.tensors) {
    const bytes = await store.read(record);
    if (bytes === undefined || checksum(bytes) !== expected) return null;
    tensors.set(name, { shape, values: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4) });
  }
  return { manifest, tensors };
}

async function readManifest(store: Store, key: string): Promise<CheckpointManifest | null> {
  try {
    return (await readJson(store, key, checkpointManifestSchema)) ?? null;
  } catch (error) {
    if (error instanceof LabError && error.code === 'storage/corrupt') return null;
    throw error;
  }
}
