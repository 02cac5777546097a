// What the analysis page is about: a task, the category around it, and a snapshot of a run.
import { analysableTasks, analysisCategories, runsOfTask, type AnalysisCategory } from '../../lab/analysableTasks.ts';
import type { LabState } from '../../lab/labState.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import type { AnalysisPlace } from '../route.ts';

export interface RunChoice {
  readonly record: RunRecord;
  /** Place of the task in the run. */
  readonly place: number;
}

export interface Subject {
  readonly tasks: readonly TaskRef[];
  readonly task: TaskRef;
  readonly categories: readonly AnalysisCategory[];
  readonly category: AnalysisCategory;
  /** Runs of this lab on the task that have snapshots; analyses of predictions need one. */
  readonly runs: readonly RunChoice[];
  readonly run: RunChoice | null;
  /** Of the chosen snapshot on test; null without a run. */
  readonly prediction: PredictionRequest | null;
}

/** The subject that an address asks for, as far as it is here, filled up with what is most likely meant; null in a library without mentions. */
export function subjectOf(place: AnalysisPlace, state: LabState): Subject | null {
  const own = state.runs.map(({ record }) => record);
  const tasks = analysableTasks(state.corpora, own);
  const asked = own.find(({ spec }) => spec.id === place.run);
  const task =
    tasks.find(({ corpus, type }) => corpus.id === place.corpus && type === place.type) ??
    tasks.find(({ corpus, type }) =>
      asked?.spec.tasks.some((one) => one.corpus.id === corpus.id && one.type === type),
    ) ??
    (place.run === null && place.corpus === null ? tasks[0] : undefined);
  if (task === undefined) return null;
  const runs = runsOfTask(task, own);
  const run =
    runs.find(({ record }) => record.spec.id === place.run) ?? (place.run === null ? (runs[0] ?? null) : null);
  const categories = analysisCategories(task, run?.record ?? null, own, state);
  const category = categories.find(({ name }) => name === place.category) ?? categories[0];
  if (category === undefined) return null;
  return { tasks, task, categories, category, runs, run, prediction: run && predictionOf(run, place.epoch) };
}

/** The predictions on test of a run's snapshot: of the epoch asked for, else of the selected one. */
export function predictionOf({ record, place }: RunChoice, epoch: number | null): PredictionRequest | null {
  const snapshot =
    record.snapshots.find((one) => one.epoch === epoch) ??
    record.snapshots.find((one) => one.epoch === record.selectedEpoch) ??
    record.snapshots.at(-1);
  return snapshot === undefined ? null : { runId: record.spec.id, epoch: snapshot.epoch, split: 'test', task: place };
}

/** What every panel of the page is given. */
export interface PanelProps {
  readonly subject: Subject;
  readonly place: AnalysisPlace;
}
