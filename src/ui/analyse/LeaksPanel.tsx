// Which test sentences of a category's tasks stand in its training text, and where.
import { useCallback, useState } from 'react';
import { taskOf } from '../../lab/analysableTasks.ts';
import { taskKey } from '../../lab/comparison.ts';
import { csvText } from '../../lab/tableText.ts';
import { leastLeakTokens } from '../../metrics/leaks.ts';
import { nearDefaults } from '../../metrics/nearIndex.ts';
import { Button } from '../components/Button.tsx';
import { format } from '../format.ts';
import type { PanelProps } from './subject.ts';
import { saveFile } from '../saveFile.ts';
import { shownAnswer, useAnalysis } from '../useAnalysis.ts';
import { AnalysisWait } from './AnalysisWait.tsx';
import { LeakPairs } from './LeakPairs.tsx';
import { LeakSources, type LeakCell } from './LeakSources.tsx';
import { LeakTable } from './LeakTable.tsx';
import { leakFinding, TRAINING_SPLITS } from './leakFinding.ts';
import { leakRows } from './leakRows.ts';
import type { Subject } from './subject.ts';

export function LeaksPanel({ subject }: PanelProps) {
  // Another task or category begins anew: what was chosen is a place in this one.
  return <CategoryLeaks key={JSON.stringify([subject.category.tasks, subject.task])} subject={subject} />;
}

function CategoryLeaks({ subject: { task, category } }: { readonly subject: Subject }) {
  const { tasks } = category;
  const own = tasks.findIndex((one) => taskKey(one) === taskKey(task));
  const [near, setNear] = useState(false);
  const [test, setTest] = useState(own);
  const [cell, setCell] = useState<LeakCell | null>(null);
  const choose = useCallback((place: number) => {
    setTest(place);
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
        Test sentences of at least {leastLeakTokens} tokens are looked for in the running text of train and devel,
        whatever their case, spaces and kind of quotation marks. Who learns from them has seen a part of the test.
      </p>
      <div className="filters">
        <label className="check">
          <input type="checkbox" checked={near} onChange={(event) => setNear(event.target.checked)} />
          Near duplicates too: at least {format.share(nearDefaults.similarity)} of the runs of{' '}
          {nearDefaults.shingleWords} words shared, which takes longer
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
