// Why a waiting run is passed over: the run it starts from is not finished.
import type { RunRecord, RunStatus } from '../schema/runRecord.ts';
import type { LabState } from './labState.ts';

export interface Wait {
  readonly parentId: string;
  /** Null when the lab does not have that run. */
  readonly parent: RunRecord | null;
  /** For a person to read. */
  readonly reason: string;
  /** Nothing will change until somebody resumes the parent: it was paused, stopped or failed, or is not here. */
  readonly isStuck: boolean;
}

const reasons: Readonly<Record<RunStatus, string>> = {
  queued: 'is trained first',
  running: 'is being trained',
  paused: 'is paused: resume it',
  stopped: 'was stopped: resume it',
  failed: 'failed: try it again',
  finished: '',
};

/** Null for a run that may start as soon as the device is free. */
export function waitsFor({ runs }: Pick<LabState, 'runs'>, runId: string): Wait | null {
  const recordOf = (id: string): RunRecord | null => runs.find(({ record }) => record.spec.id === id)?.record ?? null;
  const parentId = recordOf(runId)?.spec.parent ?? null;
  if (parentId === null) return null;
  const parent = recordOf(parentId);
  if (parent === null) {
    return { parentId, parent, reason: `Waits for the run ${parentId}, which is not here.`, isStuck: true };
  }
  const { status, spec } = parent;
  if (status === 'finished') return null;
  const name = spec.method === 'MTL-XC' ? `MTL-XC of ${spec.category?.name ?? 'its category'}` : 'its first training';
  // A parent that waits is as stuck as what it waits for.
  const isStuck = status === 'queued' ? waitsFor({ runs }, parentId)?.isStuck === true : status !== 'running';
  return { parentId, parent, reason: `Waits for ${name}, which ${reasons[status]}.`, isStuck };
}

/** Whether runs wait, the device is free, and none of them can take it: for want of room, or of the runs they start from. */
export function isQueueStuck(state: Pick<LabState, 'runs' | 'queue' | 'activeRunId' | 'needsRoom'>): boolean {
  if (state.activeRunId !== null || state.queue.length === 0) return false;
  return state.needsRoom !== null || state.queue.every((id) => waitsFor(state, id) !== null);
}
