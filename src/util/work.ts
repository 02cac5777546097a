// Runs long work as generators, so that the caller can show progress and stop between two steps.
import { macrotask } from './clock.ts';

/** Reports how far long work has come. */
export interface Progress {
  /** Says what is being done, such as `reading training text`. */
  readonly phase: string;
  /** Counts the finished items of this phase. */
  readonly done: number;
  /** Counts all items of this phase; 0 when unknown. */
  readonly of: number;
}

/** Yields every few milliseconds; a caller cancels it by no longer pulling. */
export type Work<Result> = Generator<Progress, Result, void>;

/** Runs a synchronous generator to its end at once and returns its result; what it yields is ignored. */
export function finishWork<Result>(work: Iterator<unknown, Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** How work is watched and ended. */
export interface WorkControl {
  readonly signal: AbortSignal;
  report(progress: Progress): void;
}

/** A message to the thread waits no longer than this, as long as the work yields more often. */
const TURN_MS = 30;

/** Runs work to its end, giving the thread back between turns. Throws the reason of the job's signal. */
export async function inTurns<Outcome>(work: Iterator<Progress, Outcome>, job: WorkControl): Promise<Outcome> {
  let turnEndsMs = performance.now() + TURN_MS;
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
    if (performance.now() < turnEndsMs) continue;
    job.report(next.value);
    await macrotask();
    job.signal.throwIfAborted();
    turnEndsMs = performance.now() + TURN_MS;
  }
}

/** Runs an asynchronous generator to its end, hands each event to `onEvent` before asking for the next one, and returns its result. */
export async function drain<Event, Outcome>(
  events: AsyncGenerator<Event, Outcome>,
  onEvent: (event: Event) => void | Promise<void> = () => undefined,
): Promise<Outcome> {
  for (;;) {
    const next = await events.next();
    if (next.done === true) return next.value;
    await onEvent(next.value);
  }
}

/** Passes the events of a generator on, each as `change` makes it, and returns the same result. */
export async function* mapEvents<Event, Changed, Outcome>(
  events: AsyncGenerator<Event, Outcome>,
  change: (event: Event) => Changed,
): AsyncGenerator<Changed, Outcome> {
  for (;;) {
    const next = await events.next();
    if (next.done === true) return next.value;
    yield change(next.value);
  }
}

/** Passes the steps of synchronous work on, each as `change` makes it, and returns the same result. */
export function* mapWork<Step, Changed, Result>(
  work: Iterator<Step, Result>,
  change: (step: Step) => Changed,
): Generator<Changed, Result, void> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    yield change(step.value);
  }
}

/** Returns what `work` resolves to; null once `signal` is aborted, however the work ends then. */
export async function unlessAborted<Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value | null> {
  if (signal.aborted) return null;
  try {
    const value = await work();
    return signal.aborted ? null : value;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** A signal for work that nobody cancels. */
export const neverAborted: AbortSignal = new AbortController().signal;

/** Counts the items between two steps. */
const itemsAStep = 256;

/** Calls `each` with the numbers below `of`, as one phase of work. */
export function* countThrough(phase: string, of: number, each: (index: number) => void): Work<void> {
  for (let index = 0; index < of; index++) {
    if (index % itemsAStep === 0) yield { phase, done: index, of };
    each(index);
  }
  yield { phase, done: of, of };
}
