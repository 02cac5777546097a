// Shows the progress of a run: phase, steps, loss, speed, memory.
import { useMemo } from 'react';
import type { RunView } from '../../lab/state/labState.ts';
import { restingRunView } from '../../lab/state/runViews.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import type { TrainingPhase } from '../../wire/trainingEvent.ts';
import { Facts, type Fact } from '../parts/Facts.tsx';
import { Meter } from '../parts/Meter.tsx';
import { format } from '../shared/format.ts';
import { useModelMemory } from '../shared/memoryEstimates.ts';
import { bestEpoch, runProgress, STATUS_WORDS } from '../shared/runName.ts';
import { meanF1 } from '../shared/selectedSnapshot.ts';
import { useLab, useRunView } from '../shared/useLab.ts';

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
