// How a run is named on the page: by what it trains on and by how.
import type { RunSpec, TaskRef } from '../schema/runRecord.ts';
import { format } from './format.ts';

/** The task of a run on one; the category of a run on several. */
export function runName({ tasks, category }: Pick<RunSpec, 'tasks' | 'category'>): string {
  const [first] = tasks;
  if (tasks.length === 1 && first !== undefined) return taskRefName(first);
  return `${category?.name ?? 'tasks'} · ${format.counted(tasks.length, 'task')}`;
}

export function taskRefName({ corpus, type }: TaskRef): string {
  return format.taskName(corpus.name, type);
}

/** `MTL-LS 2/4, round 1`; without `layers`, the encoder's number of layers, the shared ones alone. */
export function methodName(
  { method, slicing, round }: Pick<RunSpec, 'method' | 'slicing' | 'round'>,
  layers?: number,
): string {
  const shared =
    slicing === null ? '' : layers === undefined ? `, ${slicing.layers} shared` : ` ${slicing.layers}/${layers}`;
  return `${method}${shared}${round === 0 ? '' : `, round ${round}`}`;
}
