// How much of a run's test text stands in its training text, and the training sentences that are left out for it.
import type { Sentence } from '../data/corpus.ts';
import { leakedSentences } from '../metrics/leakedSentences.ts';
import { findLeaks } from '../metrics/leaks.ts';
import { nearDefaults } from '../metrics/nearIndex.ts';
import type { Work } from '../metrics/work.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { LeakCounts } from '../schema/runRecord.ts';
import type { TrainingEvent } from '../schema/trainingEvent.ts';
import { macrotask } from '../util/macrotask.ts';
import type { TaskSplits } from './runText.ts';

export interface TrainingText {
  /** Of each task, in order. */
  readonly train: readonly (readonly Sentence[])[];
  readonly leaks: readonly LeakCounts[];
}

/**
 * The training sentences of each task without those that stand in the test split of any task of the run, where the configuration says so, and
 * what stands there either way. An MTL-LS run compares with its own task alone: the MTL-XC run it starts from was trained under the same
 * configuration, and so left out what stands in the test text of any task of the category. Throws the reason of `signal`.
 */
export async function* leaveOutLeaks(
  tasks: readonly TaskSplits[],
  leaveOut: TrainingConfig['leaveOut'],
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, TrainingText> {
  const found = yield* inTurns(
    findLeaks({
      tests: tasks.map(({ test }, task) => ({ task: String(task), sentences: test })),
      training: tasks.map(({ train }, task) => ({ task: String(task), split: 'train', sentences: train })),
      near: nearDefaults,
    }),
    signal,
  );
  const train = tasks.map((task) => task.train);
  const tests = tasks.map((task) => task.test);
  const leaked = leaveOut === undefined ? [] : yield* inTurns(leakedSentences(train, tests, leaveOut), signal);
  const kept = train.map((sentences, task) => sentences.filter((_, index) => leaked[task]?.[index] !== 1));
  const leaks = found.map(({ compared, exact, near }, task) => {
    return { compared, exact, near, leftOut: (train[task]?.length ?? 0) - (kept[task]?.length ?? 0) };
  });
  return { train: kept, leaks };
}

/** Work to its end, giving the thread back between its steps. */
async function* inTurns<Result>(work: Work<Result>, signal: AbortSignal): AsyncGenerator<TrainingEvent, Result> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    const { done, total } = step.value;
    yield { kind: 'phase', phase: 'comparing', done, total };
    await macrotask();
    signal.throwIfAborted();
  }
}
