// Finds and chooses the subject of the analysis page, all in the address: a task, its category, and a snapshot of a run.
import { taskKey } from '../../lab/comparison/comparison.ts';
import {
  analysableTasks,
  analysisCategories,
  runsOfTask,
  type AnalysisCategory,
} from '../../lab/comparison/crossMatrix.ts';
import type { LabState } from '../../lab/state/labState.ts';
import type { RunRecord, RunSpec, TaskRef } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { format } from '../shared/format.ts';
import { goTo, NOTHING_CHOSEN, type AnalysisRoute } from '../shared/route.ts';
import { methodName, taskRefName, useRunNaming, type RunNaming } from '../shared/runName.ts';

export function SubjectFields({ subject, route }: { readonly subject: Subject; readonly route: AnalysisRoute }) {
  const { tasks, task, categories, category, runs, run, prediction } = subject;
  const naming = useRunNaming();
  const choose = (part: Partial<AnalysisRoute>) => goTo({ page: 'analyse', ...pinned(subject, route), ...part });
  return (
    <div className="filters subject">
      <label>
        Task
        <select
          value={taskKey(task)}
          onChange={(event) => {
            const next = tasks.find((one) => taskKey(one) === event.target.value);
            if (next === undefined) return;
            const { view, experiment } = route;
            goTo({ page: 'analyse', ...NOTHING_CHOSEN, view, experiment, corpus: next.corpus.id, type: next.type });
          }}
        >
          {tasks.map((one) => (
            <option key={taskKey(one)} value={taskKey(one)}>
              {taskRefName(one)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Category
        <select value={category.name} onChange={(event) => choose({ category: event.target.value })}>
          {categories.map(({ name, tasks: members }) => (
            <option key={name} value={name}>
              {members.length > 1 ? `${name}, ${format.counted(members.length, 'task')}` : name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Run
        <select
          value={run?.record.spec.id ?? ''}
          disabled={runs.length === 0}
          onChange={(event) => choose({ run: event.target.value, epoch: null, category: null })}
        >
          {run === null && <option value="">no run on this task yet</option>}
          {runs.map((one) => (
            <option key={one.record.spec.id} value={one.record.spec.id}>
              {choiceName(one, naming)}
            </option>
          ))}
        </select>
      </label>
      {run !== null && run.record.snapshots.length > 1 && (
        <label>
          Snapshot
          <select value={prediction?.epoch ?? ''} onChange={(event) => choose({ epoch: Number(event.target.value) })}>
            {run.record.snapshots.map(({ epoch }) => (
              <option key={epoch} value={epoch}>
                {epoch === run.record.selectedEpoch ? `epoch ${epoch}, selected` : `epoch ${epoch}`}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}

/** Returns the route with its task named, so that another choice does not change the task. */
function pinned({ task }: Subject, route: AnalysisRoute): AnalysisRoute {
  return { ...route, corpus: task.corpus.id, type: task.type };
}

/** Chooses a second run on the same task to compare with the first. */
export function BesideField({ subject, route }: { readonly subject: Subject; readonly route: AnalysisRoute }) {
  const naming = useRunNaming();
  const others = subject.runs.filter(({ record }) => record !== subject.run?.record);
  const chosen = others.find(({ record }) => record.spec.id === route.beside);
  return (
    <label>
      Compare with
      <select
        value={chosen?.record.spec.id ?? ''}
        disabled={others.length === 0}
        onChange={(event) => {
          const beside = event.target.value === '' ? null : event.target.value;
          goTo({ page: 'analyse', ...route, run: subject.run?.record.spec.id ?? null, beside });
        }}
      >
        <option value="">{others.length === 0 ? 'no other run on this task' : 'none'}</option>
        {others.map((one) => (
          <option key={one.record.spec.id} value={one.record.spec.id}>
            {choiceName(one, naming)}
          </option>
        ))}
      </select>
    </label>
  );
}

// Reads the subject from the address and the state.

interface RunChoice {
  readonly record: RunRecord;
  /** Index of the task in the run. */
  readonly index: number;
}

export interface Subject {
  readonly tasks: readonly TaskRef[];
  readonly task: TaskRef;
  readonly categories: readonly AnalysisCategory[];
  readonly category: AnalysisCategory;
  /** Runs of this lab on the task that have snapshots; analyses of predictions need one. */
  readonly runs: readonly RunChoice[];
  readonly run: RunChoice | null;
  /** Predictions of the chosen snapshot on test; null without a run. */
  readonly prediction: PredictionRequest | null;
}

/** Resolves an address to the subject it names, of the tasks that are offered, completed with likely defaults; null where there is none. */
export function subjectOf(
  route: AnalysisRoute,
  library: Pick<LabState, 'corpora' | 'assignments' | 'categories'>,
  own: readonly RunRecord[],
  isOffered: (task: TaskRef) => boolean = () => true,
): Subject | null {
  const tasks = analysableTasks(library.corpora, own).filter(isOffered);
  const asked = own.find(({ spec }) => spec.id === route.run);
  const task =
    tasks.find(({ corpus, type }) => corpus.id === route.corpus && type === route.type) ??
    tasks.find(({ corpus, type }) =>
      asked?.spec.tasks.some((one) => one.corpus.id === corpus.id && one.type === type),
    ) ??
    (route.run === null && route.corpus === null ? tasks[0] : undefined);
  if (task === undefined) return null;
  const runs = runsOfTask(task, own);
  const run =
    runs.find(({ record }) => record.spec.id === route.run) ?? (route.run === null ? (runs[0] ?? null) : null);
  const categories = analysisCategories(task, run?.record ?? null, own, library);
  const category = categories.find(({ name }) => name === route.category) ?? categories[0];
  if (category === undefined) return null;
  return { tasks, task, categories, category, runs, run, prediction: run && predictionOf(run, route.epoch) };
}

/** Names the test predictions of a run's snapshot: of the requested epoch, else of the selected one. */
export function predictionOf({ record, index }: RunChoice, epoch: number | null): PredictionRequest | null {
  const snapshot =
    record.snapshots.find((one) => one.epoch === epoch) ??
    record.snapshots.find((one) => one.epoch === record.selectedEpoch) ??
    record.snapshots.at(-1);
  return snapshot === undefined ? null : { runId: record.spec.id, epoch: snapshot.epoch, split: 'test', task: index };
}

/** The props of every panel of the page. */
export interface PanelProps {
  readonly subject: Subject;
  readonly route: AnalysisRoute;
}

/** With the test F1 of its selected snapshot. */
export function choiceName({ record, index }: RunChoice, naming: RunNaming): string {
  const { spec, selectedEpoch, snapshots } = record;
  const scores = snapshots.find(({ epoch }) => epoch === selectedEpoch)?.test[index];
  const f1 = scores == null ? [] : [`F1 ${format.percent(scores.lenient.overall.f1)}`];
  const given = naming.givenName(spec.id);
  return [...(given === undefined ? [] : [given]), ...partsOf(spec, naming), ...f1].join(' · ');
}

/** Names one run or two: as a person named them, else by their differences, by everything for a single one; as A and B if they look the same. */
export function shortNames(specs: readonly RunSpec[], naming: RunNaming): readonly string[] {
  const parts = specs.map((spec) => partsOf(spec, naming));
  const [first = []] = parts;
  const differing = first.flatMap((part, position) =>
    specs.length < 2 || parts.some((other) => other[position] !== part) ? [position] : [],
  );
  const names = parts.map((ofRun, index) => {
    return naming.givenName(specs[index]?.id ?? '') ?? differing.map((position) => ofRun[position]).join(' · ');
  });
  return new Set(names).size === names.length ? names : names.map((_, index) => 'AB'.charAt(index));
}

function partsOf(spec: RunSpec, { layersOf }: RunNaming): readonly string[] {
  return [methodName(spec, layersOf(spec.model.id)), spec.model.name, `seed ${spec.seed}`];
}

/** The snapshots that an analysis of predictions covers: the chosen one, and that of the compared run. */
export interface ComparedSnapshots {
  /** The chosen snapshot, then the selected one of the compared run, if any. */
  readonly predictions: readonly [PredictionRequest] | readonly [PredictionRequest, PredictionRequest];
  /** Names of the snapshots. */
  readonly runs: readonly RunRecord[];
  /** One per snapshot, as short as they stay distinct. */
  readonly names: readonly string[];
}

/** Null without a snapshot to analyse. */
export function comparedSnapshots(
  { run, runs, prediction }: Subject,
  { beside }: AnalysisRoute,
  naming: RunNaming,
): ComparedSnapshots | null {
  if (run === null || prediction === null) return null;
  const other = runs.find(({ record }) => record.spec.id === beside && record !== run.record);
  const otherPrediction = other === undefined ? null : predictionOf(other, null);
  if (other === undefined || otherPrediction === null) {
    return { predictions: [prediction], runs: [run.record], names: shortNames([run.record.spec], naming) };
  }
  return {
    predictions: [prediction, otherPrediction],
    runs: [run.record, other.record],
    names: shortNames([run.record.spec, other.record.spec], naming),
  };
}
