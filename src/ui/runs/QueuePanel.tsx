// Shows waiting runs, their order and what they wait for, and resumes those that were paused or failed.
import { useMemo } from 'react';
import { isQueueStuck, waitsFor } from '../../lab/runs/scheduler.ts';
import type { RunView } from '../../lab/state/labState.ts';
import { restingRunView } from '../../lab/state/runViews.ts';
import { Button } from '../parts/Button.tsx';
import { ActionsHead, TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { methodName, runName, useRunNaming } from '../shared/runName.ts';
import { useLab, useLabActions, useRunRecords } from '../shared/useLab.ts';

/** Shows waiting runs: their order, what they wait for, and buttons to change that. */
export function QueuePanel() {
  const lab = useLabActions();
  const disabled = useLab((state) => state.owner === 'elsewhere');
  const queue = useLab((state) => state.queue);
  const isStuck = useLab((state) => state.storageFullRun === null && isQueueStuck(state));
  const records = useRunRecords();
  const runs = useMemo(() => records.map(restingRunView), [records]);
  const { layersOf, givenName } = useRunNaming();
  const waiting = queue.flatMap((id) => runs.find(({ record }) => record.spec.id === id) ?? []);
  const failed = runs.filter(({ record }) => record.status === 'failed' || (record.status === 'stopped' && record.dropped === undefined)); // prettier-ignore
  // Closing the tab pauses all running and waiting runs.
  const paused = runs.filter(({ record }) => record.status === 'paused');
  if (waiting.length === 0 && failed.length === 0 && paused.length === 0) return null;
  const nameOf = ({ record: { spec } }: RunView) =>
    `${givenName(spec.id) ?? runName(spec)} · ${methodName(spec, layersOf(spec.model.id))}, seed ${spec.seed}`;
  return (
    <section aria-labelledby="queue-title">
      <div className="title-row">
        <h2 id="queue-title">Queue</h2>
        {paused.length > 0 && (
          <Button disabled={disabled} onAct={() => lab.resumeAll(paused.map(({ record }) => record.spec.id))}>
            Resume {format.counted(paused.length, 'paused run')}
          </Button>
        )}
        {failed.length > 0 && (
          <Button disabled={disabled} onAct={() => lab.resumeAll(failed.map(({ record }) => record.spec.id))}>
            Retry {format.counted(failed.length, 'failed or skipped run')}
          </Button>
        )}
      </div>
      {waiting.length === 0 && (
        <p className="soft">
          No run waits.{' '}
          {[
            ...(paused.length > 0 ? [`${format.counted(paused.length, 'run')} paused`] : []),
            ...(failed.length > 0 ? [`${format.counted(failed.length, 'run')} failed or stopped`] : []),
          ].join(', ')}
          .
        </p>
      )}
      {isStuck && (
        <p className="problem boxed" role="status">
          No run can start: every waiting run depends on one that is not finished. Resume or retry that one.
        </p>
      )}
      {waiting.length > 0 && (
        <TableBox label="Queue">
          <thead>
            <tr>
              <th scope="col" className="number">
                No.
              </th>
              <th scope="col">Run</th>
              <th scope="col">Waits for</th>
              <ActionsHead />
            </tr>
          </thead>
          <tbody>
            {waiting.map((run, index) => (
              <tr key={run.record.spec.id}>
                <td className="number">{index + 1}</td>
                <th scope="row">
                  <a href={routeHref({ page: 'run', runId: run.record.spec.id })}>{nameOf(run)}</a>
                </th>
                <td>
                  <WaitText runs={runs} runId={run.record.spec.id} />
                </td>
                <td>
                  <span className="actions queue-actions">
                    <MoveButton name={nameOf(run)} runId={run.record.spec.id} direction="up" disabled={index === 0} />
                    <MoveButton
                      name={nameOf(run)}
                      runId={run.record.spec.id}
                      direction="down"
                      disabled={index === waiting.length - 1}
                    />
                    <Button label={`Skip ${nameOf(run)}`} onAct={() => lab.stopRun(run.record.spec.id)}>
                      Skip
                    </Button>
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </TableBox>
      )}
    </section>
  );
}

function WaitText({ runs, runId }: { readonly runs: readonly RunView[]; readonly runId: string }) {
  const rungWaits = useLab((state) => state.rungWaits);
  const wait = waitsFor({ runs, rungWaits }, runId);
  if (wait === null) return <span className="faint">the device</span>;
  return (
    <span className={wait.isStuck ? 'problem' : 'soft'}>
      {wait.reason}{' '}
      {wait.parent !== null && <a href={routeHref({ page: 'run', runId: wait.parentId })}>Show that run</a>}
    </span>
  );
}

interface MoveButtonProps {
  readonly name: string;
  readonly runId: string;
  readonly direction: 'up' | 'down';
  readonly disabled: boolean;
}

function MoveButton({ name, runId, direction, disabled }: MoveButtonProps) {
  const lab = useLabActions();
  return (
    <Button label={`Move ${name} ${direction}`} disabled={disabled} onAct={() => lab.moveRun(runId, direction)}>
      <span aria-hidden="true">{direction === 'up' ? '↑' : '↓'}</span>
    </Button>
  );
}
