// All runs, newest first.
import { AwakeSwitch } from '../components/AwakeSwitch.tsx';
import { NeedsRoom } from '../components/NeedsRoom.tsx';
import { QueuePanel } from '../components/QueuePanel.tsx';
import { RunsTable } from '../components/RunsTable.tsx';
import { routeHref } from '../route.ts';
import { useLab } from '../useLab.ts';

export function RunsPage() {
  const { state } = useLab();
  return (
    <>
      <h1>Runs</h1>
      {state.runs.length === 0 ? (
        <p className="soft">
          Nothing has been trained yet. <a href="#/">Train on a sample</a> to see a run.
        </p>
      ) : (
        <>
          <NeedsRoom />
          <AwakeSwitch />
          <QueuePanel />
          <RunsTable
            label="Runs"
            runs={state.runs}
            queue={state.queue}
            hrefOf={(runId) => routeHref({ page: 'run', runId })}
          />
          <p className="soft">
            F1 in percent as conlleval counts: devel of the selected snapshot, or of the latest epoch while training;
            test of the selected snapshot.
          </p>
        </>
      )}
    </>
  );
}
