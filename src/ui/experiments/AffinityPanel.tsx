// Shows which tasks of an experiment help one another by their gradients, trains subsets together, and compares them by devel.
import { useMemo, useState, type CSSProperties } from 'react';
import type { AffinityAnswer } from '../../analysis/questions/systemsQuery.ts';
import { taskKey, type Comparison } from '../../lab/comparison/comparison.ts';
import {
  askedChoices,
  choiceRows,
  chosenSubset,
  estimateText,
  isChoosable,
  lackingOf,
  measurableRun,
  subsetName,
  subsetPlan,
  suggestedSubsets,
} from '../../lab/comparison/taskSubsets.ts';
import { variantName } from '../../lab/state/runViews.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import { usualGradients } from '../../schema/storedPredictions.ts';
import { csvText } from '../../util/csv.ts';
import { Term } from '../help/Term.tsx';
import { AnalysisWait, DeviceOffer, PredictOffer, shownAnswer, useAnalysis } from '../parts/AnalysisWait.tsx';
import { Button } from '../parts/Button.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { saveFile } from '../shared/saveFile.ts';
import { useLabActions } from '../shared/useLab.ts';
import { useOwnRunIds } from './experiments.ts';

interface AffinityPanelProps {
  readonly experiment: Comparison;
  readonly records: readonly RunRecord[];
  /** All experiments, those on subsets of the tasks among them. */
  readonly comparisons: readonly Comparison[];
}

export function AffinityPanel({ experiment, records, comparisons }: AffinityPanelProps) {
  const ownIds = useOwnRunIds();
  const own = useMemo(() => new Set(ownIds), [ownIds]);
  const snapshot = useMemo(() => measurableRun(experiment, own), [experiment, own]);
  const tasks = records.find(({ spec }) => spec.id === snapshot?.runId)?.spec.tasks ?? [];
  if (snapshot === null || tasks.length < 2) {
    return (
      <p className="soft">
        No run of this lab that trains several tasks together has finished in this experiment: train{' '}
        <Term name="MTL-XC" /> on a category of two tasks or more first.
      </p>
    );
  }
  return (
    <>
      <Estimate experiment={experiment} records={records} snapshot={snapshot} tasks={tasks} />
      <SubsetChoices experiment={experiment} comparisons={comparisons} own={own} />
    </>
  );
}

interface EstimateProps extends Omit<AffinityPanelProps, 'comparisons'> {
  readonly snapshot: { readonly runId: string; readonly epoch: number };
  /** In the order of the run. */
  readonly tasks: readonly TaskRef[];
}

function Estimate({ experiment, records, snapshot, tasks }: EstimateProps) {
  const lab = useLabActions();
  const [version, setVersion] = useState(0);
  const state = useAnalysis('taskAffinity', snapshot, version);
  const answer = state.status === 'ready' ? state.answer.answer : null;
  const measure = async (): Promise<void> => {
    try {
      await lab.measureGradients({ ...snapshot, ...usualGradients });
    } finally {
      setVersion((current) => current + 1);
    }
  };
  return (
    <section className="matrix" aria-labelledby="affinity-title">
      <div className="title-row">
        <h2 id="affinity-title">Which tasks help one another?</h2>
        <div className="actions">
          {answer !== null && (
            <Button kind="quiet" onAct={() => saveRows(tasks, answer)}>
              Save as CSV
            </Button>
          )}
        </div>
      </div>
      {state.status !== 'ready' && <AnalysisWait state={state} doing="Estimating losses of subsets" />}
      {state.status === 'ready' && answer === null && (
        <DeviceOffer label="Measure affinity" onAct={measure}>
          Gradients of this run are not measured yet: {format.counted(tasks.length, 'task')}, up to{' '}
          {format.count(usualGradients.sequences)} training and as many devel sequences each. Measuring uses the device,
          like training, and can be cancelled; the result is saved with the run.
        </DeviceOffer>
      )}
      {answer !== null && <Affinity experiment={experiment} records={records} tasks={tasks} answer={answer} />}
    </section>
  );
}

type Measure = 'gains' | 'cosines';

interface AffinityProps extends Pick<EstimateProps, 'experiment' | 'records' | 'tasks'> {
  readonly answer: AffinityAnswer;
}

