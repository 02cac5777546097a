// Lists what can be analysed: the tasks of the library's corpora, the categories of each, and the runs trained on it.
import type { Task } from '../../data/corpus/corpus.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { isJoint } from '../../schema/methods.ts';
import type { RunRecord, RunSpec, TaskRef } from '../../schema/runRecord.ts';
import { canonicalJson } from '../../util/digest.ts';
import { offeredCategories } from '../library/categories.ts';
import type { LabState } from '../state/labState.ts';
import { membersKey, sharedRun, taskKey } from './comparison.ts';

/** Tasks that share their training text. */
export interface AnalysisCategory {
  readonly name: string;
  /** Includes the analysed task. */
  readonly tasks: readonly TaskRef[];
}

/** Names a task of the library as analyses do. */
export function taskOf({ corpus, type }: TaskRef): Task {
  return { corpusId: corpus.id, type };
}

/** Lists every type of every corpus in the library, those that runs were trained on first. */
export function analysableTasks(corpora: readonly CorpusRecord[], runs: readonly RunRecord[]): readonly TaskRef[] {
  const all = corpora.flatMap((corpus) => {
    const { id, name, fingerprint, types } = corpus;
    const ofTypes = types.map((type): TaskRef => ({ corpus: { id, name, fingerprint }, type }));
    return types.length > 1 ? [...ofTypes, { corpus: { id, name, fingerprint }, type: null }] : ofTypes;
  });
  const trained = new Set(runs.flatMap(({ spec }) => spec.tasks.map(taskKey)));
  const isTrained = (task: TaskRef): boolean => trained.has(taskKey(task));
  return [...all.filter(isTrained), ...all.filter((task) => !isTrained(task))];
}

/**
 * Lists the categories that contain a task, reduced to the corpora in the library, and last the task by itself. The category of a
 * multi-task `run` comes first, then those of other runs, then those offered to plans, largest first.
 */
export function analysisCategories(
  task: TaskRef,
  run: RunRecord | null,
  runs: readonly RunRecord[],
  state: Pick<LabState, 'corpora' | 'assignments' | 'categories'>,
): readonly AnalysisCategory[] {
  const specs = new Map(runs.map(({ spec }) => [spec.id, spec]));
  const own = run === null ? null : sharedRun(run.spec, specs);
  const ofRuns = runs.flatMap(({ spec }) => (isJoint(spec.method) ? [spec] : []));
  const offered = offeredCategories(state).map(({ category }) => ({
    name: category.name,
    tasks: category.tasks.flatMap(({ corpus, type }) => taskInLibrary(corpus.fingerprint, type, state.corpora)),
  }));
  const trained = [...(own === null ? [] : [own]), ...ofRuns].map((spec) => ({
    name: spec.category?.name ?? 'category',
    tasks: spec.tasks.flatMap(({ corpus, type }) => taskInLibrary(corpus.fingerprint, type, state.corpora)),
  }));
  const bySize = offered.sort((left, right) => right.tasks.length - left.tasks.length);
  const key = taskKey(task);
  const containing = [...trained, ...bySize].filter(({ tasks }) => tasks.some((one) => taskKey(one) === key));
  const distinct = new Map<string, AnalysisCategory>();
  for (const category of [...containing, { name: 'this task alone', tasks: [task] }]) {
    const members = membersKey(category.tasks);
    if (!distinct.has(members)) distinct.set(members, category);
  }
  return [...distinct.values()];
}

function taskInLibrary(
  fingerprint: string | undefined,
  type: string | null,
  corpora: readonly CorpusRecord[],
): readonly TaskRef[] {
  const found = corpora.find((corpus) => corpus.fingerprint === fingerprint);
  return found === undefined
    ? []
    : [{ corpus: { id: found.id, name: found.name, fingerprint: found.fingerprint }, type }];
}

/** Finds the runs with snapshots that were trained on a task, each with the task's index in the run. */
export function runsOfTask(
  task: TaskRef,
  runs: readonly RunRecord[],
): readonly { readonly record: RunRecord; readonly index: number }[] {
  const key = taskKey(task);
  return runs.flatMap((record) => {
    const index = record.spec.tasks.findIndex((one) => taskKey(one) === key);
    return index < 0 || record.snapshots.length === 0 ? [] : [{ record, index }];
  });
}

/** Returns `run` if it was trained on the task, else the latest run with the same method, slicing, model, seed, round and settings, or null. */
export function siblingRun(
  task: TaskRef,
  run: RunRecord,
  runs: readonly RunRecord[],
): { readonly record: RunRecord; readonly index: number } | null {
  const own = runsOfTask(task, [run])[0];
  if (own !== undefined) return own;
  const wanted = trainingKey(run.spec);
  const same = runsOfTask(task, runs).filter(({ record }) => trainingKey(record.spec) === wanted);
  const latestFirst = same.toSorted((left, right) => right.record.createdAt.localeCompare(left.record.createdAt));
  return latestFirst[0] ?? null;
}

function trainingKey({ method, slicing, model, seed, round, config }: RunSpec): string {
  return canonicalJson({ method, slicing, model: model.fingerprint, seed, round, config });
}
