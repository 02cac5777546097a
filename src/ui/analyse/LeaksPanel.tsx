// Shows which test sentences of a category's tasks occur in its training text, and where.
import { memo, useCallback, useState } from 'react';
import type { LeakReport } from '../../analysis/questions/leaksQuery.ts';
import { taskOf } from '../../lab/comparison/analysableTasks.ts';
import { taskKey } from '../../lab/comparison/comparison.ts';
import { csvText } from '../../util/csv.ts';
import { leastLeakTokens } from '../../metrics/leaks.ts';
import { nearDefaults } from '../../metrics/text/nearIndex.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { AnalysisWait } from '../parts/AnalysisWait.tsx';
import { Button } from '../parts/Button.tsx';
import { leakFinding, leakShare, LeakSources, TRAINING_SPLITS, type LeakCell } from '../parts/LeakSources.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { saveFile } from '../shared/saveFile.ts';
import { shownAnswer, useAnalysis } from '../shared/useAnalysis.ts';
import { LeakPairs } from './LeakPairs.tsx';
import type { PanelProps, Subject } from './subject.ts';

interface LeakTableProps {
  readonly tasks: readonly TaskRef[];
  /** One per task. */
  readonly reports: readonly LeakReport[];
  readonly near: boolean;
  /** Index of the task whose sources are shown below. */
  readonly chosen: number;
  readonly onChoose: (index: number) => void;
}

/** Lists leaks by test task; memoised, as the progress beside it changes often. */
const LeakTable = memo(function LeakTable({ tasks, reports, near, chosen, onChoose }: LeakTableProps) {
  return (
    <TableBox label="Leaks by test task" className="leaks">
      <thead>
        <tr>
          <th scope="col">Test of</th>
          <th scope="col" className="number">
            Compared
          </th>
          <th scope="col" className="number">
            In training text
          </th>
          <th scope="col" className="number">
            Share
          </th>
          {near && (
            <th scope="col" className="number">
              Near duplicates
            </th>
          )}
          <th scope="col">Most in</th>
        </tr>
      </thead>
      <tbody>
        {reports.map((report, index) => {
          const task = tasks[index];
          if (task === undefined) return null;
          return (
            <tr key={index} className={index === chosen ? 'chosen' : undefined}>
              <th scope="row">
                <button type="button" className="link" aria-pressed={index === chosen} onClick={() => onChoose(index)}>
                  {taskRefName(task)}
                </button>
              </th>
              <td className="number">{format.count(report.compared)}</td>
              <td className="number">{format.count(report.exact)}</td>
              <td className="number">{leakShare(report.exact, report.compared)}</td>
              {near && <td className="number">{format.count(report.near)}</td>}
              <td>{mostIn(tasks, index, report)}</td>
            </tr>
          );
        })}
      </tbody>
    </TableBox>
  );
});

function mostIn(tasks: readonly TaskRef[], index: number, { byTask }: LeakReport): string {
  const counts = byTask.map(({ exact }) => exact);
  const most = Math.max(0, ...counts);
  if (most === 0) return '–';
  const at = counts.indexOf(most);
  const task = tasks[at];
  if (task === undefined) return '–';
  return `${at === index ? 'its own text' : taskRefName(task)}, ${format.count(most)}`;
}

/** One row per test task and training text; train and devel together last. */
function leakRows(
  tasks: readonly TaskRef[],
  reports: readonly LeakReport[],
  near: boolean,
): readonly (readonly (string | number | null)[])[] {
  const head = ['test task', 'compared', 'training task', 'split', 'exact', ...(near ? ['near'] : [])];
  const cells = (counts: { readonly exact: number; readonly near: number }) => [
    counts.exact,
    ...(near ? [counts.near] : []),
  ];
  const rows = reports.flatMap((report, index) => {
    const start = [nameAt(tasks, index), report.compared];
    return [
      ...report.bySource.map((source) => [...start, nameAt(tasks, source.task), source.split, ...cells(source)]),
      ...report.byTask.map((counts, task) => [...start, nameAt(tasks, task), 'train+devel', ...cells(counts)]),
      [...start, 'any', 'train+devel', ...cells(report)],
    ];
  });
  return [head, ...rows];
}

function nameAt(tasks: readonly TaskRef[], index: number): string {
  const task = tasks[index];
  return task === undefined ? '' : taskRefName(task);
}

export function LeaksPanel({ subject }: PanelProps) {
  // Another task or category resets the choice, which is an index into this one.
  return <CategoryLeaks key={JSON.stringify([subject.category.tasks, subject.task])} subject={subject} />;
}

function CategoryLeaks({ subject: { task, category } }: { readonly subject: Subject }) {
  const { tasks } = category;
  const own = tasks.findIndex((one) => taskKey(one) === taskKey(task));
  const [near, setNear] = useState(false);
  const [test, setTest] = useState(own);
  const [cell, setCell] = useState<LeakCell | null>(null);
  const choose = useCallback((index: number) => {
    setTest(index);
    setCell(null);
  }, []);
  const found = useAnalysis('leaks', { tasks: tasks.map(taskOf), splits: TRAINING_SPLITS, near });
  const reports = shownAnswer(found);
  const report = reports?.[test];
  const tested = tasks[test];
  const isNear = near && found.status === 'ready';
  const ofOwn = reports?.[own];
  return (
    <>
      {ofOwn !== undefined && <p className="finding">{leakFinding(tasks, own, ofOwn)}</p>}
      <p className="soft lead">
        Searches the train and devel text for test sentences of at least {leastLeakTokens} tokens, ignoring case, spaces
        and the style of quotation marks. A tagger trained on them has seen part of the test data.
      </p>
      <div className="filters">
        <label className="check">
          <input type="checkbox" checked={near} onChange={(event) => setNear(event.target.checked)} />
          Include near duplicates, which share at least {format.share(nearDefaults.similarity)} of their{' '}
          {nearDefaults.shingleWords}-word shingles; this takes longer
        </label>
        <Button
          disabled={reports === null || found.status !== 'ready'}
          onAct={() => {
            if (reports !== null) saveFile(`${format.fileName(category.name)}-leaks.csv`, csvFile(leakRows(tasks, reports, isNear))); // prettier-ignore
          }}
        >
          Save as CSV
        </Button>
      </div>
      {found.status !== 'ready' && (
        <AnalysisWait
          state={found}
          doing={near ? 'Comparing sentences with training text' : 'Searching training text'}
        />
      )}
      {reports !== null && <LeakTable tasks={tasks} reports={reports} near={isNear} chosen={test} onChoose={choose} />}
      {report !== undefined && tested !== undefined && (
        <LeakSources tasks={tasks} test={test} report={report} near={isNear} chosen={cell} onChoose={setCell} />
      )}
      {cell !== null && tested !== undefined && (
        <LeakPairs key={JSON.stringify([test, cell, near])} tasks={tasks} test={tested} cell={cell} near={near} />
      )}
    </>
  );
}

function csvFile(rows: ReturnType<typeof leakRows>): Blob {
  return new Blob([csvText(rows)], { type: 'text/csv' });
}
