// The record that a run begins with.
import type { RunRecord, RunSpec } from './runRecord.ts';

/** The record of a run that waits for its first start. `createdAt` is an ISO date and time. */
export function queuedRun(spec: RunSpec, createdAt: string): RunRecord {
  return {
    version: 2,
    spec,
    status: 'queued',
    failure: null,
    createdAt,
    updatedAt: createdAt,
    totalSteps: 0,
    step: 0,
    elapsedMs: 0,
    environments: [],
    counts: null,
    tags: [],
    steps: [],
    epochs: [],
    snapshots: [],
    selectedEpoch: null,
  };
}
