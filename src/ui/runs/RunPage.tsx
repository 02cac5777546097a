// Shows one run: its curves and progress while it trains, its scores when it is done, and its exports.
import { useId, useState } from 'react';
import { factsOf } from '../../data/pieces/encoderFacts.ts';
import type { ImportedResult, PredictionFormat } from '../../lab/state/labState.ts';
import { taggerKey } from '../../lab/tagging/offeredTaggers.ts';
import { droppedText } from '../../metrics/racing/raceWords.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { ONNX_PRECISIONS, type OnnxPrecision } from '../../schema/taggerFiles.ts';
import { LabError } from '../../util/labError.ts';
import { DevelChart, LossChart } from '../charts/RunCharts.tsx';
import { AwakeSwitch } from '../parts/BackendPanel.tsx';
import { Button, RemoveButton } from '../parts/Button.tsx';
import { DescribeActions, DescriptionText } from '../parts/Description.tsx';
import { FormatSelect, predictionFormats } from '../parts/FormatSelect.tsx';
import { AnalyseLinks, SampleRemark } from '../parts/ScoreTable.tsx';
import { StorageFull } from '../parts/StorageTable.tsx';
import { resultAddress } from '../share/OpenPage.tsx';
import { ShareFold } from '../share/ShareForm.tsx';
import { format } from '../shared/format.ts';
import { useLayers } from '../shared/memoryEstimates.ts';
import { goTo, routeHref } from '../shared/route.ts';
import { methodName, runName, taskRefName, useDescriptions } from '../shared/runName.ts';
import { downloadJson, saveFiles, saveTagger } from '../shared/saveFile.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { StatusMark } from './ListFilter.tsx';
import { RunInputs, RunInterruptions, RunLeaks } from './RunInputs.tsx';
import {
  RunProgress,
  RunScores,
  SentenceTotals,
  SnapshotTable,
  useFollowedRun,
  type FollowedRunProps,
  type ModelForm,
} from './RunScores.tsx';

interface RunActionsProps {
  readonly record: RunRecord;
  /** The result file of an imported run, which can only be re-exported. */
  readonly source: ImportedResult | null;
}

