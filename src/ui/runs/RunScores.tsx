// Shows the progress of a run, then its scores: of the selected snapshot with its errors and interval, and the mean over the saved ones.
import { useId, useMemo, useState } from 'react';
import type { Split } from '../../data/corpus/corpus.ts';
import type { RunView } from '../../lab/state/labState.ts';
import { restingRunView } from '../../lab/state/runViews.ts';
import type { PackedCounts } from '../../metrics/scores/packedCounts.ts';
import type { EntityScores, Spread } from '../../metrics/scores/spanScore.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import type { TrainingPhase } from '../../wire/trainingProtocol.ts';
import { AnalysisWait, useAnalysis } from '../parts/AnalysisWait.tsx';
import { Button, Meter } from '../parts/Button.tsx';
import { ScoreTable } from '../parts/ScoreTable.tsx';
import { type Fact, Facts, NumberTable, TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { useModelMemory } from '../shared/memoryEstimates.ts';
import {
  bestEpoch,
  meanF1,
  runProgress,
  scoreOf,
  selectedSnapshot,
  snapshotSpread,
  STATUS_WORDS,
  taskRefName,
} from '../shared/runName.ts';
import { useLab, useRunView } from '../shared/useLab.ts';

type ScoredSplit = Exclude<Split, 'train'>;

interface RunScoresProps {
  readonly record: RunRecord;
  /** Index of the task in the run. */
  readonly task: number;
  /** The task's name where the run has several; null for the only one. */
  readonly name: string | null;
}

export function RunScores({ record, task, name }: RunScoresProps) {
  const titleId = useId();
  const selected = selectedSnapshot(record);
  const split: ScoredSplit = record.snapshots.some((snapshot) => snapshot.test[task] != null) ? 'test' : 'devel';
  const scores = selected?.[split][task] ?? null;
  if (selected === null || scores === null) return null;
  const of = name === null ? '' : ` of ${name}`;
  const types = typesOf([scores.lenient, scores.strict]);
  return (
    <section aria-labelledby={titleId}>
      <h2 id={titleId}>
        {split === 'test' ? 'Test scores' : 'Devel scores'}
        {of}
      </h2>
      {split === 'devel' && <p className="soft">The corpus has no test split.</p>}
      <ScoreTable
        label={`${split === 'test' ? 'Test' : 'Devel'} scores of the selected snapshot${name === null ? '' : `, ${name}`}`}
        types={types}
        countsOf={(type) => scoreOf(scores.lenient, type)}
        cell={(reading, type, measure) => format.percent(scoreOf(scores[reading], type)?.[measure])}
      />
      <p className="soft">
        Snapshot of epoch {selected.epoch}, {selectionText(record)}. {format.count(scores.sentences)} sentences,{' '}
        {format.count(scores.tokens)} tokens, token accuracy {format.percent(scores.accuracy)} %. The strict reading
        discards mentions that violate the tag scheme: {format.count(scores.discarded)} here.
      </p>
      {record.snapshots.length > 1 && (
        <>
          <h3>Mean ± standard deviation over the last {record.snapshots.length} snapshots</h3>
          <ScoreTable
            label={`Mean over ${record.snapshots.length} snapshots${name === null ? '' : `, ${name}`}`}
            types={types}
            cell={(reading, type, measure) =>
              spreadText(snapshotSpread(record.snapshots, { task, split, reading, type, measure }))
            }
          />
        </>
      )}
    </section>
  );
}

function typesOf(readings: readonly EntityScores[]): readonly string[] {
  return [...new Set(readings.flatMap(({ perType }) => Object.keys(perType)))].sort();
}

function selectionText(record: RunRecord): string {
  const chosenOnDevel = record.snapshots.some(({ devel }) => devel.some((scores) => scores !== null));
  const mean = record.spec.tasks.length > 1 ? ', the mean over the tasks' : '';
  return chosenOnDevel ? `the one with the highest devel F1${mean}` : 'the last one, as there is no devel score';
}

function spreadText(value: Spread | null): string {
  if (value === null) return '–';
  return value.deviation === null
    ? format.percent(value.mean)
    : `${format.percent(value.mean)} ± ${value.deviation.toFixed(2)}`;
}

const labelOf = (form: ModelForm, epoch: number): string =>
  form === 'PEFT' ? `Adapters for PEFT, epoch ${epoch}` : `Model in ${form}, epoch ${epoch}`;

const SCORES = ['Devel F1', 'Test precision', 'Test recall', 'Test F1', 'Test F1, strict'] as const;

interface SnapshotTableProps {
  readonly record: RunRecord;
  /** Index of the task in the run. */
  readonly task: number;
  readonly label: string;
  /** Saves the test predictions of a snapshot; null if the snapshots are not in this browser. */
  readonly onPredictions: ((epoch: number) => Promise<void>) | null;
  /** Saves a snapshot as a model; null if the snapshots are not in this browser, or another task's table offers it. */
  readonly onModel: ((epoch: number, form: ModelForm) => Promise<void>) | null;
}

/** The whole model in one of two precisions, or the adapters alone. */
export type ModelForm = 'F32' | 'F16' | 'PEFT';

/** Lists the saved snapshots of a run with their devel and test scores. */
export function SnapshotTable({ record, task, label, onPredictions, onModel }: SnapshotTableProps) {
  const isAdapted = record.spec.config.adapters !== undefined;
  const forms: readonly ModelForm[] = isAdapted ? ['F32', 'F16', 'PEFT'] : ['F32', 'F16'];
  return (
    <TableBox label={label}>
      <thead>
        <tr>
          <th scope="col">Epoch</th>
          {SCORES.map((name) => (
            <th key={name} scope="col" className="number">
              {name}
            </th>
          ))}
          <th scope="col">Selected</th>
          {onPredictions !== null && <th scope="col">Predictions</th>}
          {onModel !== null && <th scope="col">Download model</th>}
        </tr>
      </thead>
      <tbody>
        {record.snapshots.map(({ epoch, devel, test }) => (
          <tr key={epoch} className={epoch === record.selectedEpoch ? 'chosen' : undefined}>
            <th scope="row">{epoch}</th>
            <td className="number">{format.percent(devel[task]?.lenient.overall.f1)}</td>
            <td className="number">{format.percent(test[task]?.lenient.overall.precision)}</td>
            <td className="number">{format.percent(test[task]?.lenient.overall.recall)}</td>
            <td className="number">{format.percent(test[task]?.lenient.overall.f1)}</td>
            <td className="number">{format.percent(test[task]?.strict.overall.f1)}</td>
            <td>{epoch === record.selectedEpoch ? 'selected' : ''}</td>
            {onPredictions !== null && (
              <td>
                <Button onAct={() => onPredictions(epoch)} label={`Save predictions, epoch ${epoch}`}>
                  Save
                </Button>
              </td>
            )}
            {onModel !== null && (
              <td>
                <div className="actions">
                  {forms.map((form) => (
                    <Button key={form} onAct={() => onModel(epoch, form)} label={labelOf(form, epoch)}>
                      {form}
                    </Button>
                  ))}
                </div>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}

// Sums up the errors of a run's selected snapshot on test, with the interval of its F1: from the record alone, so also for imported runs.

const COLUMNS = ['Sentences', 'Without error', 'Missed', 'Spurious', 'F1', '95 % interval'];

/** Nothing for a run that is not finished; why there are no totals for one of an earlier version. */
export function SentenceTotals({ record }: { readonly record: RunRecord }) {
  const { spec, snapshots, selectedEpoch } = record;
  const selected = snapshots.find(({ epoch }) => epoch === selectedEpoch);
  if (selected === undefined || selected.test.every((scores) => scores === null)) return null;
  const known = spec.tasks.flatMap((task, index) => {
    const counts = selected.testCounts?.[index] ?? null;
    return counts === null ? [] : [{ name: taskRefName(task), counts }];
  });
  return (
    <section aria-labelledby="totals-title">
      <h2 id="totals-title">Errors on test</h2>
      {known.length === 0 ? (
        <p className="soft">
          This run has scores, but no counts of its sentences: it was trained by an earlier version of the lab. Its
          errors cannot be summed up from here, nor its differences tested.
        </p>
      ) : (
        <Totals key={spec.id} known={known} />
      )}
    </section>
  );
}

interface TotalsProps {
  readonly known: readonly { readonly name: string; readonly counts: PackedCounts }[];
}

function Totals({ known }: TotalsProps) {
  const [isAsked, setAsked] = useState(false);
  const found = useAnalysis('errorTotals', isAsked ? known.map(({ counts }) => counts) : null);
  if (!isAsked) {
    return (
      <div className="actions">
        <Button onAct={() => setAsked(true)}>Sum up errors</Button>
      </div>
    );
  }
  if (found.status !== 'ready')
    return <AnalysisWait state={found} doing="Summing up errors and resampling sentences" />;
  return (
    <>
      <NumberTable
        label="Errors on test"
        columns={['Task', ...COLUMNS]}
        rows={found.answer.map(({ sentences, withoutError, missed, spurious, f1 }, index) => ({
          key: index,
          head: known[index]?.name,
          numbers: [
            ...[sentences, withoutError, missed, spurious].map(format.count),
            format.percent(f1.mean),
            <span className="nowrap">
              {format.percent(f1.low)} to {format.percent(f1.high)}
            </span>,
          ],
        }))}
      />
      <p className="soft share-totals">
        Missed: annotated mentions that were not found with exact boundaries and type. Spurious: what was marked and is
        no such mention. The interval is a bootstrap over sentences.
      </p>
    </>
  );
}

// Shows the progress of a run: phase, steps, loss, speed, memory.

const PHASE_WORDS: Readonly<Record<TrainingPhase, string>> = {
  loading: 'Loading the model',
  comparing: 'Searching the training text for test sentences',
  encoding: 'Encoding sentences',
  tuning: 'Finding the fastest matrix product kernels for this GPU',
  compiling: 'Compiling kernels for this GPU',
  training: 'Training',
  evaluating: 'Evaluating',
  saving: 'Saving a checkpoint',
};

export interface FollowedRunProps {
  /** Where the run is imported, all that is known of it. */
  readonly stored: RunRecord;
  /** Whether it is a run of this lab, which is followed step by step. */
  readonly own: boolean;
}

/** The run with every step: who calls this is rendered for each. */
export function useFollowedRun({ stored, own }: FollowedRunProps): RunView {
  return useRunView(own ? stored.spec.id : null) ?? restingRunView(stored);
}

export function RunProgress(props: FollowedRunProps) {
  const run = useFollowedRun(props);
  const isStarting = useLab((state) => state.backend.status === 'starting');
  const { record, live } = run;
  const { model, config } = record.spec;
  const isLive = live !== null;
  const request = useMemo(
    () => (isLive ? { model: { id: model.id }, config, pieces: config.maxPieces } : null),
    [isLive, model.id, config],
  );
  const estimate = useModelMemory(request);
  return (
    <section aria-label="Progress" className="pulse">
      {/* Read out by screen readers on changes: phases and epochs, not every step. */}
      <p className="visually-hidden" aria-live="polite">
        {spokenStatus(run)}
      </p>
      <div className="pulse-bar">
        <Meter label="Run progress" done={runProgress(record)} total={1} />
        <span className="number">{format.share(runProgress(record))}</span>
      </div>
      {live !== null && (
        <p className="phase">
          {isStarting ? 'Restarting the backend' : PHASE_WORDS[live.phase]}
          {live.of > 0 && (
            <span className="faint">
              {' '}
              {format.count(live.done)} of {format.count(live.of)}
            </span>
          )}
        </p>
      )}
      <Facts facts={[...lastingFacts(run), ...liveFacts(run, estimate)]} />
    </section>
  );
}

function lastingFacts({ record }: RunView): readonly Fact[] {
  const last = record.steps.at(-1);
  const best = bestEpoch(record);
  return [
    ['Step', record.totalSteps === 0 ? '–' : `${format.count(record.step)} of ${format.count(record.totalSteps)}`],
    ['Epoch', `${record.epochs.length} of ${record.spec.config.epochs}`],
    ['Loss', format.quantity(last?.loss)],
    ['Learning rate', format.rate(last?.learningRate)],
    ['Gradient norm', format.quantity(last?.gradientNorm)],
    ['Best devel F1', best === null ? '–' : `${format.percent(best.f1)} (epoch ${best.point.epoch})`],
    ['Elapsed', format.duration(record.elapsedMs)],
  ];
}

function liveFacts({ live }: RunView, estimate: ReturnType<typeof useModelMemory>): readonly Fact[] {
  if (live === null) return [];
  const { memory } = live;
  return [
    ['Remaining', format.duration(live.remainingMs)],
    ['Tokens per second', live.tokensPerSecond === null ? '–' : format.count(live.tokensPerSecond)],
    ['Live tensors', memory === null ? '–' : format.count(memory.liveTensors)],
    ['Tensor memory', memory === null ? '–' : format.bytes(memory.tensorBytes)],
    ['GPU memory', memory === null ? '–' : memory.gpuBytes === null ? 'none' : format.bytes(memory.gpuBytes)],
    // For the longest sequences; shown beside the memory that batches have used so far.
    ...(estimate === null || estimate === 'unknown'
      ? []
      : 'plainNetwork' in estimate
        ? [['Engine', `not used: ${estimate.plainNetwork}`] as const]
        : [
            [
              estimate.onProcessor === true ? 'Estimated memory' : 'Estimated GPU memory',
              `up to ${format.bytes(estimate.bytes)}`,
            ] as const,
          ]),
  ];
}

function spokenStatus({ record, live }: RunView): string {
  const epochs = record.epochs.length;
  const f1 = meanF1(record.epochs.at(-1)?.devel ?? []);
  const scores = epochs === 0 || f1 === null ? '' : ` Epoch ${epochs}: devel F1 ${format.percent(f1)}.`;
  return `${STATUS_WORDS[record.status]}.${live === null ? '' : ` ${PHASE_WORDS[live.phase]}.`}${scores}`;
}
