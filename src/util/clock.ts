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
