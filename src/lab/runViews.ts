// Runs as they are shown: in order, and advanced by the events of the one on the device.
import type { RunEvent } from '../../workers/protocol.ts';
import { methodSchema, type RunRecord, type RunStatus } from '../schema/runRecord.ts';
import { notBefore } from '../util/notBefore.ts';
import type { RunView } from './labState.ts';

const arriving: NonNullable<RunView['live']> = {
  phase: 'loading',
  done: 0,
  total: 0,
  tokensPerSecond: null,
  remainingMs: null,
  memory: null,
};

/** A run that is not on the device. */
export function restingRunView(record: RunRecord): RunView {
  return { record, live: null };
}

/** A run that was just put on the device and has told nothing yet. */
export function boardingRunView({ record }: RunView): RunView {
  return { record, live: arriving };
}

/** The views with this one in the place of the run of the same id, or added; newest first, runs of one plan by category, method, task, slicing, seed and round. */
export function insertRunView(views: readonly RunView[], view: RunView): readonly RunView[] {
  const others = views.filter(({ record }) => record.spec.id !== view.record.spec.id);
  return [...others, view].sort((left, right) => compareRecords(left.record, right.record));
}

/** Views of runs that are not on the device, in their order. */
export function runViewsOf(records: readonly RunRecord[]): readonly RunView[] {
  return records.map(restingRunView).sort((left, right) => compareRecords(left.record, right.record));
}

/** The view with another status; `at` is the ISO time of the change. */
export function setRunStatus(view: RunView, status: RunStatus, at: string): RunView {
  if (view.record.status === status) return view;
  const failure = status === 'failed' ? view.record.failure : null;
  return { ...view, record: { ...view.record, status, failure, updatedAt: notBefore(at, view.record.updatedAt) } };
}

/** The view after an event of its run. `ended` changes nothing: the answer to `train` carries the same record. */
export function advanceRunView(view: RunView, event: RunEvent): RunView {
  const { record } = view;
  const live = view.live ?? arriving;
  switch (event.kind) {
    case 'started':
      return { record: event.record, live };
    case 'phase':
      return { record, live: { ...live, phase: event.phase, done: event.done, total: event.total } };
    case 'step':
      return {
        record: {
          ...record,
          step: event.point.step,
          totalSteps: event.totalSteps,
          elapsedMs: event.point.elapsedMs,
          steps: [...record.steps, event.point],
        },
        live: {
          phase: 'training',
          done: event.point.step,
          total: event.totalSteps,
          tokensPerSecond: event.tokensPerSecond,
          remainingMs: event.remainingMs,
          memory: event.memory,
        },
      };
    case 'epoch':
      return {
        record: { ...record, elapsedMs: event.point.elapsedMs, epochs: [...record.epochs, event.point] },
        live,
      };
    case 'checkpoint':
    case 'predicting':
    case 'ended':
      return view;
  }
}

function compareRecords(left: RunRecord, right: RunRecord): number {
  if (left.createdAt !== right.createdAt) return left.createdAt < right.createdAt ? 1 : -1;
  const [own, other] = [left.spec, right.spec];
  return (
    compareTexts(own.category?.name ?? '', other.category?.name ?? '') ||
    methodSchema.options.indexOf(own.method) - methodSchema.options.indexOf(other.method) ||
    compareTexts(own.tasks[0]?.corpus.name ?? '', other.tasks[0]?.corpus.name ?? '') ||
    compareTexts(own.tasks[0]?.type ?? '', other.tasks[0]?.type ?? '') ||
    (own.slicing?.layers ?? 0) - (other.slicing?.layers ?? 0) ||
    own.seed - other.seed ||
    own.round - other.round
  );
}

function compareTexts(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
