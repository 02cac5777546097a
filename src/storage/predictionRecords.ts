// Stores what was computed with the snapshots of a run: predictions and projected gradients, removed with the run.
import type { SequenceGradient } from '../metrics/affinity/linearisedTagger.ts';
import type { TaskGradients } from '../metrics/affinity/taskAffinity.ts';
import {
  storedGradientsSchema,
  storedPredictionsSchema,
  type GradientsRequest,
  type PredictionRequest,
  type StoredGradients,
  type StoredPredictions,
} from '../schema/storedPredictions.ts';
import { checksum, fingerprint } from '../util/digest.ts';
import { ifCorrupt, readJson, writeJson } from './records.ts';
import type { Store } from './store.ts';

// Stores predictions: `run/<id>/predictions/<epoch>-<split>-<task>`, elsewhere `<epoch>-<split>-on-<corpus>-<type>`, removed with the run.

/** Writes or replaces the predictions of a snapshot. Throws LabError `storage/full`, leaving the old record. */
export async function writePredictions(
  store: Store,
  request: PredictionRequest,
  predictions: StoredPredictions,
): Promise<void> {
  await writeJson(store, predictionsKey(request), predictions);
}

/** Reads the predictions of a snapshot, or undefined if none are stored, or damaged ones: the snapshot can predict again. */
export function readPredictions(store: Store, request: PredictionRequest): Promise<StoredPredictions | undefined> {
  return readJson(store, predictionsKey(request), storedPredictionsSchema).catch(ifCorrupt(undefined));
}

function predictionsKey({ runId, epoch, split, task, elsewhere }: PredictionRequest): string {
  const place = elsewhere === undefined ? String(task) : `on-${elsewhere.corpusId}-${typeKey(elsewhere.type)}`;
  return `run/${runId}/predictions/${epoch}-${split}-${place}`;
}

/** A name of a type that every store can have in a key. */
function typeKey(type: string | null): string {
  return type === null ? 'all' : fingerprint(type).slice(0, 16);
}

// Stores the projected gradients of a joint run: `run/<id>/gradients/<epoch>` and their bytes beside it, removed with the run.

/** Which gradients are stored. */
type SnapshotKey = Pick<GradientsRequest, 'runId' | 'epoch'>;

/** Writes or replaces the gradients of a snapshot. Throws LabError `storage/full`. */
export async function writeGradients(
  store: Store,
  { runId, epoch, sequences, dimensions, seed }: GradientsRequest,
  tasks: readonly TaskGradients[],
): Promise<void> {
  const all = tasks.flatMap(({ train, devel }) => [...train, ...devel]);
  const bytes = new Uint8Array(4 * dimensions * all.length);
  const view = new DataView(bytes.buffer);
  for (const [row, { gradient }] of all.entries()) {
    gradient.forEach((value, column) => view.setFloat32(4 * (row * dimensions + column), value, true));
  }
  const lossesOf = (of: readonly SequenceGradient[]): number[] => of.map(({ loss }) => loss);
  const head: StoredGradients = {
    version: 1,
    sequences,
    dimensions,
    seed,
    tasks: tasks.map(({ shown, train, devel }) => ({ shown, train: lossesOf(train), devel: lossesOf(devel) })),
    checksum: checksum(bytes),
  };
  await store.write(bytesKey({ runId, epoch }), bytes);
  await writeJson(store, headKey({ runId, epoch }), head);
}

export interface MeasuredGradients extends Pick<GradientsRequest, 'sequences' | 'dimensions' | 'seed'> {
  /** In the order of the run's tasks. */
  readonly tasks: readonly TaskGradients[];
}

/** Reads the gradients of a snapshot, or undefined if none are stored, or damaged ones: they can be measured again. */
export async function readGradients(store: Store, of: SnapshotKey): Promise<MeasuredGradients | undefined> {
  const head = await readJson(store, headKey(of), storedGradientsSchema).catch(ifCorrupt(undefined));
  const bytes = head && (await store.read(bytesKey(of)));
  if (head === undefined || bytes === undefined || checksum(bytes) !== head.checksum) return undefined;
  const { sequences, dimensions, seed } = head;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows = head.tasks.reduce((sum, { train, devel }) => sum + train.length + devel.length, 0);
  if (bytes.byteLength !== 4 * dimensions * rows) return undefined;
  let row = 0;
  const next = (loss: number): SequenceGradient => {
    const from = 4 * dimensions * row++;
    return { loss, gradient: Float32Array.from({ length: dimensions }, (_, column) => view.getFloat32(from + 4 * column, true)) }; // prettier-ignore
  };
  const tasks = head.tasks.map(({ shown, train, devel }) => ({
    shown,
    train: train.map(next),
    devel: devel.map(next),
  }));
  return { sequences, dimensions, seed, tasks };
}

function headKey({ runId, epoch }: SnapshotKey): string {
  return `run/${runId}/gradients/${epoch}`;
}

function bytesKey(of: SnapshotKey): string {
  return `${headKey(of)}-values`;
}
