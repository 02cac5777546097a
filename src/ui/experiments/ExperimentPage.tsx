// Shows one experiment: which method and slicing rate is best and whether that is more than noise, its runs, its statistics, and ways to share it.
import { useMemo } from 'react';
import { taskKey, type Comparison, type TaskComparison } from '../../lab/comparison/comparison.ts';
import { matchReported } from '../../lab/comparison/comparisonCurves.ts';
import { comparisonTables } from '../../lab/comparison/comparisonTables.ts';
import { publishedScores } from '../../lab/comparison/publishedScores.ts';
import type { ImportedResult } from '../../lab/state/labState.ts';
import { isSliced } from '../../schema/methods.ts';
import type { ReportedScore } from '../../schema/resultFile.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { AnalysisPanel } from '../analyse/AnalysePage.tsx';
import { SubjectFields, subjectOf } from '../analyse/SubjectFields.tsx';
import { RateChart, RateCurvesChart } from '../charts/RateChart.tsx';
import { Term } from '../help/Term.tsx';
import { DescribeActions, DescriptionText } from '../parts/Description.tsx';
import { SampleRemark } from '../parts/ScoreTable.tsx';
import { RunsTable } from '../runs/RunsTable.tsx';
import { SelectionActions, ShareRuns } from '../share/ShareForm.tsx';
import {
  ANALYSIS_VIEWS,
  goTo,
  NOTHING_CHOSEN,
  routeHref,
  type AnalysisRoute,
  type AnalysisView,
  type ExperimentRoute,
  type ExperimentView,
  type Route,
} from '../shared/route.ts';
import { taskRefName, useDescriptions } from '../shared/runName.ts';
import { shallow, useLab } from '../shared/useLab.ts';
import { AffinityPanel } from './AffinityPanel.tsx';
import { ComparisonTableView, MatrixPanel, MergeNotes } from './ComparisonTables.tsx';
import { RacePanel, ReplayPanel } from './RateSearchPanels.tsx';
import { SignificanceSection } from './SignificanceSection.tsx';
import { useSignificance, VerdictPanel, type SignificanceState } from './VerdictPanel.tsx';
import {
  droppedRuns,
  experimentSettings,
  experimentSubject,
  progressWords,
  runStatuses,
  taskAt,
  useOwnRunIds,
  usePool,
  type Pool,
} from './experiments.ts';

const NONE_REPORTED: readonly ReportedScore[] = [];

type View = ExperimentView | AnalysisView;

const VIEWS: readonly (readonly [View, string])[] = [
  ['overview', 'Overview'],
  ['runs', 'Runs'],
  ['errors', 'Errors'],
  ['sets', 'Sets'],
  ['labels', 'Labels'],
  ['leaks', 'Leaks'],
  ['breakdown', 'Breakdown'],
  ['confidence', 'Confidence'],
  ['across', 'Across corpora'],
  ['affinity', 'Affinity'],
  ['statistics', 'Statistics'],
  ['share', 'Share'],
];

interface ExperimentPageProps {
  readonly experimentId: string;
  /** The address: of a view of the experiment itself, or of an analysis of one of its runs. */
  readonly route: ExperimentRoute | AnalysisRoute;
}

