// Shows one experiment: which method and slicing rate is best and whether that is more than noise, its runs, its statistics, and ways to share it.
import { useMemo } from 'react';
import { taskKey, type Comparison, type TaskComparison } from '../../lab/comparison/comparison.ts';
import { comparisonTables, variantName } from '../../lab/comparison/comparisonTables.ts';
import { missingText, verdictSentence } from '../../lab/comparison/differenceWords.ts';
import { publishedScores } from '../../lab/comparison/publishedScores.ts';
import type { ImportedResult } from '../../lab/state/labState.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { RateChart } from '../charts/RateChart.tsx';
import { RateCurvesChart } from '../charts/RateCurvesChart.tsx';
import { Term } from '../help/Term.tsx';
import { AnalyseLinks } from '../parts/AnalyseLinks.tsx';
import { Button } from '../parts/Button.tsx';
import { RunsTable } from '../runs/RunsTable.tsx';
import { format } from '../shared/format.ts';
import {
  EXPERIMENT_VIEWS,
  goTo,
  routeHref,
  type ExperimentRoute,
  type ExperimentView,
  type Route,
} from '../shared/route.ts';
import { taskRefName } from '../shared/runName.ts';
import { shallow, useLab, useLabActions } from '../shared/useLab.ts';
import { useDraftChange } from '../train/useDraftChange.ts';
import { ComparisonTableView, MergeNotes } from './ComparisonTableView.tsx';
import {
  bestOn,
  experimentSettings,
  experimentSubject,
  runStatuses,
  taskAt,
  usePool,
  type Pool,
} from './experiments.ts';
import { ShareRuns } from './ShareRuns.tsx';
import { SignificanceSection } from './SignificanceSection.tsx';
import { useSignificance, type SignificanceState } from './useSignificance.ts';

/** Three seeds are the least that say how much seeds vary. */
const SEEDS_ADDED = 2;

const VIEW_NAMES: Readonly<Record<ExperimentView, string>> = {
  overview: 'Overview',
  runs: 'Runs',
  statistics: 'Statistics',
  share: 'Share',
};

export function ExperimentPage({ route }: { readonly route: ExperimentRoute }) {
  const pool = usePool();
  if (pool === null) return <p className="soft">Comparing runs …</p>;
  const experiment = pool.comparisons.find(({ id }) => id === route.experimentId);
  if (experiment === undefined) {
    return (
      <>
        <h1>Not found</h1>
        <p>
          There is no experiment at this address: its runs were removed or belong to another browser.{' '}
          <a href="#/experiments">Go to Experiments</a>
        </p>
      </>
    );
  }
  return <KnownExperiment key={experiment.id} route={route} experiment={experiment} pool={pool} />;
}

interface ExperimentProps {
  readonly route: ExperimentRoute;
  readonly experiment: Comparison;
  readonly pool: Pool;
}

