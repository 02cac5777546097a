// The run that stands for another one on another task: the same training of the same model, as far as it has been done.
import type { RunRecord, RunSpec, TaskRef } from '../schema/runRecord.ts';
import { canonicalJson } from '../util/fingerprint.ts';
import { runsOfTask } from './analysableTasks.ts';

/** `run` itself where it was trained on the task too, else the latest with its method, slicing, model, seed, round and settings; null without one. */
export function siblingRun(
  task: TaskRef,
  run: RunRecord,
  runs: readonly RunRecord[],
): { readonly record: RunRecord; readonly place: number } | null {
  const own = runsOfTask(task, [run])[0];
  if (own !== undefined) return own;
  const asked = trainingKey(run.spec);
  const same = runsOfTask(task, runs).filter(({ record }) => trainingKey(record.spec) === asked);
  const latestFirst = same.toSorted((left, right) => right.record.createdAt.localeCompare(left.record.createdAt));
  return latestFirst[0] ?? null;
}

function trainingKey({ method, slicing, model, seed, round, config }: RunSpec): string {
  return canonicalJson({ method, slicing, model: model.fingerprint, seed, round, config });
}
