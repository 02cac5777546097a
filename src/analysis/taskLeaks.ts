// Which test sentences of tasks stand in training text of the same tasks.
import type { Task } from '../data/corpus.ts';
import type { LeakReport, LeaksQuery, TrainingText } from '../metrics/leakReport.ts';
import { findLeaks, type TaskLeaks } from '../metrics/leaks.ts';
import { nearDefaults } from '../metrics/nearIndex.ts';
import type { TextSource } from '../metrics/textSources.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import { inTurns, type AnalysisJob } from './analysisJob.ts';
import { overPhases } from './overPhases.ts';

/** Reading text, sorting, indexing and comparing shingles. */
const NEAR_PHASES = 4;

/** The leaks of each test task into all training text, as `findLeaks` tells them. Throws as AnalysisInputs does. */
export async function leaksInto(
  { tests, training, near }: { tests: readonly Task[]; training: readonly TrainingText[]; near: boolean },
  inputs: AnalysisInputs,
  job: AnalysisJob,
): Promise<readonly TaskLeaks[]> {
  const tested = [];
  for (const [place, task] of tests.entries()) {
    tested.push({ task: String(place), sentences: await inputs.sentences(task, 'test') });
  }
  const tasks = [...new Set(training.map(({ task }) => keyOf(task)))];
  const sources: TextSource[] = [];
  for (const { task, split } of training) {
    const name = String(tasks.indexOf(keyOf(task)));
    sources.push({ task: name, split, sentences: await inputs.sentences(task, split) });
    job.signal.throwIfAborted();
  }
  const work = findLeaks({ tests: tested, training: sources, near: near ? nearDefaults : null });
  return inTurns(overPhases(work, sources.length + (near ? NEAR_PHASES : 0)), job);
}

/** Leaks among the tasks of a category, counted. */
export async function taskLeaks(
  { tasks, splits, near }: LeaksQuery,
  inputs: AnalysisInputs,
  job: AnalysisJob,
): Promise<readonly LeakReport[]> {
  const training = tasks.flatMap((task) => splits.map((split) => ({ task, split })));
  const found = await leaksInto({ tests: tasks, training, near }, inputs, job);
  return found.map(({ compared, exact, near: nearly, bySource, byTask }) => ({
    compared,
    exact,
    near: nearly,
    bySource: bySource.map((counts, source) => ({
      task: Math.floor(source / splits.length),
      split: splits[source % splits.length] ?? 'train',
      exact: counts.exact,
      near: counts.near,
    })),
    byTask: byTask.map((counts) => ({ exact: counts.exact, near: counts.near })),
  }));
}

function keyOf({ corpusId, type }: Task): string {
  return JSON.stringify([corpusId, type]);
}
