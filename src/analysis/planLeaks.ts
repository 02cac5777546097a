// How much test text stands in the text that runs of a plan would be trained on, and what would be left out for it.
import type { Sentence, Task } from '../data/corpus.ts';
import { leakedSentences, type LeakKind } from '../metrics/leakedSentences.ts';
import type { GroupLeaks, PlanLeaksQuery, TrainingSplit } from '../metrics/leakReport.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import { inTurns, type AnalysisJob } from './analysisJob.ts';
import { overPhases } from './overPhases.ts';
import { taskLeaks } from './taskLeaks.ts';

/** Reading, sorting, indexing shingles: phases of `leakedSentences` beside one for each list. */
const NEAR_PHASES = 3;

/** For each group, in order; exact ones. Throws as AnalysisInputs does. */
export async function planLeaks(
  { groups, splits, leaveOut }: PlanLeaksQuery,
  inputs: AnalysisInputs,
  job: AnalysisJob,
): Promise<readonly GroupLeaks[]> {
  const found: GroupLeaks[] = [];
  for (const tasks of groups) {
    const reports = await taskLeaks({ tasks, splits, near: false }, inputs, job);
    const exact = reports.map((report) => report.exact);
    const compared = reports.reduce((sum, report) => sum + report.compared, 0);
    const training = [];
    for (const task of tasks) training.push(await textOf(task, splits, inputs));
    found.push({
      compared,
      exact,
      training: training.reduce((sum, { length }) => sum + length, 0),
      leftOut: leaveOut === null ? null : await leftOutOf(tasks, training, leaveOut, inputs, job),
    });
  }
  return found;
}

async function leftOutOf(
  tasks: readonly Task[],
  training: readonly (readonly Sentence[])[],
  leaveOut: LeakKind,
  inputs: AnalysisInputs,
  job: AnalysisJob,
): Promise<number> {
  const tests = [];
  for (const task of tasks) tests.push(await inputs.sentences(task, 'test'));
  const phases = leaveOut === 'near' ? training.length + NEAR_PHASES : training.length;
  const leaked = await inTurns(overPhases(leakedSentences(training, tests, leaveOut), phases), job);
  return leaked.reduce((sum, ofTask) => sum + ofTask.reduce((count, one) => count + one, 0), 0);
}

/** Train, or train and devel run together, as training takes it. */
async function textOf(
  task: Task,
  splits: readonly TrainingSplit[],
  inputs: AnalysisInputs,
): Promise<readonly Sentence[]> {
  const texts = [];
  for (const split of splits) texts.push(await inputs.sentences(task, split));
  return texts.flat();
}