function Affinity({ experiment, records, tasks, answer }: AffinityProps) {
  const [measure, setMeasure] = useState<Measure>('gains');
  const { affinity, sequences, dimensions, seed } = answer;
  const values = affinity[measure];
  const largest = Math.max(...values.flat().map((value) => Math.abs(value ?? 0)), Number.MIN_VALUE);
  return (
    <>
      <div className="filters">
        <label>
          Show
          <select value={measure} onChange={(event) => setMeasure(event.target.value as Measure)}>
            <option value="gains">estimated devel loss saved</option>
            <option value="cosines">cosine of gradients</option>
          </select>
        </label>
      </div>
      <TableBox label={measure === 'gains' ? 'Estimated devel loss saved' : 'Cosine of gradients'} className="heat">
        <thead>
          <tr>
            <th scope="col">{measure === 'gains' ? 'Devel loss of' : 'Task'}</th>
            {tasks.map((task) => (
              <th key={taskKey(task)} scope="col" className="number">
                {measure === 'gains' && 'with '}
                {taskRefName(task)}
              </th>
            ))}
            <th scope="col">Estimated best</th>
          </tr>
        </thead>
        <tbody>
          {tasks.map((task, row) => (
            <tr key={taskKey(task)}>
              <th scope="row">{taskRefName(task)}</th>
              {tasks.map((partner, column) => (
                <HeatCell
                  key={taskKey(partner)}
                  value={values[row]?.[column] ?? null}
                  largest={largest}
                  digits={measure === 'gains' ? 4 : 2}
                />
              ))}
              <td>{estimateText(affinity, row, tasks)}</td>
            </tr>
          ))}
        </tbody>
      </TableBox>
      <TrainTogether experiment={experiment} records={records} subsets={suggestedSubsets(affinity, tasks)} />
      <ul className="table-notes">
        <li>
          <Term name="affinity">Affinity</Term> is an estimate, not a score: how the devel loss of a task would change
          if the tagger of all tasks were fine-tuned further on a subset of them, near its present weights (Grad-TAG:
          logistic regression on projected gradients). It does not say how a tagger ends that is trained on the subset
          from pretrained weights, and favours small subsets; on sample corpora it ranked partners better than sizes.
          Training decides.
        </li>
        <li>
          Saved: the mean over subsets without the partner minus that with it; positive values help.{' '}
          {format.counted(affinity.subsets.length, 'subset')}. The cosine is that of the tasks’ mean training gradients:
          1 for equal ones, negative where learning one task unlearns the other.
        </li>
        <li>
          Up to {format.count(sequences)} training and devel sequences a task, projected to {format.count(dimensions)}{' '}
          dimensions, seed {seed}, all trained weights, without dropout; nothing of test.
        </li>
      </ul>
    </>
  );
}

interface HeatCellProps {
  readonly value: number | null;
  readonly largest: number;
  readonly digits: number;
}

