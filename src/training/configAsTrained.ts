// The configuration of a run as it goes on: its own, with the micro-batches that memory left it.
import type { TrainingConfig } from '../schema/config.ts';
import type { RunRecord } from '../schema/runRecord.ts';

/** Effective batches, and so the updates that are asked for, stay the same. */
export function configAsTrained({ spec, interruptions }: Pick<RunRecord, 'spec' | 'interruptions'>): TrainingConfig {
  const microBatchSize = interruptions?.at(-1)?.microBatchSize ?? spec.config.microBatchSize;
  return { ...spec.config, microBatchSize };
}
