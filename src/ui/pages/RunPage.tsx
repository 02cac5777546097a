// One run: its curves and pulse while it trains, its scores when it is done.
import { useId, useState } from 'react';
import { LabError } from '../../util/labError.ts';
import type { ImportedResult, PredictionFormat, RunView } from '../../lab/labState.ts';
import { DevelChart } from '../charts/DevelChart.tsx';
import { LossChart } from '../charts/LossChart.tsx';
import { AnalyseLinks } from '../components/AnalyseLinks.tsx';
import { AwakeSwitch } from '../components/AwakeSwitch.tsx';
import { FormatSelect, predictionFormats } from '../components/FormatSelect.tsx';
import { NeedsRoom } from '../components/NeedsRoom.tsx';
import { RunActions } from '../components/RunActions.tsx';
import { RunInputs } from '../components/RunInputs.tsx';
import { RunInterruptions } from '../components/RunInterruptions.tsx';
import { RunLeaks } from '../components/RunLeaks.tsx';
import { RunPulse } from '../components/RunPulse.tsx';
import { RunScores } from '../components/RunScores.tsx';
import { SnapshotTable } from '../components/SnapshotTable.tsx';
import { StatusMark } from '../components/StatusMark.tsx';
import type { RunRecord } from '../../schema/runRecord.ts';
import { methodName, runName, taskRefName } from '../runName.ts';
import { format } from '../format.ts';
import { saveTagger } from '../saveTagger.ts';
import { saveFiles } from '../saveFiles.ts';
import { useLab } from '../useLab.ts';
import { useLayers } from '../useLayers.ts';

export interface RunPageProps {
  readonly run: RunView;
  /** The result file the run was imported with; null for a run of this lab. */
  readonly source: ImportedResult | null;
}

export function RunPage({ run, source }: RunPageProps) {
  const { record } = run;
  const { spec, failure } = record;
  const { state } = useLab();
  const layersOf = useLayers();
  const trainsElsewhere = source === null && record.status === 'running' && state.owner === 'elsewhere';
  const several = spec.tasks.length > 1;
  return (
    <>
      <div className="title-row">
        <div>
          <p className="crumb">{source === null ? <a href="#/runs">Runs</a> : <a href="#/results">Results</a>}</p>
          <h1>{runName(spec)}</h1>
          <p className="soft">
            <StatusMark status={record.status} detail={trainsElsewhere ? 'in another tab' : undefined} /> ·{' '}
            {methodName(spec, layersOf(spec.model.id))} · {spec.model.name} · seed {spec.seed}
            {source !== null && ` · from ${source.fileName}, read only`}
          </p>
        </div>
        <RunActions run={run} source={source} />
      </div>
      {failure !== null && state.needsRoom !== spec.id && (
        <p className="problem boxed" role="alert">
          The run {record.status === 'paused' ? 'is paused' : 'failed'}. {LabError.describe(failure)}
        </p>
      )}
      {source === null && state.needsRoom === spec.id && <NeedsRoom />}
      <RunPulse run={run} />
      {source === null && record.status !== 'finished' && <AwakeSwitch />}
      {(record.steps.length > 0 || record.epochs.length > 0) && (
        <div className="pair charts">
          <LossChart steps={record.steps} />
          {spec.tasks.map((task, place) => (
            <DevelChart
              key={place}
              epochs={record.epochs}
              task={place}
              {...(several ? { caption: `Devel scores by epoch, ${taskRefName(task)}` } : {})}
            />
          ))}
        </div>
      )}
      {record.snapshots.length > 0 &&
        spec.tasks.map((task, place) => (
          <TaskScores
            key={place}
            record={record}
            task={place}
            name={several ? taskRefName(task) : null}
            own={source === null}
          />
        ))}
      <RunInterruptions record={record} />
      <RunLeaks record={record} />
      <RunInputs record={record} software={source?.file.software ?? null} />
    </>
  );
}

interface TaskScoresProps {
  readonly record: RunRecord;
  readonly task: number;
  readonly name: string | null;
  /** Whether its snapshots are here. */
  readonly own: boolean;
}

function TaskScores({ record, task, name, own }: TaskScoresProps) {
  const { lab } = useLab();
  const { spec, snapshots } = record;
  const split = snapshots.some(({ test }) => test[task] != null) ? 'test' : 'devel';
  const [savedAs, setSavedAs] = useState<PredictionFormat>('rows');
  const savePredictions = async (epoch: number) => {
    const files = await lab.predictions({ runId: spec.id, epoch, split, task }, savedAs);
    if (files === null) return;
    const parts = [runName(spec), ...(name === null ? [] : [name]), methodName(spec), `seed${spec.seed}`];
    saveFiles(`${format.fileName(...parts)}.epoch${epoch}.${split}`, files);
  };
  const saveModel = (epoch: number, precision: 'F32' | 'F16') => {
    const folder = format.fileName(runName(spec), methodName(spec), `seed${spec.seed}`, `epoch${epoch}`);
    return saveTagger(lab, { tagger: { kind: 'snapshot', runId: spec.id, epoch }, precision }, folder);
  };
  const taskRef = spec.tasks[task];
  const titleId = useId();
  const label = name === null ? 'Snapshots' : `Snapshots, ${name}`;
  return (
    <>
      <RunScores record={record} task={task} name={name} />
      {taskRef !== undefined && <AnalyseLinks task={taskRef} runId={spec.id} />}
      <section aria-labelledby={titleId}>
        <h2 id={titleId}>{label}</h2>
        <SnapshotTable
          record={record}
          task={task}
          label={label}
          onPredictions={own ? savePredictions : null}
          onModel={own && task === 0 ? saveModel : null}
        />
        {own && (
          <>
            <div className="actions">
              <FormatSelect
                label="Save predictions as"
                formats={predictionFormats}
                value={savedAs}
                onChange={setSavedAs}
              />
            </div>
            <p className="soft">
              Predictions on {split} are made anew from the snapshot:{' '}
              {savedAs === 'rows'
                ? 'a token, its gold tag and the predicted tag in each row, as conlleval reads them.'
                : 'the text with the predicted mentions, each with its probability where the format has a place for it.'}
            </p>
          </>
        )}
        {own && task === 0 && (
          <p className="soft">
            A model is a zip of a folder that Hugging Face transformers opens in Python, with <code>tag.py</code> beside
            it that decodes its tags; dropped here it is a model again. F16 takes half of the room and rounds.
          </p>
        )}
      </section>
    </>
  );
}
