// The run that was paused because the store is full: what is missing, and ways to make room.
import { LabError } from '../../util/labError.ts';
import { routeHref } from '../route.ts';
import { runName } from '../runName.ts';
import { useLab } from '../useLab.ts';
import { Button } from './Button.tsx';
import { RoomTable } from './RoomTable.tsx';

/** Nothing while there is room. */
export function NeedsRoom() {
  const { lab, state } = useLab();
  const record = state.runs.find((run) => run.record.spec.id === state.needsRoom)?.record;
  if (record === undefined) return null;
  const { spec, failure } = record;
  return (
    <section className="panel needs-room" aria-labelledby="needs-room-title" role="alert">
      <h2 id="needs-room-title">Paused for want of room</h2>
      <p>
        <a href={routeHref({ page: 'run', runId: spec.id })}>
          {runName(spec)}, seed {spec.seed}
        </a>{' '}
        is paused at its last resume point, and runs that wait stay where they are.{' '}
        {failure !== null && LabError.describe(failure)}
      </p>
      <p>It goes on by itself as soon as something is removed in this lab. After making room elsewhere, try again.</p>
      <RoomTable />
      <div className="actions">
        <Button kind="strong" onAct={() => lab.resumeRun(spec.id)}>
          Try again
        </Button>
      </div>
    </section>
  );
}
