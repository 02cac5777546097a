// Checkpoints and snapshots that cannot tear: tensors in records of their own, the manifest last, the one before kept.
import type { HostParameters, HostTensor } from '../model/parameters.ts';
import { checkpointManifestSchema, type CheckpointManifest, type Position } from '../schema/checkpointManifest.ts';
import type { RunRecord } from '../schema/runRecord.ts';
import { readJson, writeJson } from '../storage/records.ts';
import type { Store } from '../storage/store.ts';
import { checksum } from '../util/digest.ts';
import { LabError } from '../util/labError.ts';
import { megabytes } from '../util/wording.ts';
import { tensorsWithPrefix } from './trainer.ts';

export interface Checkpoint {
  readonly position: Position;
  readonly tensors: HostParameters;
}

const resumeFolder = (runId: string): string => `run/${runId}/resume/`;
const snapshotFolder = (runId: string): string => `run/${runId}/snapshot/`;

/** Resume points that a run keeps: should the newest be damaged, it goes on from the other. */
const KEPT = 2;

/**
 * Writes the point a run resumes from. What a torn write left and points older than the last go first, so that there is never room taken
 * for more than two; answers with its size in bytes. Throws LabError `storage/full` with the room it takes, leaving the last point.
 */
export async function saveCheckpoint(store: Store, runId: string, checkpoint: Checkpoint): Promise<number> {
  const { position, tensors } = checkpoint;
  const prefix = resumeFolder(runId);
  const folder = pointFolder(runId, position);
  await removeTorn(store, prefix);
  const others = (await folders(store, prefix)).filter((other) => other !== folder);
  for (const older of others.slice(KEPT - 1)) await store.remove(await store.keys(older));
  const head = { version: 1, runId, position } as const;
  return saveWhole(store, prefix, folder, head, tensors, 'the next resume point of this run');
}

/** How far a run's record tells of it: nothing can go on from a point beyond that. */
type CheckpointPart = Pick<RunRecord, 'step' | 'epochs'>;

/** The latest whole checkpoint of a run, no further than `told` reaches where that is given; or null. Torn and altered ones are passed over. */
export function loadCheckpoint(store: Store, runId: string, reported?: CheckpointPart): Promise<Checkpoint | null> {
  const isReported = ({ step, epoch }: Position): boolean =>
    reported === undefined || (step <= reported.step && epoch <= reported.epochs.length);
  return latestWhole(store, runId, isReported);
}

/** The checkpoint at the very end of an epoch, which has the weights of its snapshot; null where it is not kept or not whole. */
function loadEpochEnd(store: Store, runId: string, epoch: number): Promise<Checkpoint | null> {
  return latestWhole(store, runId, (position) => position.epoch === epoch && position.stepInEpoch === 0);
}

/** The same for a run that goes on from it: points that were passed over are removed, so that they take no newer one's place. */
export async function takeCheckpoint(
  store: Store,
  runId: string,
  reported: CheckpointPart,
): Promise<Checkpoint | null> {
  const found = await loadCheckpoint(store, runId, reported);
  const taken = found && pointFolder(runId, found.position);
  for (const folder of await folders(store, resumeFolder(runId))) {
    if (folder === taken) break;
    await store.remove(await store.keys(folder));
  }
  return found;
}

/** Removes the points a run resumes from. */
export async function removeCheckpoint(store: Store, runId: string): Promise<void> {
  await store.remove(await store.keys(resumeFolder(runId)));
}

/** Writes the weights after an epoch, then removes all but the last `kept` snapshots. */
export async function saveSnapshot(
  store: Store,
  runId: string,
  epoch: number,
  tensors: HostParameters,
  saved: number,
): Promise<void> {
  const prefix = snapshotFolder(runId);
  const head = { version: 1, runId, position: null } as const;
  await saveWhole(store, prefix, snapshotPath(runId, epoch), head, tensors, `the snapshot after epoch ${epoch}`);
  const stale = (await folders(store, prefix)).slice(saved);
  for (const folder of stale) await store.remove(await store.keys(folder));
}