function KnownExperiment({ route, experiment, pool: { merged } }: ExperimentProps) {
  const task = taskAt(experiment, route.task);
  const noise = useSignificance(experiment);
  const records = useMemo(() => {
    const ids = runStatuses(experiment);
    return merged.runs.flatMap(({ record }) => (ids.has(record.spec.id) ? [record] : []));
  }, [experiment, merged]);
  return (
    <>
      <div>
        <p className="crumb">
          <a href="#/experiments">Experiments</a>
        </p>
        <h1>{experimentSubject(experiment)}</h1>
        <p className="soft">
          Compare <Term name="STL" />, <Term name="MTL-XC" /> and <Term name="MTL-LS" /> on each task, and see whether
          the differences are more than noise. {experimentSettings(experiment)}.
        </p>
        <p className="soft" aria-live="polite">
          {progressText(experiment)}
        </p>
      </div>
      <div className="filters">
        <nav className="tabs views" aria-label="Experiment">
          {EXPERIMENT_VIEWS.map((view) => (
            <a
              key={view}
              href={routeHref({ page: 'experiment', ...route, view })}
              aria-current={view === route.view ? 'page' : undefined}
            >
              {VIEW_NAMES[view]}
            </a>
          ))}
        </nav>
        {(route.view === 'overview' || route.view === 'statistics') && (
          <label>
            Task
            <select
              value={task === undefined ? '' : taskKey(task.task)}
              onChange={(event) => {
                const chosen = experiment.tasks.findIndex((one) => taskKey(one.task) === event.target.value);
                goTo({ page: 'experiment', ...route, task: chosen + 1 });
              }}
            >
              {experiment.tasks.map((one) => (
                <option key={taskKey(one.task)} value={taskKey(one.task)}>
                  {taskRefName(one.task)}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <MergeNotes merged={merged} />
      <View view={route.view} experiment={experiment} task={task} noise={noise} records={records} />
    </>
  );
}

interface ViewProps {
  readonly view: ExperimentView;
  readonly experiment: Comparison;
  readonly task: TaskComparison | undefined;
  readonly noise: SignificanceState;
  readonly records: readonly RunRecord[];
}

function View({ view, experiment, task, noise, records }: ViewProps) {
  const queue = useLab((state) => state.queue);
  const results = useLab((state) => state.results);
  const own = useOwnRunIds();
  const { distinction } = noise;
  const tables = useMemo(() => comparisonTables(experiment, publishedScores, distinction), [experiment, distinction]);
  switch (view) {
    case 'overview':
      return (
        <>
          {task !== undefined && (
            <>
              <VerdictPanel task={task} noise={noise} records={records} />
              <div className="pair charts">
                {task.variants.some(({ method }) => method === 'MTL-LS') && <RateChart task={task} />}
                <RateCurvesChart task={task} />
              </div>
              <AnalyseLinks task={task.task} runId={null} />
            </>
          )}
          {tables
            .filter(({ id }) => id === 'table-1' || (id !== 'spreads' && isSliced(experiment)))
            .map((table) => (
              <ComparisonTableView key={table.id} table={table} />
            ))}
        </>
      );
    case 'runs':
      return (
        <RunsTable
          label="Runs of the experiment"
          records={records}
          own
          queue={queue}
          hrefOf={(runId) => routeHref(runRoute(runId, own, results))}
        />
      );
    case 'statistics':
      return (
        <>
          {task !== undefined && <SignificanceSection noise={noise} task={task} />}
          {tables
            .filter(({ id }) => id === 'spreads')
            .map((table) => (
              <ComparisonTableView key={table.id} table={table} />
            ))}
        </>
      );
    case 'share':
      return <ShareRuns records={records} />;
  }
}

/** Ids of the runs of this lab: the others of an experiment came with result files. */
function useOwnRunIds(): readonly string[] {
  return useLab(({ runs }) => runs.map(({ record }) => record.spec.id), shallow);
}

/** Returns the page of a run: its own, or that of the first result file that has it. */
function runRoute(runId: string, own: readonly string[], results: readonly ImportedResult[]): Route {
  const source = results.find(({ file }) => file.runs.some(({ spec }) => spec.id === runId));
  return own.includes(runId) || source === undefined
    ? { page: 'run', runId }
    : { page: 'importedRun', resultId: source.id, runId };
}

function isSliced({ tasks }: Comparison): boolean {
  return tasks.some(({ variants }) => variants.some(({ method }) => method === 'MTL-LS'));
}

/** Says which variant is best on the task, and whether its difference from the baseline is more than noise. */
function VerdictPanel({
  task,
  noise,
  records,
}: Pick<ViewProps, 'noise' | 'records'> & { readonly task: TaskComparison }) {
  const lab = useLabActions();
  const { trainAgain } = useDraftChange();
  const own = useOwnRunIds();
  const ownIds = records.map(({ spec }) => spec.id).filter((id) => own.includes(id));
  const best = bestOn(task);
  const { family, tested, baseline } = noise;
  if (best === null) return null;
  const name = variantName(best.variant);
  const baselineName = variantName(baseline);
  const index = family.differences.findIndex(
    (one) => taskKey(one.task) === taskKey(task.task) && variantName(one.variant) === name,
  );
  const found = tested.status === 'ready' ? tested.answer[index] : undefined;
  return (
    <section className="panel verdict-panel" aria-labelledby="verdict-title">
      <h2 id="verdict-title">
        Best on {taskRefName(task.task)}: {name}, test F1 {format.percent(best.f1)}
      </h2>
      {found !== undefined && (
        <p className="finding">
          {verdictSentence(name, baselineName, found)} {missingText(found.verdict)}
        </p>
      )}
      {found === undefined && <p className="soft">{untestedText(noise, name, baselineName)}</p>}
      <div className="actions">
        <Button onAct={() => trainAgain(lab.exportPlan(ownIds), SEEDS_ADDED)} disabled={ownIds.length === 0}>
          Add two seeds
        </Button>
        <Button onAct={() => trainAgain(lab.exportPlan(ownIds))} disabled={ownIds.length === 0}>
          Train again with changes
        </Button>
      </div>
    </section>
  );
}

function untestedText({ family, asked, tested }: SignificanceState, best: string, baseline: string): string {
  if (family.differences.length === 0) {
    return `There is nothing to compare it with yet: train another method on this task with the same seed.`;
  }
  if (!asked) return 'Whether the differences are more than noise is tested once training is done.';
  if (tested.status === 'failed') return 'The differences could not be tested; see Statistics for the reason.';
  if (tested.status !== 'ready') return `Testing whether the differences are more than noise …`;
  return best === baseline
    ? `No other method is above ${baseline} on this task; see Statistics for each difference.`
    : `Its difference from ${baseline} cannot be tested; see Statistics for the reason.`;
}

function progressText(experiment: Comparison): string {
  const statuses = [...runStatuses(experiment).values()];
  const finished = statuses.filter((status) => status === 'finished').length;
  const running = statuses.includes('running') ? '; one is training now' : '';
  return `${format.count(finished)} of ${format.counted(statuses.length, 'run')} finished${running}. Tables and the slicing rate chart include only finished runs.`;
}
