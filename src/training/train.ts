// A run as a loop you pull: every step, epoch and checkpoint of training one tagger, then its test scores.
import type { RunRecord } from '../schema/runRecord.ts';
import type { TrainingEvent } from '../wire/trainingEvent.ts';
import { RunInProgress, type TrainInputs } from './runInProgress.ts';

/**
 * Trains until the end or the signal, going on from the latest whole checkpoint, and returns the record as stored. Data order and
 * dropout depend on (seed, epoch) and (seed, step) alone, so a resumed run does what an uninterrupted one would have done.
 * Throws LabError `training/notFinite` when the loss is no number, `gpu/...` when the device failed, `storage/...` when records cannot
 * be written; the last checkpoint stays.
 */
export async function* train(inputs: TrainInputs): AsyncGenerator<TrainingEvent, RunRecord> {
  const { signal } = inputs;
  const run = await RunInProgress.open(inputs);
  try {
    yield { kind: 'started', record: run.record };
    while (!run.trained) {
      yield* run.trainEpoch();
      yield* run.closeEpoch();
    }
    yield* run.scoreSnapshots();
    await run.finish();
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    yield* run.leave(error === 'pause' ? 'paused' : 'stopped');
  } finally {
    run.dispose();
  }
  return run.record;
}
