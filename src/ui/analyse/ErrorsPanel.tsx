// Every predicted and every missed mention on test by kind, of one snapshot or of two side by side.
import { taskOf } from '../../lab/analysableTasks.ts';
import type { PanelProps } from './subject.ts';
import { useLayers } from '../useLayers.ts';
import { BesideField } from './BesideField.tsx';
import { contendersOf } from './contenders.ts';
import { ErrorBrowser } from './ErrorBrowser.tsx';
import { ErrorScoreTables } from './ErrorScoreTables.tsx';
import { NoSnapshot } from './NoSnapshot.tsx';
import { PredictionGate } from './PredictionGate.tsx';

export function ErrorsPanel({ subject, place }: PanelProps) {
  const contenders = contendersOf(subject, place, useLayers());
  if (contenders === null) return <NoSnapshot place={place} />;
  const task = taskOf(subject.task);
  return (
    <>
      <div className="filters">
        <BesideField subject={subject} place={place} />
      </div>
      <PredictionGate requests={contenders.predictions} need="mentions">
        <ErrorScoreTables task={task} contenders={contenders} />
        <ErrorBrowser
          // Other predictions start at their first line.
          key={JSON.stringify([task, contenders.predictions])}
          task={task}
          training={subject.category.tasks.map(taskOf)}
          contenders={contenders}
        />
      </PredictionGate>
    </>
  );
}
