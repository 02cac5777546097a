// Compares STL, MTL-XC and MTL-LS: curves while they train, F1 by slicing rate, and the paper's tables.
import { useMemo, useState } from 'react';
import { taskKey, type Comparison, type TaskComparison } from '../../lab/comparison/comparison.ts';
import { comparisonTables } from '../../lab/comparison/comparisonTables.ts';
import { publishedScores } from '../../lab/comparison/publishedScores.ts';
import { presets } from '../../lab/plans/presets.ts';
import { RateChart } from '../charts/RateChart.tsx';
import { RateCurvesChart } from '../charts/RateCurvesChart.tsx';
import { AnalyseLinks } from '../parts/AnalyseLinks.tsx';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { usePool } from '../shared/usePool.ts';
import { changedPaths, draftOfConfig } from '../train/configDraft.ts';
import { nearestPreset } from '../train/planDraft.ts';
import { ComparisonTableView, MergeNotes } from './ComparisonTableView.tsx';
import { SignificanceSection } from './SignificanceSection.tsx';
import { useSignificance } from './useSignificance.ts';

/** `disease · xlnet-bio-tiny · Quick look, 1 setting changed`. */
function comparisonName({ category, model, config, slicing, tasks }: Comparison): string {
  const preset = nearestPreset(config);
  const changed = changedPaths(draftOfConfig(config), presets[preset].config).size;
  const subject =
    category?.name ?? (tasks.length === 1 ? 'a single task' : `${format.count(tasks.length)} separate tasks`);
  return [
    subject,
    model.name,
    changed === 0 ? presets[preset].label : `${presets[preset].label}, ${format.counted(changed, 'setting')} changed`,
    ...(slicing?.frozen === true ? ['shared layers frozen'] : []),
    ...(slicing?.biases === 'perLayer' ? ['biases per layer'] : []),
  ].join(' · ');
}

export function ComparePage() {
  const { merged, comparisons } = usePool();
  const [comparisonId, setComparisonId] = useState<string | null>(null);
  const [chosenTask, setChosenTask] = useState<string | null>(null);
  const comparison = comparisons.find(({ id }) => id === comparisonId) ?? comparisons[0];
  if (comparison === undefined) {
    return (
      <>
        <h1>Compare</h1>
        <p className="soft">
          Compare STL, MTL-XC and MTL-LS on the tasks of a category, and test the differences for significance.
        </p>
        <p className="soft">
          Nothing has been trained yet. <a href="#/">Plan STL, MTL-XC and MTL-LS</a> on a category, or{' '}
          <a href="#/results">open a result file</a>.
        </p>
      </>
    );
  }
  const task = comparison.tasks.find((candidate) => taskKey(candidate.task) === chosenTask) ?? comparison.tasks[0];
  return (
    <>
      <h1>Compare</h1>
      <p className="soft">
        Compare STL, MTL-XC and MTL-LS on the tasks of a category, and test the differences for significance.
      </p>
      <div className="filters">
        <label>
          Category
          <select value={comparison.id} onChange={(event) => setComparisonId(event.target.value)}>
            {comparisons.map((candidate) => (
              <option key={candidate.id} value={candidate.id}>
                {comparisonName(candidate)}
              </option>
            ))}
          </select>
        </label>
        <label>
          Task
          <select
            value={task === undefined ? '' : taskKey(task.task)}
            onChange={(event) => setChosenTask(event.target.value)}
          >
            {comparison.tasks.map((candidate) => (
              <option key={taskKey(candidate.task)} value={taskKey(candidate.task)}>
                {taskRefName(candidate.task)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p className="soft" aria-live="polite">
        {progressText(comparison)}
      </p>
      {task !== undefined && <AnalyseLinks task={task.task} runId={null} />}
      <MergeNotes merged={merged} />
      {task !== undefined && (
        <div className="pair charts">
          <RateCurvesChart task={task} />
          <RateChart task={task} />
        </div>
      )}
      <ComparedResults key={comparison.id} comparison={comparison} task={task} />
    </>
  );
}

interface ComparedResultsProps {
  readonly comparison: Comparison;
  readonly task: TaskComparison | undefined;
}

/** Shows the significance of the differences and the tables that mark it. */
function ComparedResults({ comparison, task }: ComparedResultsProps) {
  const noise = useSignificance(comparison);
  const { distinction } = noise;
  const tables = useMemo(() => comparisonTables(comparison, publishedScores, distinction), [comparison, distinction]);
  return (
    <>
      {task !== undefined && <SignificanceSection noise={noise} task={task} />}
      {tables.map((table) => (
        <ComparisonTableView key={table.id} table={table} />
      ))}
    </>
  );
}

function progressText({ tasks }: Comparison): string {
  const runs = new Map(
    tasks.flatMap(({ variants }) =>
      variants.flatMap(({ trainings }) => trainings.map(({ runId, status }) => [runId, status] as const)),
    ),
  );
  const statuses = [...runs.values()];
  const finished = statuses.filter((status) => status === 'finished').length;
  const running = statuses.includes('running') ? '; one is training now' : '';
  return `${format.count(finished)} of ${format.counted(statuses.length, 'run')} finished${running}. Tables and the slicing rate chart include only finished runs.`;
}
