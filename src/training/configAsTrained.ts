// The configuration of a run as it goes on: its own, with the micro-batches that memory left it.
import type { TrainingConfig } from '../schema/config.ts';
import { microBatchSizeOf } from '../schema/microBatchSizeOf.ts';
import type { RunRecord } from '../schema/runRecord.ts';

/** Effective batches, and so the updates that are asked for, stay the same. */
export function configAsTrained(record: Pick<RunRecord, 'spec' | 'interruptions'>): TrainingConfig {
  return { ...record.spec.config, microBatchSize: microBatchSizeOf(record) };
}
