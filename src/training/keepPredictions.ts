// Stores what a snapshot of a run predicts, as the corpus of the task names it.
import type { PredictionRequest } from '../schema/storedPredictions.ts';
import type { RunSpec } from '../schema/runRecord.ts';
import { storePredictions, type PredictedMention } from '../schema/storedPredictions.ts';
import { writePredictions } from '../storage/predictions.ts';
import type { Store } from '../storage/store.ts';

/**
 * Mentions of each sentence of the split, in order. A task of one type has that type's name in its own corpus, whatever MTL-XC trained it as;
 * a task of all types keeps the names it was trained with. Throws LabError `storage/full`, leaving what was stored before.
 */
export async function keepPredictions(
  store: Store,
  { tasks }: RunSpec,
  request: PredictionRequest,
  sentences: readonly (readonly PredictedMention[])[],
): Promise<void> {
  const type = tasks[request.task]?.type ?? null;
  const named =
    type === null ? sentences : sentences.map((mentions) => mentions.map((mention) => ({ ...mention, type })));
  await writePredictions(store, request, storePredictions(named));
}