/** Shows the actions possible for a run in its present state. */
function RunActions({ record, source }: RunActionsProps) {
  const lab = useLabActions();
  const { spec, status } = record;
  const mend = mendOf(record);
  const own = source === null;
  const disabled = useLab((state) => state.owner === 'elsewhere');
  const layersOf = useLayers();
  const fileName = format.fileName(runName(spec), methodName(spec, layersOf(spec.model.id)), `seed${spec.seed}`);
  const exportResult = async () => {
    // A run of an earlier version gets its counts now, where its predictions are stored.
    if (own && !disabled) await lab.countSentences([spec.id]);
    downloadJson(`${fileName}.result.json`, lab.exportResult([spec.id]));
  };
  const remove = async () => {
    await lab.removeRun(spec.id);
    goTo({ page: 'experiments' });
  };
  return (
    <div className="actions" role="group" aria-label="Run">
      {own && status === 'running' && (
        <Button disabled={disabled} onAct={() => lab.pauseRun(spec.id)}>
          Pause
        </Button>
      )}
      {own && (status === 'paused' || status === 'stopped' || (status === 'failed' && !isRetrained(record))) && (
        <Button kind="strong" disabled={disabled} onAct={() => lab.resumeRun(spec.id)}>
          Resume
        </Button>
      )}
      {own && mend !== null && (
        <Button
          kind={status === 'finished' ? 'plain' : 'strong'}
          disabled={disabled}
          onAct={async () => void (await lab.mendRun(spec.id))}
        >
          {mend}
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
      <DescribeActions kind="runs" ids={[spec.id]} usualName={runName(spec)} />
      <Button onAct={exportResult}>Export result</Button>
      <Button onAct={() => downloadJson(`${fileName}.plan.json`, lab.exportPlan([spec.id]))}>Export plan</Button>
      {own && status !== 'running' && (
        <RemoveButton
          subject="run"
          loss={
            <p>
              The history, scores, checkpoint and {format.counted(record.snapshots.length, 'snapshot')} of{' '}
              {runName(spec)}, seed {spec.seed}, will be deleted. Export the result first to keep its scores.
            </p>
          }
          onRemove={remove}
        />
      )}
    </div>
  );
}

/** Failures that resuming meets again: only training once more from the start mends them. */
const RETRAINED: Readonly<Record<string, string>> = {
  'run/parent-damaged': 'Train the parent again',
  'checkpoint/missing': 'Train again from the start',
};

function isRetrained({ failure }: RunRecord): boolean {
  return failure !== null && Object.hasOwn(RETRAINED, failure.code);
}

/** Names what mends a run: nothing for one that is under way or can simply be resumed. */
function mendOf({ status, failure }: RunRecord): string | null {
  if (status === 'finished') return 'Check snapshots';
  return status === 'failed' ? (RETRAINED[failure?.code ?? ''] ?? null) : null;
}

/** Pages that bring damaged inputs back. */
const MENDING_PAGES: Readonly<Record<string, { readonly href: string; readonly name: string }>> = {
  'corpus/damaged': { href: '#/library/corpora', name: 'Corpora' },
  'model/damaged': { href: '#/library/models', name: 'Models' },
};

function MendingLink({ failure }: Pick<RunRecord, 'failure'>) {
  const page = MENDING_PAGES[failure?.code ?? ''];
  return page === undefined ? null : <a href={page.href}>Show {page.name}</a>;
}

interface RunPageProps {
  /** Of a run of this lab, as of its last epoch: what shows each step reads the run itself. */
  readonly record: RunRecord;
  /** The result file the run was imported with; null for a run of this lab. */
  readonly source: ImportedResult | null;
}

export function RunPage({ record, source }: RunPageProps) {
  const { spec, failure } = record;
  const isFull = useLab((state) => state.storageFullRun === spec.id);
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const layersOf = useLayers();
  const description = useDescriptions('runs')(spec.id);
  const trainsElsewhere = source === null && record.status === 'running' && isElsewhere;
  const isBegun = useLab(({ runs }) => source === null && runs.some((run) => run.record.spec.id === spec.id && run.record.steps.length > 0)); // prettier-ignore
  const hasCurves = isBegun || record.steps.length > 0 || record.epochs.length > 0;
  const several = spec.tasks.length > 1;
  return (
    <>
      <div className="title-row">
        <div>
          <p className="crumb">
            <a href={source === null ? '#/experiments' : routeHref({ page: 'resultFile', resultId: source.id })}>
              {source === null ? 'Experiments' : source.file.plan.name}
            </a>
          </p>
          <h1>{description.name ?? runName(spec)}</h1>
          <p className="soft">Follow this training run, and see its scores, its inputs and its settings.</p>
          <p className="soft">
            <StatusMark
              status={record.status}
              detail={trainsElsewhere ? 'in another tab' : (droppedText(record) ?? undefined)}
            />{' '}
            · {methodName(spec, layersOf(spec.model.id))} · {spec.model.name} · seed {spec.seed}
            {description.name !== undefined && ` · ${runName(spec)}`}
            {source !== null && ` · from ${source.fileName}, read-only`}
          </p>
          <SampleRemark specs={[spec]} />
          <DescriptionText description={description} />
        </div>
        <RunActions record={record} source={source} />
      </div>
      {failure !== null && !isFull && (
        <p className="problem boxed" role="alert">
          The run {record.status === 'paused' ? 'is paused' : 'failed'}. {LabError.describe(failure)}{' '}
          {source === null && <MendingLink failure={failure} />}
        </p>
      )}
      {source === null && isFull && <StorageFull />}
      <RunProgress stored={record} own={source === null} />
      {record.status === 'finished' && <ShareRun record={record} source={source} />}
      {source === null && record.status !== 'finished' && <AwakeSwitch />}
      {hasCurves && (
        <div className="pair charts">
          <LossOfRun stored={record} own={source === null} />
          {spec.tasks.map((task, index) => (
            <DevelChart
              key={index}
              epochs={record.epochs}
              task={index}
              {...(several ? { caption: `Devel scores by epoch, ${taskRefName(task)}` } : {})}
            />
          ))}
        </div>
      )}
      {record.snapshots.length > 0 &&
        spec.tasks.map((task, index) => (
          <TaskScores
            key={index}
            record={record}
            task={index}
            name={several ? taskRefName(task) : null}
            own={source === null}
          />
        ))}
      <SentenceTotals record={record} />
      <RunInterruptions record={record} />
      <RunLeaks record={record} />
      <RunInputs record={record} software={source?.file.software ?? null} />
    </>
  );
}

/** Makes a page of one run. */
function ShareRun({ record: { spec }, source }: RunPageProps) {
  const lab = useLabActions();
  const isCounted = useLab((state) => source === null && state.owner === 'here');
  const fileOf = async () => {
    if (isCounted) await lab.countSentences([spec.id]);
    return lab.exportResult([spec.id]);
  };
  return <ShareFold fileOf={fileOf} linkOf={resultAddress} planName={runName(spec)} draftKey={`run/${spec.id}`} />;
}

function LossOfRun(props: FollowedRunProps) {
  return <LossChart steps={useFollowedRun(props).record.steps} />;
}

interface TaskScoresProps {
  readonly record: RunRecord;
  readonly task: number;
  readonly name: string | null;
  /** Whether its snapshots are in this browser. */
  readonly own: boolean;
}

function TaskScores({ record, task, name, own }: TaskScoresProps) {
  const lab = useLabActions();
  const { spec, snapshots } = record;
  const method = methodName(spec, useLayers()(spec.model.id));
  const family = useLab((state) => state.models.find(({ id }) => id === spec.model.id)?.family);
  const isBaseline = factsOf(family).baseline !== undefined;
  const split = snapshots.some(({ test }) => test[task] != null) ? 'test' : 'devel';
  const [savedAs, setSavedAs] = useState<PredictionFormat>('rows');
  const savePredictions = async (epoch: number) => {
    const files = await lab.predictions({ runId: spec.id, epoch, split, task }, savedAs);
    if (files === null) return;
    const parts = [runName(spec), ...(name === null ? [] : [name]), method, `seed${spec.seed}`];
    await saveFiles(`${format.fileName(...parts)}.epoch${epoch}.${split}`, files);
  };
  const folderOf = (epoch: number, ...more: readonly string[]) =>
    format.fileName(runName(spec), method, `seed${spec.seed}`, `epoch${epoch}`, ...more);
  const saveModel = (epoch: number, form: ModelForm) => {
    const isAlone = form === 'PEFT';
    const tagger = { kind: 'snapshot', runId: spec.id, epoch } as const;
    const request = isAlone ? ({ tagger, precision: 'F32', adapters: true } as const) : { tagger, precision: form };
    return saveTagger(lab, request, folderOf(epoch, ...(isAlone ? ['adapters'] : [])));
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
              Predictions on {split} are computed from the snapshot when saved:{' '}
              {savedAs === 'rows'
                ? 'each row has a token, its gold tag and the predicted tag, as conlleval expects.'
                : 'the text with the predicted mentions, each with its probability if the format supports it.'}
            </p>
          </>
        )}
        {own && task === 0 && (
          <p className="soft">
            A model is a zipped folder{' '}
            {isBaseline ? (
              'that this lab alone opens, as transformers has no such network'
            ) : (
              <>
                that Hugging Face transformers opens in Python, with a <code>tag.py</code> that decodes its tags
              </>
            )}
            ; drop it here to import it as a model. F16 halves the size and rounds the weights.
          </p>
        )}
        {own && task === 0 && <OnnxExport record={record} folderOf={folderOf} />}
      </section>
    </>
  );
}

