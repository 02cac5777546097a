// How long the rest of a run will take, from what its parts have taken so far.

/** Forward passes alone cost about a third of a training step for the same sequences: the guess before the first evaluation. */
const EVALUATION_SHARE = 1 / 3;
/** Weight of the newest step in the running mean: lengths vary, so several dozen steps are averaged. */
const NEWEST = 0.03;
/** A step counts for at most so many times the mean: a nap of the machine in the middle of it must not stand for its pace. */
const LONGEST_STEP = 10;

export interface Pace {
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