/** Weights after an epoch. Throws LabError `checkpoint/missing` when they are not there or are damaged. */
export async function loadSnapshot(store: Store, runId: string, epoch: number): Promise<HostParameters> {
  const manifest = await readManifest(store, snapshotPath(runId, epoch));
  const tensors = manifest && (await readTensors(store, manifest));
  if (tensors === null) {
    throw new LabError('checkpoint/missing', `The snapshot after epoch ${epoch} is missing or damaged.`, {
      expected: snapshotPath(runId, epoch),
    });
  }
  return tensors;
}

/** Epochs of the snapshots kept, oldest first. */
export async function snapshotEpochs(store: Store, runId: string): Promise<readonly number[]> {
  const found = await folders(store, snapshotFolder(runId));
  return found.map((folder) => Number(folder.split('/').at(-2))).reverse();
}

async function latestWhole(
  store: Store,
  runId: string,
  isWanted: (position: Position) => boolean,
): Promise<Checkpoint | null> {
  for (const folder of await folders(store, resumeFolder(runId))) {
    const manifest = await readManifest(store, folder);
    if (manifest === null || manifest.position === null || manifest.runId !== runId) continue;
    const { position } = manifest;
    const tensors = isWanted(position) ? await readTensors(store, manifest) : null;
    if (tensors !== null) return { position, tensors };
  }
  return null;
}

function pointFolder(runId: string, { step, epoch }: Position): string {
  return `${resumeFolder(runId)}${ordinal(step)}-${ordinal(epoch)}/`;
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

/** As `saveTensors`; without room for all of them none stay, and the LabError `storage/full` says what room `what` takes. */
async function saveWhole(
  store: Store,
  prefix: string,
  folder: string,
  head: Omit<CheckpointManifest, 'tensors'>,
  tensors: HostParameters,
  what: string,
): Promise<number> {
  try {
    return await saveTensors(store, folder, head, tensors);
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'storage/full') throw error;
    await removeTorn(store, prefix);
    throw await storageFullError(store, what, tensors, error);
  }
}

/** The error of a store without room, with what is missing for all the tensors. */
async function storageFullError(
  store: Store,
  what: string,
  tensors: HostParameters,
  cause: LabError,
): Promise<LabError> {
  const needed = [...tensors.values()].reduce((sum, { values }) => sum + values.byteLength, 0);
  const { usedBytes, quotaBytes } = await store.usage();
  const free = quotaBytes === null ? null : Math.max(0, quotaBytes - usedBytes);
  return new LabError('storage/full', `There is no room for ${what}. ${cause.message}`, {
    expected: `${megabytes(needed)} of room`,
    // Where the disk itself is full, browsers go on telling of the room they would allow.
    ...(free === null || free > needed ? {} : { got: megabytes(free) }),
    cause,
  });
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

/** Null where one of them is missing or altered. */
async function readTensors(store: Store, manifest: CheckpointManifest): Promise<HostParameters | null> {
  const tensors = new Map<string, HostTensor>();
  for (const { name, shape, record, checksum: expected } of manifest.tensors) {
    const bytes = await store.read(record);
    if (bytes === undefined || checksum(bytes) !== expected) return null;
    tensors.set(name, { shape, values: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4) });
  }
  return tensors;
}

/** Null where it is missing or damaged. */
async function readManifest(store: Store, folder: string): Promise<CheckpointManifest | null> {
  try {
    return (await readJson(store, `${folder}manifest`, checkpointManifestSchema)) ?? null;
  } catch (error) {
    if (error instanceof LabError && error.code === 'storage/corrupt') return null;
    throw error;
  }
}

/**
 * Weights after an epoch. Missing and damaged ones are read from the resume point at its end, where the run keeps it yet, and written
 * anew as `saveSnapshot` does. Throws LabError `checkpoint/missing` where there is none.
 */
export async function mendedSnapshot(
  store: Store,
  runId: string,
  epoch: number,
  saved: number,
): Promise<HostParameters> {
  try {
    return await loadSnapshot(store, runId, epoch);
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'checkpoint/missing') throw error;
    const end = await loadEpochEnd(store, runId, epoch);
    if (end === null) throw error;
    const { weights } = tensorsWithPrefix(end.tensors);
    await saveSnapshot(store, runId, epoch, weights, saved);
    return weights;
  }
}