export function ExperimentPage({ experimentId, route }: ExperimentPageProps) {
  const pool = usePool();
  if (pool === null) return <p className="soft">Comparing runs …</p>;
  const experiment = pool.comparisons.find(({ id }) => id === experimentId);
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

interface KnownExperimentProps {
  readonly route: ExperimentPageProps['route'];
  readonly experiment: Comparison;
  readonly pool: Pool;
}

function KnownExperiment({ route, experiment, pool: { merged, comparisons } }: KnownExperimentProps) {
  const analysis = 'corpus' in route ? route : null;
  const task =
    analysis === null ? taskAt(experiment, 'task' in route ? route.task : 1) : taskOfRoute(experiment, analysis);
  const noise = useSignificance(experiment);
  const description = useDescriptions('experiments')(experiment.id);
  const records = useMemo(() => {
    const ids = runStatuses(experiment);
    return merged.runs.flatMap(({ record }) => (ids.has(record.spec.id) ? [record] : []));
  }, [experiment, merged]);
  const specs = useMemo(() => records.map(({ spec }) => spec), [records]);
  const subject = experimentSubject(experiment);
  const number = task === undefined ? 1 : experiment.tasks.indexOf(task) + 1;
  return (
    <>
      <div>
        <div className="title-row">
          <div>
            <p className="crumb">
              <a href="#/experiments">Experiments</a>
            </p>
            <h1>{description.name ?? subject}</h1>
          </div>
          <div className="actions" role="group" aria-label="Experiment actions">
            <DescribeActions kind="experiments" ids={[experiment.id]} usualName={subject} />
          </div>
        </div>
        <p className="soft">
          Compare <Term name="STL" />, <Term name="MTL-XC" /> and <Term name="MTL-LS" /> on each task, and see whether
          the differences are more than noise. {description.name === undefined ? '' : `${subject} · `}
          {experimentSettings(experiment)}.
        </p>
        <DescriptionText description={description} />
        <SampleRemark specs={specs} />
        <p className="soft" aria-live="polite">
          {progressText(experiment, records)}
        </p>
      </div>
      <div className="filters">
        <nav className="tabs views" aria-label="Experiment">
          {VIEWS.map(([view, name]) => (
            <a
              key={view}
              href={viewHref(view, experiment, task, route)}
              aria-current={view === route.view ? 'page' : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
        {(route.view === 'overview' || route.view === 'statistics') && (
          <label>
            Task
            <select
              value={number}
              onChange={(event) => {
                const chosen = Number(event.target.value);
                if (route.view === 'overview' || route.view === 'statistics') {
                  goTo({ page: 'experiment', experimentId: experiment.id, view: route.view, task: chosen });
                }
              }}
            >
              {experiment.tasks.map((one, index) => (
                <option key={taskKey(one.task)} value={index + 1}>
                  {taskRefName(one.task)}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <MergeNotes merged={merged} />
      {analysis === null ? (
        <ExperimentViews
          view={route.view as ExperimentView}
          experiment={experiment}
          task={task}
          noise={noise}
          records={records}
          comparisons={comparisons}
        />
      ) : (
        <AnalysisOfExperiment route={analysis} experiment={experiment} records={records} />
      )}
    </>
  );
}

/** Returns the address of a view on the task that is shown; an analysis keeps the run that is chosen. */
function viewHref(
  view: View,
  { id, tasks }: Comparison,
  task: TaskComparison | undefined,
  route: ExperimentPageProps['route'],
): string {
  const analysed = ANALYSIS_VIEWS.find((one) => one === view);
  if (analysed === undefined) {
    const number = task === undefined ? 1 : tasks.indexOf(task) + 1;
    return routeHref({ page: 'experiment', experimentId: id, view: view as ExperimentView, task: number });
  }
  if ('corpus' in route) return routeHref({ page: 'analyse', ...route, view: analysed, detail: null });
  const chosen = { corpus: task?.task.corpus.id ?? null, type: task?.task.type ?? null };
  return routeHref({ page: 'analyse', ...NOTHING_CHOSEN, ...chosen, view: analysed, experiment: id });
}

function taskOfRoute({ tasks }: Comparison, { corpus, type }: AnalysisRoute): TaskComparison | undefined {
  return tasks.find(({ task }) => task.corpus.id === corpus && task.type === type) ?? tasks[0];
}

interface AnalysisProps {
  readonly route: AnalysisRoute;
  readonly experiment: Comparison;
  readonly records: readonly RunRecord[];
}

/** Analyses one of the runs of the experiment, or its corpora before there is one. */
function AnalysisOfExperiment({ route, experiment, records }: AnalysisProps) {
  const library = useLab(({ corpora, assignments, categories }) => ({ corpora, assignments, categories }), shallow);
  const ownIds = useOwnRunIds();
  const subject = useMemo(() => {
    const keys = new Set(experiment.tasks.map(({ task }) => taskKey(task)));
    const own = records.filter(({ spec }) => ownIds.includes(spec.id));
    return subjectOf(route, library, own, (task) => keys.has(taskKey(task)));
  }, [route, library, records, ownIds, experiment]);
  if (subject === null) {
    return (
      <p className="soft">
        The analyses read sentences, and the corpora of this experiment are not in this browser: its runs came with a
        result file, or the corpora were removed. Import the same corpora in <a href="#/library/corpora">Library</a>.
      </p>
    );
  }
  return (
    <>
      <SubjectFields subject={subject} route={route} />
      <AnalysisPanel subject={subject} route={route} />
    </>
  );
}

interface ViewProps {
  readonly view: ExperimentView;
  readonly experiment: Comparison;
  readonly task: TaskComparison | undefined;
  readonly noise: SignificanceState;
  readonly records: readonly RunRecord[];
  readonly comparisons: Pool['comparisons'];
}

function ExperimentViews({ view, experiment, task, noise, records, comparisons }: ViewProps) {
  const queue = useLab((state) => state.queue);
  const results = useLab((state) => state.results);
  const own = useOwnRunIds();
  const { distinction } = noise;
  const files = useLab((state) => state.reported);
  const reported = useMemo(() => matchReported(experiment, files), [experiment, files]);
  const tables = useMemo(
    () => comparisonTables(experiment, publishedScores, distinction, reported.byTask),
    [experiment, distinction, reported],
  );
  switch (view) {
    case 'overview':
      return (
        <>
          {task !== undefined && (
            <>
              <VerdictPanel task={task} noise={noise} records={records} />
              <div className="pair charts">
                {task.variants.some(({ method }) => isSliced(method)) && (
                  <RateChart task={task} reported={reported.byTask.get(taskKey(task.task)) ?? NONE_REPORTED} />
                )}
                <RateCurvesChart task={task} />
              </div>
              <RacePanel task={task} records={records} />
            </>
          )}
          {tables
            .filter(
              ({ id }) =>
                id === 'table-1' ||
                id === 'methods' ||
                id === 'reported' ||
                (id !== 'spreads' && hasSliced(experiment)),
            )
            .map((table) => (
              <ComparisonTableView key={table.id} table={table} />
            ))}
          {hasSliced(experiment) && <ReplayPanel experiment={experiment} records={records} />}
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
          experiment={experiment.id}
          actions={(runIds, usualName) => <SelectionActions runIds={runIds} usualName={usualName} />}
        />
      );
    case 'across':
      return <MatrixPanel experiment={experiment} records={records} />;
    case 'affinity':
      return <AffinityPanel experiment={experiment} records={records} comparisons={comparisons} />;
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
      return <ShareRuns records={records} experiment={experiment} />;
  }
}

/** Returns the page of a run: its own, or that of the first result file that has it. */
function runRoute(runId: string, own: readonly string[], results: readonly ImportedResult[]): Route {
  const source = results.find(({ file }) => file.runs.some(({ spec }) => spec.id === runId));
  return own.includes(runId) || source === undefined
    ? { page: 'run', runId }
    : { page: 'importedRun', resultId: source.id, runId };
}

function hasSliced({ tasks }: Comparison): boolean {
  return tasks.some(({ variants }) => variants.some(({ method }) => isSliced(method)));
}

function progressText(experiment: Comparison, records: readonly RunRecord[]): string {
  const running = [...runStatuses(experiment).values()].includes('running') ? '; one is training now' : '';
  return `${progressWords(experiment, droppedRuns(records))}${running}. Tables and the slicing rate chart include only finished runs.`;
}
