// A run's snapshot, made whole again from the run's own resume points where it is not.
import type { HostParameters } from '../model/parameters.ts';
import type { Store } from '../storage/store.ts';
import { LabError } from '../util/labError.ts';
import { loadEpochEnd, loadSnapshot, saveSnapshot } from './checkpoint.ts';
import { tensorsWithPrefix } from './trainerState.ts';

/**
 * Weights after an epoch. Missing and damaged ones are read from the resume point at its end, where the run keeps it yet, and written
 * anew as `saveSnapshot` does. Throws LabError `checkpoint/missing` where there is none.
 */
export async function mendedSnapshot(
  store: Store,
  runId: string,
  epoch: number,
  kept: number,
): Promise<HostParameters> {
  try {
    return await loadSnapshot(store, runId, epoch);
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'checkpoint/missing') throw error;
    const end = await loadEpochEnd(store, runId, epoch);
    if (end === null) throw error;
    const { weights } = tensorsWithPrefix(end.tensors);
    await saveSnapshot(store, runId, epoch, weights, kept);
    return weights;
  }
}
