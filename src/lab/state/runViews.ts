// Keeps the views of runs in order, updates them with the events of the run on the device, and spells methods and rates: `MTL-LS 0.25`.
import { isJoint, isSliced, METHODS, type Method } from '../../schema/methods.ts';
import type { RunRecord, RunSpec, RunStatus } from '../../schema/runRecord.ts';
import { notBefore } from '../../util/clock.ts';
import type { RunEvent } from '../../wire/trainingProtocol.ts';
import type { RunView } from './labState.ts';

const initialLive: NonNullable<RunView['live']> = {
  phase: 'loading',
  done: 0,
  of: 0,
  tokensPerSecond: null,
  remainingMs: null,
  memory: null,
};

/** The view of a run that is not on the device. */
export function restingRunView(record: RunRecord): RunView {
  return { record, live: null };
}

/** The view of a run that was just put on the device and has reported nothing yet. */
export function boardingRunView({ record }: RunView): RunView {
  return { record, live: initialLive };
}

/** Inserts or replaces a view by run id; newest first, runs of one plan by category, method, task, slicing, seed and round. */
export function insertRunView(views: readonly RunView[], view: RunView): readonly RunView[] {
  const others = views.filter(({ record }) => record.spec.id !== view.record.spec.id);
  return [...others, view].sort((left, right) => compareRecords(left.record, right.record));
}

/** Ordered views of runs that are not on the device. */
export function runViewsOf(records: readonly RunRecord[]): readonly RunView[] {
  return records.map(restingRunView).sort((left, right) => compareRecords(left.record, right.record));
}

/** Changes the status; `at` is the ISO time of the change. */
export function setRunStatus(view: RunView, status: RunStatus, at: string): RunView {
  if (view.record.status === status) return view;
  const failure = status === 'failed' ? view.record.failure : null;
  return { ...view, record: { ...view.record, status, failure, updatedAt: notBefore(at, view.record.updatedAt) } };
}

/** Updates the view with an event of its run. `ended` changes nothing: the reply to `train` carries the same record. */
export function advanceRunView(view: RunView, event: RunEvent): RunView {
  const { record } = view;
  const live = view.live ?? initialLive;
  switch (event.kind) {
    case 'started':
      return { record: event.record, live };
    case 'phase':
      return { record, live: { ...live, phase: event.phase, done: event.done, of: event.of } };
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
          of: event.totalSteps,
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
    METHODS.indexOf(own.method) - METHODS.indexOf(other.method) ||
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

/**
 * `STL moss Disease seed 1`, `MTL-XC disease seed 1`, `MTL-LS 0.75 disease moss Disease seed 1 round 2`. If the encoder's number of
 * layers is unknown (null), the slicing is given in layers: `MTL-LS 3 layers`.
 */
export function runTitle(spec: Omit<RunSpec, 'id'>, encoderLayers: number | null): string {
  const { category, tasks, seed, round } = spec;
  const task = isJoint(spec.method) ? undefined : tasks[0];
  const words: (string | null | undefined)[] = [
    variantOfSpec(spec, encoderLayers),
    category?.name,
    task?.corpus.name,
    task?.type,
  ];
  const turn = spec.collaboration?.turn ?? 1;
  words.push(turn === 1 ? null : `turn ${turn}`, `seed ${seed}`, round === 0 ? null : `round ${round}`);
  return words.filter((word) => word !== null && word !== undefined).join(' ');
}

// Spells methods and slicing rates, the same wherever they are read: `MTL-LS 0.25`.

/** `0.25`, or `3 layers` when the model's number of layers is unknown. */
export function rateName(layers: number | null, rate: number | null): string {
  return rate === null ? `${layers ?? 0} layers` : rate.toFixed(2);
}

export interface NamedVariant {
  readonly method: Method;
  /** Number of shared layers; null for methods without slicing. */
  readonly layers: number | null;
  /** Share of the model's layers; null where their number is unknown. */
  readonly rate: number | null;
}

/** `STL`, `MTL-XC` or `MTL-LS 0.25`. */
export function variantName({ method, layers, rate }: NamedVariant): string {
  return isSliced(method) ? `${method} ${rateName(layers, rate)}` : method;
}

/** The same for a run, of whose encoder the number of layers is known or not. */
export function variantOfSpec(
  { method, slicing }: Pick<RunSpec, 'method' | 'slicing'>,
  encoderLayers: number | null | undefined,
): string {
  const layers = slicing?.layers ?? null;
  const isKnown = layers !== null && encoderLayers !== null && encoderLayers !== undefined && encoderLayers > 0;
  return variantName({ method, layers, rate: isKnown ? layers / encoderLayers : null });
}
