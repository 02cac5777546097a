// Stores checkpoints and snapshots crash-safely: one record per tensor, the manifest last, and the previous one retained.
import { tensorsWithPrefix, type HostParameters, type HostTensor } from '../model/blocks/parameterLocation.ts';
import {
  checkpointManifestSchema,
  type CheckpointManifest,
  type Position,
  type RunRecord,
} from '../schema/runRecord.ts';
import { ifCorrupt, readJson, writeJson } from '../storage/records.ts';
import { writeAll, type Store } from '../storage/store.ts';
import { checksum } from '../util/digest.ts';
import { LabError } from '../util/labError.ts';
import { megabytes } from '../util/wording.ts';

export interface Checkpoint {
  readonly position: Position;
  readonly tensors: HostParameters;
}

export const NOTHING_PENDING: Position['pending'] = { steps: 0, loss: 0, gradientNorm: 0 };
/** Of a run that has not begun. */
export const START: Position = { epoch: 0, stepInEpoch: 0, step: 0, pending: NOTHING_PENDING, epochLoss: 0, elapsedMs: 0 }; // prettier-ignore

const resumeFolder = (runId: string): string => `run/${runId}/resume/`;
const snapshotFolder = (runId: string): string => `run/${runId}/snapshot/`;

/** Resume points stored per run: if the newest is damaged, the run resumes from the other. */
const RESUME_POINTS = 2;

/**
 * Writes a resume point and returns its size in bytes. First removes torn writes and all points but the last, so that there are never
 * more than two. Throws LabError `storage/full` with the space it needs, leaving the last point.
 */
export async function saveCheckpoint(store: Store, runId: string, checkpoint: Checkpoint): Promise<number> {
  const { position, tensors } = checkpoint;
  const prefix = resumeFolder(runId);
  const folder = pointFolder(runId, position);
  await removeTorn(store, prefix);
  const others = (await folders(store, prefix)).filter((other) => other !== folder);
  for (const older of others.slice(RESUME_POINTS - 1)) await store.remove(await store.keys(older));
  const head = { version: 1, runId, position } as const;
  return saveWhole(store, prefix, folder, head, tensors, 'the next resume point of this run');
}

/** The progress in a run's record: a run cannot resume from a point beyond it. */
type CheckpointPart = Pick<RunRecord, 'step' | 'epochs'>;

/** Loads a run's latest intact checkpoint, not beyond `reported` if given; null without one. Torn and corrupted ones are skipped. */
export function loadCheckpoint(store: Store, runId: string, reported?: CheckpointPart): Promise<Checkpoint | null> {
  const isReported = ({ step, epoch }: Position): boolean =>
    reported === undefined || (step <= reported.step && epoch <= reported.epochs.length);
  return latestWhole(store, runId, isReported);
}

/** Loads the checkpoint at the end of an epoch, which has its snapshot's weights; null if it is missing or damaged. */
function loadEpochEnd(store: Store, runId: string, epoch: number): Promise<Checkpoint | null> {
  return latestWhole(store, runId, (position) => position.epoch === epoch && position.stepInEpoch === 0);
}

/** Like `loadCheckpoint`, for resuming: also removes the skipped points, so that they are not taken for newer ones. */
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

/** Returns the record of a run that goes on from `position`: steps after it are repeated, to the same numbers. */
export function resumedRecord(
  record: RunRecord,
  { step, epoch }: Position,
  known: Pick<RunRecord, 'totalSteps' | 'tags' | 'counts' | 'leaks' | 'snapshots'>,
): RunRecord {
  return {
    ...record,
    ...known,
    status: 'running',
    failure: null,
    step,
    steps: record.steps.filter((point) => point.step <= step),
    epochs: record.epochs.filter((point) => point.epoch <= epoch),
    selectedEpoch: null,
  };
}

/** Removes the resume points of a run. */
export async function removeCheckpoint(store: Store, runId: string): Promise<void> {
  await store.remove(await store.keys(resumeFolder(runId)));
}

/** Writes the weights after an epoch, then removes all but the last `saved` snapshots. */
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

/** Loads the weights after an epoch. Throws LabError `checkpoint/missing` if they are missing or damaged. */
export async function loadSnapshot(store: Store, runId: string, epoch: number): Promise<HostParameters> {
  const manifest = await readManifest(store, snapshotPath(runId, epoch), runId);
  const tensors = manifest && (await readTensors(store, manifest));
  if (tensors === null) {
    throw new LabError(
      'checkpoint/missing',
      `The snapshot after epoch ${epoch} is missing or damaged: train the run again to restore it.`,
      {
        expected: snapshotPath(runId, epoch),
      },
    );
  }
  return tensors;
}

