// Lists what can be analysed, tasks and the runs trained on them, and lays out the matrix of every tagger on every test set.
import type { AskedScore, CountedSource, FoundScore, IntervalScore } from '../../analysis/questions/systemsQuery.ts';
import type { Task } from '../../data/corpus/corpus.ts';
import { typesOfTags } from '../../data/corpus/tagScheme.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { isJoint, traitsOf } from '../../schema/methods.ts';
import type { RunRecord, RunSpec, TaskRef } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { canonicalJson } from '../../util/digest.ts';
import { offeredCategories } from '../library/categories.ts';
import type { LabState } from '../state/labState.ts';
import { variantName } from '../state/runViews.ts';
import { compareVariants, membersKey, sharedRun, taskKey, type Comparison, type Training } from './comparison.ts';

// Lays out the matrix of an experiment: every trained tagger on the test set of every task, with what each score is computed from.

/** A tagger on a test set. */
export interface MatrixCell {
  readonly column: TaskRef;
  /** Whether the tagger was trained on the corpus of this test set. */
  readonly isOwn: boolean;
  /** One for each training; null where the tagger does not mark the type. */
  readonly asked: AskedScore | null;
  /** Trainings that cannot be scored here: their weights, or the sentences, are not in this lab. */
  readonly absent: number;
}

/** A variant as trained on one task, or on all of them together. */
export interface MatrixRow {
  readonly variant: string;
  /** What it was trained on; null for all tasks together. */
  readonly task: TaskRef | null;
  readonly cells: readonly MatrixCell[];
}

export interface CrossMatrix {
  readonly columns: readonly TaskRef[];
  /** By method and rate, then by task. */
  readonly rows: readonly MatrixRow[];
}

/** What of an experiment is in this lab. */
export interface MatrixLibrary {
  readonly records: readonly RunRecord[];
  /** Runs whose weights are here. */
  readonly own: ReadonlySet<string>;
  readonly corpora: readonly CorpusRecord[];
}

/**
 * Rows for every method and rate with a finished run: joint ones once, others by task. A tagger of one type has scores on a test set of the same
 * type name; under another name only in a category that MTL-XC trains, which takes the types of its tasks for one. A tagger of several types has
 * scores on those of its types. Scores of a run's own tasks come from its record, where it has counts.
 */
export function crossMatrix(experiment: Comparison, library: MatrixLibrary): CrossMatrix {
  const columns = experiment.tasks.map(({ task }) => task);
  const areOneType = experiment.tasks.some(({ variants }) =>
    variants.some(({ method }) => traitsOf(traitsOf(method).base ?? method).labels === 'merged'),
  );
  const records = new Map(library.records.map((record) => [record.spec.id, record]));
  const kinds = new Map(experiment.tasks.flatMap(({ variants }) => variants).map((one) => [variantName(one), one]));
  const rows: MatrixRow[] = [];
  for (const [name, kind] of [...kinds].sort(([, left], [, right]) => compareVariants(left, right))) {
    const byTask = experiment.tasks.map(({ task, variants }) => ({
      task,
      trainings: variants.filter((one) => variantName(one) === name).flatMap((one) => one.trainings.filter(isFinished)),
    }));
    const row = (task: TaskRef | null, trainings: readonly Training[]): MatrixRow => ({
      variant: name,
      task,
      cells: columns.map((column) => cellOf(column, trainings, records, library, areOneType)),
    });
    if (isJoint(kind.method)) {
      const runs = new Map(byTask.flatMap(({ trainings }) => trainings).map((training) => [training.runId, training]));
      if (runs.size > 0) rows.push(row(null, [...runs.values()]));
    } else {
      for (const { task, trainings } of byTask) if (trainings.length > 0) rows.push(row(task, trainings));
    }
  }
  return { columns, rows };
}

function isFinished({ selectedEpoch, status }: Training): boolean {
  return status === 'finished' && selectedEpoch !== null;
}

