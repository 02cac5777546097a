// One run: its curves and pulse while it trains, its scores when it is done.
import { LabError } from '../../util/labError.ts';
import type { ImportedResult, RunView } from '../../lab/labState.ts';
import { DevelChart } from '../charts/DevelChart.tsx';
import { LossChart } from '../charts/LossChart.tsx';
import { RunActions } from '../components/RunActions.tsx';
import { RunInputs } from '../components/RunInputs.tsx';
import { RunPulse } from '../components/RunPulse.tsx';
import { RunScores } from '../components/RunScores.tsx';
import { SnapshotTable } from '../components/SnapshotTable.tsx';
import { StatusMark } from '../components/StatusMark.tsx';
import { format } from '../format.ts';

export interface RunPageProps {
  readonly run: RunView;
  /** The result file the run was imported with; null for a run of this lab. */
  readonly source: ImportedResult | null;
}

export function RunPage({ run, source }: RunPageProps) {
  const { record } = run;
  const { spec, failure } = record;
  return (
    <>
      <div className="title-row">
        <div>
          <p className="crumb">{source === null ? <a href="#/runs">Runs</a> : <a href="#/results">Results</a>}</p>
          <h1>{format.taskName(spec.corpus.name, spec.type)}</h1>
          <p className="soft">
            <StatusMark status={record.status} /> · {spec.method} · {spec.model.name} · seed {spec.seed}
            {source !== null && ` · from ${source.fileName}, read only`}
          </p>
        </div>
        <RunActions run={run} source={source} />
      </div>
      {failure !== null && (
        <p className="problem boxed" role="alert">
          The run failed. {LabError.describe(failure)}
        </p>
      )}
      <RunPulse run={run} />
      {(record.steps.length > 0 || record.epochs.length > 0) && (
        <div className="pair charts">
          <LossChart steps={record.steps} />
          <DevelChart epochs={record.epochs} />
        </div>
      )}
      {record.snapshots.length > 0 && (
        <>
          <RunScores record={record} />
          <section aria-labelledby="snapshots-title">
            <h2 id="snapshots-title">Snapshots</h2>
            <SnapshotTable record={record} />
          </section>
        </>
      )}
      <RunInputs record={record} software={source?.file.software ?? null} />
    </>
  );
}
