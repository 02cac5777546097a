// Shows which tasks of an experiment help one another by their gradients, trains subsets together, and says what devel chooses.
import { useMemo, useState, type CSSProperties } from 'react';
import type { AffinityAnswer } from '../../analysis/questions/affinityQuery.ts';
import { taskKey, type Comparison } from '../../lab/comparison/comparison.ts';
import { estimateText, measurableRun, subsetName, subsetPlan, suggestedSubsets } from '../../lab/comparison/taskSubsets.ts'; // prettier-ignore
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import { usualGradients } from '../../schema/storedGradients.ts';
import { csvText } from '../../util/csv.ts';
import { Term } from '../help/Term.tsx';
import { AnalysisWait, DeviceOffer } from '../parts/AnalysisWait.tsx';
import { Button } from '../parts/Button.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { saveFile } from '../shared/saveFile.ts';
import { useAnalysis } from '../shared/useAnalysis.ts';
import { useLabActions } from '../shared/useLab.ts';
import { useOwnRunIds } from './experiments.ts';
import { SubsetChoices } from './SubsetChoices.tsx';

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
