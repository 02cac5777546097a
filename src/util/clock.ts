// Time and long work: ordered dates, time worked and remaining, and generators that show progress and can stop between two steps.

// Time: ordered dates, time worked excluding sleep, time remaining, and turns of the event loop.

/** Returns `now`, or `earlier` if that is later; both ISO 8601. */
export function notBefore(now: string, earlier: string): string {
  return Date.parse(now) < Date.parse(earlier) ? earlier : now;
}

/** Returns `now`, or one millisecond after the latest of `earlier` if that is not before it; all ISO 8601. */
export function laterThan(now: string, earlier: readonly string[]): string {
  const latest = earlier.reduce((last, time) => Math.max(last, Date.parse(time)), -Infinity);
  return latest < Date.parse(now) ? now : new Date(latest + 1).toISOString();
}

/** Some systems count sleep as elapsed time and others do not, so only the gap between two readings reveals it. */
const LEAST_SLEEP_MS = 180_000;
/** A multiple of the mean gap: on a slow machine, whole minutes between two readings are work. */
const LONGEST_GAPS = 5;

/**
 * Returns a clock of the milliseconds worked since its creation; read it after every piece of work. A gap of `clockMs` counts up to three minutes, or
 * five times the mean gap if that is more; the rest was sleep.
 */
export function createWorkedTime(clockMs: () => number = () => performance.now()): () => number {
  let lookedAtMs = clockMs();
  let workedMs = 0;
  let looks = 0;
  return () => {
    const atMs = clockMs();
    const gapMs = Math.max(0, atMs - lookedAtMs);
    lookedAtMs = atMs;
    const longestMs = looks === 0 ? 0 : (LONGEST_GAPS * workedMs) / looks;
    workedMs += Math.min(gapMs, Math.max(LEAST_SLEEP_MS, longestMs));
    looks++;
    return workedMs;
  };
}

/** Resolves after `waitMs`, or as soon as `signal` is aborted. */
export function waitUnlessAborted(waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, waitMs);
    signal.addEventListener('abort', end);
  });
}

/** The parts of a message channel used here, available in browsers, Workers and Node. */
interface Channel {
  readonly port1: { onmessage: (() => void) | null; close(): void };
  readonly port2: { postMessage(message: unknown): void };
}

declare const globalThis: { readonly MessageChannel: new () => Channel };

/** Resolves in a later macrotask. Messages are neither clamped to 4 ms like nested timers, nor paused in hidden tabs like animation frames. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new globalThis.MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** The initial guess before the first evaluation: forward passes alone cost about a third of a training step on the same sequences. */
const EVALUATION_SHARE = 1 / 3;
/** Weight of the newest step in the running mean: lengths vary, so it averages several dozen steps. */
const NEWEST = 0.03;
/** Caps a step at this multiple of the mean: the machine sleeping during a step must not change its pace. */
const LONGEST_STEP = 10;

/** Estimates the time remaining in a run from the time its parts have taken so far. */
interface Pace {
  step(elapsedMs: number, sequences: number): void;
  evaluation(elapsedMs: number, sequences: number): void;
  /** Milliseconds for the given numbers of sequences still to train on and to evaluate; null before the first step. */
  remainingMs(trainSequences: number, evaluationSequences: number): number | null;
}

export function createPace(): Pace {
  let stepMs: number | null = null;
  let evaluatedMs = 0;
  let evaluated = 0;
  let steps = 0;
  return {
    step(elapsedMs, sequences) {
      const perSequence = elapsedMs / sequences;
      steps++;
      // The first step compiles and allocates, so the second replaces it.
      if (stepMs === null || steps === 2) stepMs = perSequence;
      else stepMs += Math.max(NEWEST, 1 / steps) * (Math.min(perSequence, LONGEST_STEP * stepMs) - stepMs);
    },
    evaluation(elapsedMs, sequences) {
      evaluatedMs += elapsedMs;
      evaluated += sequences;
    },
    remainingMs(trainSequences, evaluationSequences) {
      if (stepMs === null) return null;
      const perEvaluated = evaluated > 0 ? evaluatedMs / evaluated : stepMs * EVALUATION_SHARE;
      return trainSequences * stepMs + evaluationSequences * perEvaluated;
    },
  };
}

// Runs long work as generators, so that the caller can show progress and stop between two steps.

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