function HeatCell({ value, largest, digits }: HeatCellProps) {
  if (value === null) return <td className="number soft none">–</td>;
  const heat = { '--heat': `${((100 * Math.abs(value)) / largest).toFixed(1)}%` } as CSSProperties;
  const text = `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
  return (
    <td className={value < 0 ? 'number harm' : 'number'} style={heat}>
      {text}
    </td>
  );
}

interface TrainTogetherProps extends Pick<EstimateProps, 'experiment' | 'records'> {
  readonly subsets: readonly (readonly TaskRef[])[];
}

/** Offers to train the subsets that are estimated to be better than all tasks. */
function TrainTogether({ experiment, records, subsets }: TrainTogetherProps) {
  const lab = useLabActions();
  if (subsets.length === 0) return <p>For no task a subset of two tasks or more is estimated to be better than all.</p>;
  const planOf = (chosen: readonly (readonly TaskRef[])[]) => subsetPlan(lab.getState(), experiment, records, chosen);
  const saveAll = (): void => {
    const text = `${JSON.stringify(planOf(subsets), null, 2)}\n`;
    saveFile('train-together.plan.json', new Blob([text], { type: 'application/json' }));
  };
  return (
    <div className="panel">
      <p>
        Train the subsets that are estimated to be better, with the methods, seeds and settings of this experiment: they
        become experiments with other names, and devel then chooses below.
      </p>
      <ul className="plain">
        {subsets.map((tasks) => {
          const name = subsetName(tasks);
          return (
            <li key={name}>
              {name}{' '}
              <Button
                label={`Train these together: ${name}`}
                onAct={async () => void (await lab.startPlan(planOf([tasks])))}
              >
                Train these together
              </Button>
            </li>
          );
        })}
      </ul>
      <div className="actions">
        <Button kind="quiet" onAct={saveAll}>
          Save the plan of all
        </Button>
      </div>
    </div>
  );
}

function saveRows(tasks: readonly TaskRef[], { affinity }: AffinityAnswer): void {
  const rows = tasks.flatMap(
    (task, row) =>
    tasks.map((partner, column) => [taskRefName(task), taskRefName(partner), affinity.cosines[row]?.[column] ?? null, affinity.gains[row]?.[column] ?? null]), // prettier-ignore
  );
  const text = csvText([['task', 'partner', 'cosine', 'devel loss saved'], ...rows]);
  saveFile('affinity.csv', new Blob([text], { type: 'text/csv' }));
}

// Compares trainings on subsets of the tasks with those on all of them: what devel chooses for each task, and why.

interface SubsetChoicesProps {
  readonly experiment: Comparison;
  readonly comparisons: readonly Comparison[];
  /** Ids of the runs of this lab. */
  readonly own: ReadonlySet<string>;
}

export function SubsetChoices({ experiment, comparisons, own }: SubsetChoicesProps) {
  const [version, setVersion] = useState(0);
  const rows = useMemo(
    () => choiceRows(experiment, comparisons).filter((row) => isChoosable(row, own)),
    [experiment, comparisons, own],
  );
  const asked = useMemo(() => askedChoices(rows), [rows]);
  const state = useAnalysis('subsetChoices', rows.length === 0 ? null : asked, version);
  const found = shownAnswer(state) ?? [];
  const lacking = lackingOf(found);
  return (
    <section aria-labelledby="choices-title">
      <h2 id="choices-title">All tasks or a subset?</h2>
      {rows.length === 0 ? (
        <p className="soft">
          Nothing to compare yet: a subset of these tasks, or STL, has to be trained with the same model, settings and
          seeds as all of them.
        </p>
      ) : (
        <>
          {lacking.length > 0 && (
            <PredictOffer lacking={lacking} onEnd={() => setVersion((current) => current + 1)}>
              {format.counted(lacking.length, 'prediction')} on devel {lacking.length === 1 ? 'is' : 'are'} not stored
              yet. Predicting uses the device, like training, and can be cancelled; what is predicted is saved with the
              run.
            </PredictOffer>
          )}
          {state.status !== 'ready' && <AnalysisWait state={state} doing="Comparing on devel sentences" />}
          <TableBox label="All tasks or a subset, chosen by devel">
            <thead>
              <tr>
                <th scope="col">Task</th>
                <th scope="col">Method</th>
                <th scope="col">Trained subsets</th>
                <th scope="col">Chosen by devel, and why</th>
                <th scope="col" className="number">
                  Test F1 of what is chosen
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row, index) => {
                const answer = found[index];
                const chosen = answer === undefined ? null : chosenSubset(row, answer);
                return (
                  <tr key={`${taskKey(row.task)} ${variantName(row.variant)}`}>
                    <th scope="row">{taskRefName(row.task)}</th>
                    <td className="nowrap">{variantName(row.variant)}</td>
                    <td>{row.subsets.map(({ name }) => name).join('; ')}</td>
                    <td className="wordy">{chosen?.reason ?? 'not predicted on devel yet'}</td>
                    <td className="number">{chosen?.testF1 == null ? '–' : format.percent(chosen.testF1)}</td>
                  </tr>
                );
              })}
            </tbody>
          </TableBox>
          <ul className="table-notes">
            <li>
              All tasks stay unless the paired bootstrap over devel sentences (10,000 draws, 95 % shared among the
              subsets of a row) finds a subset better; trainings are paired by seed. Only what is chosen has its test F1
              here, and test has no part in the choice.
            </li>
          </ul>
        </>
      )}
    </section>
  );
}