/** The epochs whose snapshots remain after `epochs` epochs, oldest first. */
export function lastEpochs(epochs: number, saved: number): readonly number[] {
  return Array.from({ length: epochs }, (_, index) => index + 1).slice(-saved);
}

/** Epochs of the saved snapshots, oldest first. */
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
    const manifest = await readManifest(store, folder, runId);
    if (manifest === null || manifest.position === null) continue;
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

/** Zero-pads a number, so that keys sort numerically. */
function ordinal(value: number): string {
  return String(value).padStart(9, '0');
}

/** Folders directly below `prefix`, newest first. */
async function folders(store: Store, prefix: string): Promise<readonly string[]> {
  const names = (await store.keys(prefix)).map((key) => key.slice(prefix.length).split('/')[0] as string);
  return [...new Set(names)].sort().reverse().map((name) => `${prefix}${name}/`); // prettier-ignore
}

/** Removes folders without a manifest, which are never read, to free their space. */
async function removeTorn(store: Store, prefix: string): Promise<void> {
  const keys = await store.keys(prefix);
  const whole = new Set(keys.filter((key) => key.endsWith('/manifest')).map((key) => key.slice(0, -'manifest'.length)));
  const torn = (await folders(store, prefix)).filter((folder) => !whole.has(folder));
  await store.remove(keys.filter((key) => torn.some((folder) => key.startsWith(folder))));
}

/** Like `saveTensors`, but all or nothing: the LabError `storage/full` says how much space `what` needs. */
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

/** Extends the error of a full store with the space that all the tensors need. */
async function storageFullError(
  store: Store,
  what: string,
  tensors: HostParameters,
  cause: LabError,
): Promise<LabError> {
  const needed = [...tensors.values()].reduce((sum, { values }) => sum + values.byteLength, 0);
  const { usedBytes, quotaBytes } = await store.usage();
  const free = quotaBytes === null ? null : Math.max(0, quotaBytes - usedBytes);
  return new LabError('storage/full', `There is not enough storage for ${what}. ${cause.message}`, {
    expected: `${megabytes(needed)} free`,
    // When the disk itself is full, browsers still report the space that their quota would allow.
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
  const records = [...tensors].map(([name, { shape, values }]) => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return { name, shape: [...shape], key: `${folder}tensor/${name}`, bytes };
  });
  await writeAll(store, records);
  const entries = records.map(({ name, shape, key, bytes }) => ({
    name,
    shape,
    record: key,
    checksum: checksum(bytes),
  }));
  await writeJson(store, `${folder}manifest`, { ...head, tensors: entries });
  return records.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
}

/** Null if any tensor is missing or corrupted. */
async function readTensors(store: Store, manifest: CheckpointManifest): Promise<HostParameters | null> {
  const tensors = new Map<string, HostTensor>();
  for (const { name, shape, record, checksum: expected } of manifest.tensors) {
    const bytes = await store.read(record);
    if (bytes === undefined || checksum(bytes) !== expected) return null;
    tensors.set(name, { shape, values: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4) });
  }
  return tensors;
}

/** Null if it is missing, damaged, or the one of another folder or run. */
async function readManifest(store: Store, folder: string, runId: string): Promise<CheckpointManifest | null> {
  const read = readJson(store, `${folder}manifest`, checkpointManifestSchema);
  const manifest = await read.catch(ifCorrupt(undefined));
  const isOwn = manifest?.runId === runId && manifest.tensors.every(({ record }) => record.startsWith(folder));
  return manifest !== undefined && isOwn ? manifest : null;
}

/**
 * Finds the snapshots that a run should have and that are missing or damaged, with no resume point to restore them from; returns their epochs. If
 * there are any, also removes the run's resume points: training then starts over and writes the same snapshots.
 */
export async function resetDamagedRun(store: Store, record: RunRecord): Promise<readonly number[]> {
  const { spec, status, snapshots, epochs } = record;
  const saved = spec.config.snapshots;
  const points = status === 'finished' ? snapshots : epochs.slice(-saved);
  const damaged: number[] = [];
  for (const { epoch } of points) {
    try {
      await mendedSnapshot(store, spec.id, epoch, saved);
    } catch (error) {
      if (!(error instanceof LabError) || error.code !== 'checkpoint/missing') throw error;
      damaged.push(epoch);
    }
  }
  if (damaged.length > 0) await removeCheckpoint(store, spec.id);
  return damaged;
}

/**
 * Loads the weights after an epoch. Restores a missing or damaged snapshot from the resume point at the end of the epoch, if still
 * stored, as `saveSnapshot` does. Throws LabError `checkpoint/missing` otherwise.
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
