// How far tagging is, with the way to end it, or why it ended early.
import type { TaggingView } from '../../lab/labState.ts';
import { LabError } from '../../util/labError.ts';
import { format } from '../format.ts';
import { useLab } from '../useLab.ts';
import { Button } from './Button.tsx';
import { Meter } from './Meter.tsx';

export function TaggingProgress({ tagging }: { readonly tagging: TaggingView }) {
  const { lab } = useLab();
  const { source, status, progress, documents, documentCount, problem } = tagging;
  const soFar = `${source}: ${format.count(documents.length)} of ${format.counted(documentCount, 'document')} tagged`;
  if (status === 'reading' || status === 'tagging') {
    return (
      <div className="tagging-progress" role="status">
        <Meter label="Tagging" done={progress?.done ?? 0} total={progress?.total ?? 0} />
        <span className="number">
          {status === 'reading' ? `Reading ${source}` : soFar}
          {progress !== null && progress.remainingMs !== null && `, ${format.duration(progress.remainingMs)} left`}
        </span>
        <Button onAct={() => lab.stopTagging()}>Cancel</Button>
      </div>
    );
  }
  if (status === 'done') return <p className="soft" role="status">{`${soFar}.`}</p>;
  return (
    <p className="problem boxed" role="alert">
      {status === 'stopped'
        ? 'Cancelled'
        : `Tagging ended early. ${problem === null ? '' : LabError.describe(problem)}`}{' '}
      {`${soFar}.`}
    </p>
  );
}
