// Answers questions about leaks, caching recent results for users who switch between them.
import type { Sentence, Task } from '../data/corpus/corpus.ts';
import { sameLabels } from '../metrics/labelPairs.ts';
import { findLeaks, leakedSentences, type LeakKind, type TaskLeaks } from '../metrics/leaks.ts';
import { nearDefaults } from '../metrics/text/nearIndex.ts';
import { squeezedText, type TextSource } from '../metrics/text/textSources.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import { inTurns } from '../util/work.ts';
import { overPhases, type AnalysisJob } from './analysisJob.ts';
import type {
  GroupLeaks,
  LeakedText,
  LeakPair,
  LeakPairsPage,
  LeakPairsQuery,
  LeakReport,
  LeaksQuery,
  PlanLeaksQuery,
  TrainingSplit,
  TrainingText,
} from './questions/leaksQuery.ts';
import { recent, type Recent } from './recent.ts';

/** Reading text, sorting, indexing and comparing shingles. */
const NEAR_PHASES = 4;

/** Finds the leaks of each test task into all training text, as `findLeaks` does. Throws like AnalysisInputs. */
async function leaksInto(
  { tests, training, near }: { tests: readonly Task[]; training: readonly TrainingText[]; near: boolean },
  inputs: AnalysisInputs,
  job: AnalysisJob,
): Promise<readonly TaskLeaks[]> {
  const tested = [];
  for (const [index, task] of tests.entries()) {
    tested.push({ task: String(index), sentences: await inputs.sentences(task, 'test') });
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

/** Counts leaks among the tasks of a category. */
async function taskLeaks(
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

/** Most sentences searched for one test sentence; no known corpus splits text finer than this. */
const LONGEST_PASSAGE = 12;

/** Returns a page of all pairs, or of those labelled differently. Throws like AnalysisInputs. */
async function leakPairs(
  { first, count, different, ...text }: LeakPairsQuery,
  inputs: AnalysisInputs,
  found: Recent<LeakedText, readonly TaskLeaks[]>,
  job: AnalysisJob,
): Promise<LeakPairsPage> {
  const { test, training, near } = text;
  const [leaks] = await found.of(text, () => leaksInto({ tests: [test], training, near }, inputs, job));
  const tested = await inputs.sentences(test, 'test');
  const trained: (readonly Sentence[])[] = [];
  for (const { task, split } of training) trained.push(await inputs.sentences(task, split));
  const all = (leaks?.leaks ?? []).flatMap(({ kind, similarity, sentence: index, match }): LeakPair[] => {
    const sentence = tested[index];
    const source = trained[match.source];
    const type = training[match.source]?.task.type;
    if (sentence === undefined || source === undefined) return [];
    const sentences = passageOf(sentence, source, match.sentence);
    const same = sameLabels(sentence, sentences, test.type === null && type === null);
    return [
      { kind, similarity, index, sentence, match: { source: match.source, index: match.sentence, sentences }, same },
    ];
  });
  const differing = all.filter(({ same }) => !same);
  const asked = different ? differing : all;
  return { total: asked.length, different: differing.length, pairs: asked.slice(first, first + count) };
}

/** Returns the fewest sentences from `first` on that contain the text; only the first if they never do. */
function passageOf(sentence: Sentence, source: readonly Sentence[], first: number): readonly Sentence[] {
  const text = squeezedText(sentence);
  const [opening, ...others] = source.slice(first, first + LONGEST_PASSAGE).map(squeezedText);
  let running = opening ?? '';
  let end = first + 1;
  for (const other of others) {
    if (running.includes(text)) break;
    running += other;
    end++;
  }
  return running.includes(text) ? source.slice(first, end) : source.slice(first, first + 1);
}

/** Reading, sorting, indexing shingles: phases of `leakedSentences` besides one for each list. */
const PLAN_NEAR_PHASES = 3;

/** Counts exact leaks for each group, in order. Throws like AnalysisInputs. */
async function planLeaks(
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
  const phases = leaveOut === 'near' ? training.length + PLAN_NEAR_PHASES : training.length;
  const leaked = await inTurns(overPhases(leakedSentences(training, tests, leaveOut), phases), job);
  return leaked.reduce((sum, ofTask) => sum + ofTask.reduce((count, one) => count + one, 0), 0);
}

/** Returns train, or train and devel concatenated, as in training. */
async function textOf(
  task: Task,
  splits: readonly TrainingSplit[],
  inputs: AnalysisInputs,
): Promise<readonly Sentence[]> {
  const texts = [];
  for (const split of splits) texts.push(await inputs.sentences(task, split));
  return texts.flat();
}

const CACHED_REPORTS = 4;

export function leakQuestions(inputs: AnalysisInputs) {
  const ofCategories = recent<LeaksQuery, readonly LeakReport[]>(CACHED_REPORTS);
  const ofPlans = recent<PlanLeaksQuery, readonly GroupLeaks[]>(CACHED_REPORTS);
  const ofText = recent<LeakedText, readonly TaskLeaks[]>(CACHED_REPORTS);
  return {
    leaks: (query: LeaksQuery, job: AnalysisJob) => ofCategories.of(query, () => taskLeaks(query, inputs, job)),
    ofPlan: (query: PlanLeaksQuery, job: AnalysisJob) => ofPlans.of(query, () => planLeaks(query, inputs, job)),
    pairs: (query: LeakPairsQuery, job: AnalysisJob) => leakPairs(query, inputs, ofText, job),
  };
}
