// Names runs on the page by their tasks and their method.
import { variantOfSpec } from '../../lab/state/methodNames.ts';
import type { EpochPoint, RunRecord, RunSpec, RunStatus, TaskRef } from '../../schema/runRecord.ts';
import { format } from './format.ts';
import { meanF1 } from './selectedSnapshot.ts';

/** Names the task of a single-task run, or the category of another. */
export function runName({ tasks, category }: Pick<RunSpec, 'tasks' | 'category'>): string {
  const [first] = tasks;
  if (tasks.length === 1 && first !== undefined) return taskRefName(first);
  return `${category?.name ?? 'tasks'} · ${format.counted(tasks.length, 'task')}`;
}

export function taskRefName({ corpus, type }: TaskRef): string {
  return format.taskName(corpus.name, type);
}

/** Names the method of a run: `MTL-LS 0.25, round 1`. `layers`: those of the encoder, undefined where they are not known. */
export function methodName(spec: Pick<RunSpec, 'method' | 'slicing' | 'round'>, layers: number | undefined): string {
  return `${variantOfSpec(spec, layers)}${spec.round === 0 ? '' : `, round ${spec.round}`}`;
}

export const STATUS_WORDS: Readonly<Record<RunStatus, string>> = {
  queued: 'Queued',
  running: 'Running',
  paused: 'Paused',
  stopped: 'Stopped',
  failed: 'Failed',
  finished: 'Finished',
};

/** Returns the share of steps done, in [0, 1]; 0 until the total is known. */
export function runProgress(record: RunRecord): number {
  if (record.status === 'finished') return 1;
  return record.totalSteps === 0 ? 0 : Math.min(1, record.step / record.totalSteps);
}

/** Returns the epoch with the highest lenient devel F1, averaged over the run's tasks; the latest among equals. */
export function bestEpoch(record: RunRecord): { readonly point: EpochPoint; readonly f1: number } | null {
  let best: { readonly point: EpochPoint; readonly f1: number } | null = null;
  for (const point of record.epochs) {
    const f1 = meanF1(point.devel);
    if (f1 !== null && (best === null || f1 >= best.f1)) best = { point, f1 };
  }
  return best;
}
