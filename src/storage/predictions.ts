// Predictions in a store: `run/<id>/predictions/<epoch>-<split>-<task>`, removed with the run.
import type { PredictionRequest } from '../schema/storedPredictions.ts';
import { storedPredictionsSchema, type StoredPredictions } from '../schema/storedPredictions.ts';
import { readJson, writeJson } from './records.ts';
import type { Store } from './store.ts';

/** Writes or replaces what a snapshot predicted. Throws LabError `storage/full`, leaving the old record. */
export async function writePredictions(
  store: Store,
  request: PredictionRequest,
  predictions: StoredPredictions,
): Promise<void> {
  await writeJson(store, recordKey(request), predictions);
}

/** What a snapshot predicted, or undefined where nothing is stored. Throws LabError `storage/corrupt`. */
export function readPredictions(store: Store, request: PredictionRequest): Promise<StoredPredictions | undefined> {
  return readJson(store, recordKey(request), storedPredictionsSchema);
}

function recordKey({ runId, epoch, split, task }: PredictionRequest): string {
  return `run/${runId}/predictions/${epoch}-${split}-${task}`;
}
