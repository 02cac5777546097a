// What can be done with a run as it stands.
import type { ImportedResult, RunView } from '../../lab/labState.ts';
import { taggerKey } from '../../lab/taggers.ts';
import { downloadJson } from '../downloadJson.ts';
import { format } from '../format.ts';
import { routeHref } from '../route.ts';
import { methodName, runName } from '../runName.ts';
import { useLab } from '../useLab.ts';
import { goTo } from '../useRoute.ts';
import { Button } from './Button.tsx';
import { RemoveButton } from './RemoveButton.tsx';

export interface RunActionsProps {
  readonly run: RunView;
  /** The result file of an imported run, which can only be exported again. */
  readonly source: ImportedResult | null;
}

export function RunActions({ run: { record }, source }: RunActionsProps) {
  const { lab, state } = useLab();
  const { spec, status } = record;
  const own = source === null;
  const disabled = state.owner === 'elsewhere';
  const fileName = format.fileName(runName(spec), methodName(spec), `seed${spec.seed}`);
  const remove = async () => {
    await lab.removeRun(spec.id);
    goTo({ page: 'runs' });
  };
  return (
    <div className="actions" role="group" aria-label="Run">
      {own && status === 'running' && (
        <Button disabled={disabled} onAct={() => lab.pauseRun(spec.id)}>
          Pause
        </Button>
      )}
      {own && (status === 'paused' || status === 'stopped' || status === 'failed') && (
        <Button kind="strong" disabled={disabled} onAct={() => lab.resumeRun(spec.id)}>
          Resume
        </Button>
      )}
      {own && (status === 'running' || status === 'queued' || status === 'paused') && (
        <Button disabled={disabled} onAct={() => lab.stopRun(spec.id)}>
          Stop
        </Button>
      )}
      {own && record.selectedEpoch !== null && (
        <a
          className="button"
          href={routeHref({
            page: 'tagWith',
            tagger: taggerKey({ kind: 'snapshot', runId: spec.id, epoch: record.selectedEpoch }),
          })}
        >
          Tag text
        </a>
      )}
      <Button onAct={() => downloadJson(`${fileName}.result.json`, lab.exportResult([spec.id]))}>Export result</Button>
      <Button onAct={() => downloadJson(`${fileName}.plan.json`, lab.exportPlan([spec.id]))}>Export plan</Button>
      {own && status !== 'running' && (
        <RemoveButton
          subject="run"
          loss={
            <p>
              The history, scores, checkpoint and {format.counted(record.snapshots.length, 'snapshot')} of{' '}
              {runName(spec)}, seed {spec.seed}, will be gone. Export the result first to keep its scores.
            </p>
          }
          onRemove={remove}
        />
      )}
    </div>
  );
}
