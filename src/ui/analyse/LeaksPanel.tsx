// Shows which test sentences of a category's tasks occur in its training text, and where.
import { memo, useCallback, useMemo } from 'react';
import type { LeakReport } from '../../analysis/questions/labelsQuery.ts';
import { taskKey } from '../../lab/comparison/comparison.ts';
import { taskOf } from '../../lab/comparison/crossMatrix.ts';
import { leastLeakTokens } from '../../metrics/leaks.ts';
import { nearDefaults } from '../../metrics/text/nearIndex.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { csvText } from '../../util/csv.ts';
import { AnalysisWait, shownAnswer, useAnalysis } from '../parts/AnalysisWait.tsx';
import { Button } from '../parts/Button.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { indexIn, useInAddress, type AddressTexts } from '../shared/addressTexts.ts';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { saveFile } from '../shared/saveFile.ts';
import { leakFinding, LeakPairs, leakShare, LeakSources, TRAINING_SPLITS, type LeakCell } from './LeakPairs.tsx';
import type { PanelProps, Subject } from './SubjectFields.tsx';

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

/** What of the view is in the address. */
const ADDRESS_NAMES = ['near', 'test', 'in', 'different', 'page'];

interface LeakLook {
  readonly near: boolean;
  /** Index of the task whose test sentences are looked for. */
  readonly test: number;
  /** The training text whose sentences are listed; null for none. */
  readonly cell: LeakCell | null;
  /** Whether only pairs with different labels are listed. */
  readonly different: boolean;
  /** Index of the page of pairs. */
  readonly page: number;
}

function ownLook(own: number, near: boolean): LeakLook {
  return { near, test: own, cell: null, different: false, page: 0 };
}

/** Reads a view as `leakTexts` writes it; `own` is the task that the address names. */
export function leakLookOf(texts: AddressTexts, own: number): LeakLook {
  const [, task, split] = /^(all|\d{1,3})(?:-(train|devel))?$/.exec(texts['in'] ?? '') ?? [];
  const known = TRAINING_SPLITS.find((one) => one === split) ?? null;
  return {
    near: texts['near'] === 'yes',
    test: texts['test'] === undefined ? own : indexIn(texts['test']),
    cell: task === undefined ? null : { task: task === 'all' ? null : indexIn(task), split: known },
    different: texts['different'] === 'only',
    page: indexIn(texts['page']),
  };
}

export function leakTexts({ near, test, cell, different, page }: LeakLook, own: number): AddressTexts {
  const text = cell === null ? '' : `${cell.task === null ? 'all' : cell.task + 1}${cell.split === null ? '' : `-${cell.split}`}`; // prettier-ignore
  return {
    ...(near && { near: 'yes' }),
    ...(test !== own && { test: String(test + 1) }),
    ...(text !== '' && { in: text }),
    ...(different && { different: 'only' }),
    ...(page > 0 && { page: String(page + 1) }),
  };
}

export function LeaksPanel({ subject }: PanelProps) {
  // Another task or category resets the choice, which is an index into this one.
  return <CategoryLeaks key={JSON.stringify([subject.category.tasks, subject.task])} subject={subject} />;
}

function CategoryLeaks({ subject: { task, category } }: { readonly subject: Subject }) {
  const { tasks } = category;
  const own = tasks.findIndex((one) => taskKey(one) === taskKey(task));
  const [texts, setTexts] = useInAddress(null, ADDRESS_NAMES);
  const { near, test, cell, different, page } = useMemo(() => leakLookOf(texts, own), [texts, own]);
  const choose = useCallback((index: number) => setTexts(leakTexts({ ...ownLook(own, near), test: index }, own)), [setTexts, near, own]); // prettier-ignore
  const setCell = useCallback(
    (next: LeakCell) => setTexts(leakTexts({ ...ownLook(own, near), test, cell: next }, own)),
    [setTexts, near, test, own],
  );
  const look = useCallback(
    (isDifferent: boolean, next: number) =>
      setTexts(leakTexts({ near, test, cell, different: isDifferent, page: next }, own)),
    [setTexts, near, test, cell, own],
  );
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
          <input
            type="checkbox"
            checked={near}
            onChange={(event) =>
              setTexts(leakTexts({ near: event.target.checked, test, cell, different, page: 0 }, own))
            }
          />
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
        <LeakPairs
          key={JSON.stringify([test, cell, near])}
          tasks={tasks}
          test={tested}
          cell={cell}
          near={near}
          different={different}
          page={page}
          onLook={look}
        />
      )}
    </>
  );
}

function csvFile(rows: ReturnType<typeof leakRows>): Blob {
  return new Blob([csvText(rows)], { type: 'text/csv' });
}
