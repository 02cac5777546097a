// Stores predictions: `run/<id>/predictions/<epoch>-<split>-<task>`, removed with the run.
import {
  storedPredictionsSchema,
  type PredictionRequest,
  type StoredPredictions,
} from '../schema/storedPredictions.ts';
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

function predictionsKey({ runId, epoch, split, task }: PredictionRequest): string {
  return `run/${runId}/predictions/${epoch}-${split}-${task}`;
}
