// Long work as a generator, so that a Worker can report progress and cancel between two steps.
export interface WorkProgress {
  /** The current phase, such as `reading training text`. */
  readonly phase: string;
  /** Of `total` items of this phase. */
  readonly done: number;
  readonly total: number;
}

/** Yields every few milliseconds; a caller cancels it by no longer pulling. */
export type Work<Result> = Generator<WorkProgress, Result, void>;

/** Runs work to its end at once. */
export function finishWork<Result>(work: Work<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Items between two steps. */
const itemsAStep = 256;

/** Calls `each` with the numbers below `total`, as one phase of work. */
export function* countThrough(phase: string, total: number, each: (index: number) => void): Work<void> {
  for (let index = 0; index < total; index++) {
    if (index % itemsAStep === 0) yield { phase, done: index, total };
    each(index);
  }
  yield { phase, done: total, total };
}

/** Pulls events to their end, hands each to `onEvent`, and answers with their outcome. Throws what either of them throws. */
export async function drain<Event, Outcome>(
  events: AsyncGenerator<Event, Outcome>,
  onEvent: (event: Event) => void | Promise<void>,
): Promise<Outcome> {
  for (;;) {
    const next = await events.next();
    if (next.done === true) return next.value;
    await onEvent(next.value);
  }
}
