// What a run that was taken off the device by itself goes on with, or that it cannot.
import type { LabErrorData } from '../util/labError.ts';
import { microBatchSizeOf } from '../schema/microBatchSizeOf.ts';
import type { Interruption, RunRecord } from '../schema/runRecord.ts';

/** Attempts without a step kept in between, after which the run is left to the person. */
const ATTEMPTS = 3;

const isMemory = ({ code }: LabErrorData): boolean => code === 'gpu/memory' || code === 'memory/full';

/** Invalid work would be refused again: it is a mistake of ours, and to be told as one. */
const isFinal = ({ code }: LabErrorData): boolean => code === 'gpu/error';

/**
 * The entry for a run's record when it may be tried again from its last resume point: with half as many sequences at once where memory was
 * the reason, the effective batch being the same. Null when there is nothing left to try. `record` as it was stored last, `at` in ISO form.
 */
export function interruptionAfter(record: RunRecord, failure: LabErrorData, at: string): Interruption | null {
  if (isFinal(failure)) return null;
  const { step, interruptions = [] } = record;
  const before = microBatchSizeOf(record);
  if (isMemory(failure)) {
    return before === 1 ? null : { at, step, failure, microBatchSize: Math.ceil(before / 2) };
  }
  const inVain = interruptions.filter((one) => one.step === step && !isMemory(one.failure)).length;
  return inVain >= ATTEMPTS ? null : { at, step, failure, microBatchSize: before };
}
