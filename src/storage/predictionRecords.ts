// Stores predictions: `run/<id>/predictions/<epoch>-<split>-<task>`, elsewhere `<epoch>-<split>-on-<corpus>-<type>`, removed with the run.
import {
  storedPredictionsSchema,
  type PredictionRequest,
  type StoredPredictions,
} from '../schema/storedPredictions.ts';
import { fingerprint } from '../util/digest.ts';
import { ifCorrupt, readJson, writeJson } from './records.ts';
import type { Store } from './store.ts';

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
