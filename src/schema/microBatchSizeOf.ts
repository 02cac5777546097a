// How many sequences of a run are on the device at once, as it goes on.
import type { RunRecord } from './runRecord.ts';

/** What memory left it when it was interrupted last; its configuration's where nothing interrupted it. */
export function microBatchSizeOf({ spec, interruptions }: Pick<RunRecord, 'spec' | 'interruptions'>): number {
  return interruptions?.at(-1)?.microBatchSize ?? spec.config.microBatchSize;
}
