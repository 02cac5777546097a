// Reads time: dates in order, time worked without sleep, time left, and turns of the event loop.
/** The time `now`, or `earlier` where that is later; both ISO 8601. */
export function notBefore(now: string, earlier: string): string {
  return Date.parse(now) < Date.parse(earlier) ? earlier : now;
}

/** The time `now`, or one millisecond after the latest of `earlier` where that is not before it; all ISO 8601. */
export function laterThan(now: string, earlier: readonly string[]): string {
  const latest = earlier.reduce((last, time) => Math.max(last, Date.parse(time)), -Infinity);
  return latest < Date.parse(now) ? now : new Date(latest + 1).toISOString();
}

/** Some systems count sleep as time and others do not, so a gap between two looks is all there is to tell it by. */
const LEAST_SLEEP_MS = 180_000;
/** Of the mean gap: on a slow machine whole minutes between two looks are work. */
const LONGEST_GAPS = 5;

/**
 * The milliseconds worked since the clock was made, at each look; to be looked at after every piece of work. A gap of `clockMs` counts up to
 * three minutes, or five times the mean gap where that is more; the rest of it was sleep.
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

/** The parts of a message channel used here; browsers, Workers and Node have them. */
interface Channel {
  readonly port1: { onmessage: (() => void) | null; close(): void };
  readonly port2: { postMessage(message: unknown): void };
}

declare const globalThis: { readonly MessageChannel: new () => Channel };

/**
 * Resolves in a later macrotask. A message is neither clamped to 4 ms as nested timers are, nor stopped in hidden tabs as animation
 * frames are.
 */
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

/** Forward passes alone cost about a third of a training step for the same sequences: the guess before the first evaluation. */
const EVALUATION_SHARE = 1 / 3;
/** Weight of the newest step in the running mean: lengths vary, so several dozen steps are averaged. */
const NEWEST = 0.03;
/** A step counts for at most so many times the mean: a nap of the machine in the middle of it must not stand for its pace. */
const LONGEST_STEP = 10;

/** How long the rest of a run will take, from what its parts have taken so far. */
interface Pace {
  step(elapsedMs: number, sequences: number): void;
  evaluation(elapsedMs: number, sequences: number): void;
  /** Milliseconds for so many sequences still to train on and to evaluate; null before the first step. */
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
      // The first step compiles and allocates; it stands only until the second.
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
