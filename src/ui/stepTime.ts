// How long a step takes on this machine, as far as earlier runs tell.
import type { RunRecord, RunSpec } from '../schema/runRecord.ts';
import type { RunGraph } from '../lab/labState.ts';

/** Milliseconds a step, scoring included, of the latest run that has the model and the shape of sequences and batches of `spec`. */
export function measuredStepTime(records: readonly RunRecord[], spec: RunSpec): number | null {
  const alike = records.filter((record) => record.step > 0 && record.elapsedMs > 0 && isAlike(record.spec, spec));
  const latest = alike.reduce<RunRecord | null>(
    (last, record) => (last === null || record.updatedAt > last.updatedAt ? record : last),
    null,
  );
  return latest === null ? null : latest.elapsedMs / latest.step;
}

/** Time all steps left will take; null when no earlier run is like some run of the graph. */
export function estimatedMs({ nodes }: RunGraph, records: readonly RunRecord[]): number | null {
  const known = new Map<string, number | null>();
  let total = 0;
  for (const { spec, stepsLeft } of nodes) {
    const key = shapeOf(spec);
    const stepMs = known.get(key) ?? measuredStepTime(records, spec);
    known.set(key, stepMs);
    if (stepsLeft === 0) continue;
    if (stepMs === null) return null;
    total += stepsLeft * stepMs;
  }
  return total;
}

function isAlike(left: RunSpec, right: RunSpec): boolean {
  return shapeOf(left) === shapeOf(right);
}

/** What the cost of a step hangs on most; frozen layers save part of it. */
function shapeOf({ model, config, slicing }: RunSpec): string {
  const { layout, maxPieces, batchSize, microBatchSize, head, labelMode } = config;
  const frozen = slicing?.frozen === true ? slicing.layers : 0;
  return JSON.stringify([model.id, layout, maxPieces, batchSize, microBatchSize, head, labelMode, frozen]);
}