function cellOf(
  column: TaskRef,
  trainings: readonly Training[],
  records: ReadonlyMap<string, RunRecord>,
  { own, corpora }: MatrixLibrary,
  areOneType: boolean,
): MatrixCell {
  const corpus = corpora.find(({ fingerprint }) => fingerprint === column.corpus.fingerprint);
  const task = { corpusId: corpus?.id ?? column.corpus.id, type: column.type };
  const sources: CountedSource[] = [];
  let [isOwn, absent, marking] = [false, 0, 0];
  for (const { runId, selectedEpoch } of trainings) {
    const record = records.get(runId);
    if (record === undefined || selectedEpoch === null) continue;
    const index = record.spec.tasks.findIndex((one) => taskKey(one) === taskKey(column));
    isOwn ||= index >= 0;
    if (index < 0 && !marksType(record, column, areOneType)) continue;
    marking++;
    const counts =
      index < 0 ? null : record.snapshots.find(({ epoch }) => epoch === selectedEpoch)?.testCounts?.[index];
    const isHere = own.has(runId) && corpus !== undefined && corpus.counts.test.sentences > 0;
    const request = { runId, epoch: selectedEpoch, split: 'test' as const, task: Math.max(index, 0) };
    if (counts != null) sources.push(counts);
    else if (isHere) sources.push(index < 0 ? { ...request, elsewhere: task } : request);
    else absent++;
  }
  return { column, isOwn, asked: marking === 0 ? null : { task, sources }, absent };
}

function marksType({ tags, spec }: RunRecord, column: TaskRef, areOneType: boolean): boolean {
  const types = typesOfTags(tags);
  const isOfAll = spec.tasks.some(({ type }) => type === null);
  if (column.type === null) return isOfAll && types.length > 1 && !traitsOf(spec.method).asks;
  return types.includes(column.type) || (types.length === 1 && areOneType);
}

/** The cells of these rows that have something to ask, with what was found for each in the same order. */
export function askedCells(rows: readonly MatrixRow[]): readonly AskedScore[] {
  return rows.flatMap(({ cells }) => cells.flatMap(({ asked }) => (asked === null ? [] : [asked])));
}

/** Returns the score of each cell by row and column, null where there is none, from the answers to `askedCells`. */
export function cellScores(
  rows: readonly MatrixRow[],
  found: readonly FoundScore[],
): readonly (readonly (IntervalScore | null)[])[] {
  let next = 0;
  return rows.map(({ cells }) => cells.map(({ asked }) => (asked === null ? null : (found[next++]?.score ?? null))));
}

/** The predictions that are not stored yet, each once. */
export function lackingRequests(
  asked: readonly AskedScore[],
  found: readonly FoundScore[],
): readonly PredictionRequest[] {
  const lacking = asked.flatMap(({ sources }, index) =>
    (found[index]?.lacking ?? []).flatMap((at): PredictionRequest[] => {
      const source = sources[at];
      return source !== undefined && 'runId' in source ? [source] : [];
    }),
  );
  return [...new Map(lacking.map((request) => [JSON.stringify(request), request])).values()];
}

/** The matrix as rows of a file: one line for each tagger and test set. */
export function matrixRows(
  { rows }: Pick<CrossMatrix, 'rows'>,
  scores: readonly (readonly (IntervalScore | null)[])[],
): readonly (readonly (string | number | null)[])[] {
  const head = ['method', 'trained on', 'tested on', 'type', 'own', 'F1', 'low', 'high', 'trainings'];
  const lines = rows.flatMap(({ variant, task, cells }, row) =>
    cells.map(({ column, isOwn }, at) => {
      const score = scores[row]?.[at] ?? null;
      const trainedOn = task === null ? 'all' : task.corpus.name;
      const numbers = [score?.f1 ?? null, score?.low ?? null, score?.high ?? null, score?.trainings ?? 0];
      return [variant, trainedOn, column.corpus.name, column.type ?? 'all types', isOwn ? 'yes' : 'no', ...numbers];
    }),
  );
  return [head, ...lines];
}

// Lists what can be analysed: the tasks of the library's corpora, the categories of each, and the runs trained on it.

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