// Saves a snapshot as an ONNX graph for onnxruntime.

const about: Readonly<Record<OnnxPrecision, string>> = {
  f32: 'The graph computes what the lab computes.',
  f16: 'Weights are rounded to 16 bits, which halves the file; the graph computes in 32.',
  int8: 'Weights take 8 bits, a quarter of the size, and products are rounded, too: a few mentions change.',
};

interface OnnxExportProps {
  readonly record: RunRecord;
  /** Names the folder of a snapshot. */
  readonly folderOf: (epoch: number) => string;
}

/** Chooses a snapshot and a precision. */
export function OnnxExport({ record: { spec, snapshots, selectedEpoch }, folderOf }: OnnxExportProps) {
  const lab = useLabActions();
  const epochs = snapshots.map(({ epoch }) => epoch);
  const [chosen, setChosen] = useState<number | null>(null);
  const [precision, setPrecision] = useState<OnnxPrecision>('f32');
  const epoch = chosen ?? selectedEpoch ?? epochs.at(-1);
  if (epoch === undefined) return null;
  const save = () =>
    saveTagger(
      lab,
      { tagger: { kind: 'snapshot', runId: spec.id, epoch }, precision: 'F32', onnx: precision },
      `${folderOf(epoch)}-onnx-${precision}`,
    );
  return (
    <>
      <div className="actions" role="group" aria-label="ONNX">
        {epochs.length > 1 && (
          <label className="inline-field">
            Snapshot of epoch{' '}
            <select value={epoch} onChange={(event) => setChosen(Number(event.target.value))}>
              {epochs.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
        )}
        <label className="inline-field">
          ONNX weights{' '}
          <select
            value={precision}
            onChange={(event) => setPrecision(ONNX_PRECISIONS.find((one) => one === event.target.value) ?? precision)}
          >
            {ONNX_PRECISIONS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <Button onAct={save} label={`Save as ONNX, epoch ${epoch}`}>
          Save as ONNX
        </Button>
      </div>
      <p className="soft">
        A zipped folder for onnxruntime in a page, in Node and in Python, with <code>tag.js</code> and{' '}
        <code>tag.py</code> that tag text with it. {about[precision]}
      </p>
    </>
  );
}
