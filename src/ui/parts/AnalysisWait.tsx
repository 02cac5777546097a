// Replaces an analysis that is in progress, has failed, or lacks predictions.
import { useState, type ReactNode } from 'react';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { LabError } from '../../util/labError.ts';
import type { PredictionState } from '../../wire/analysisProtocol.ts';
import { format } from '../shared/format.ts';
import type { AnalysisRoute } from '../shared/route.ts';
import { useAnalysis, type Analysed } from '../shared/useAnalysis.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { Button } from './Button.tsx';
import { Meter } from './Meter.tsx';

interface AnalysisWaitProps {
  readonly state: Exclude<Analysed<unknown>, { readonly status: 'ready' }>;
  /** What is being done, as a sentence without its full stop. */
  readonly doing: string;
}

export function AnalysisWait({ state, doing }: AnalysisWaitProps) {
  if (state.status === 'failed') {
    return (
      <p className="problem boxed" role="alert">
        {LabError.describe(state.error)}
      </p>
    );
  }
  return (
    <div className="analysis-wait" role="status">
      <span className="soft">{doing}.</span>
      <Meter label={doing} done={state.done} total={state.of} />
    </div>
  );
}

/** Says why there are no predictions to analyse, and how to get some. */
export function NoSnapshot({ route }: { readonly route: AnalysisRoute }) {
  const isImported = useLab(({ results }) =>
    results.some(({ file }) => file.runs.some(({ spec }) => spec.id === route.run)),
  );
  if (isImported) {
    return (
      <p className="soft">
        This run was imported with a result file, which contains its scores but no snapshots or predictions.{' '}
        <a href="#/">Train it here</a> to see its mentions.
      </p>
    );
  }
  return (
    <p className="soft">
      {route.run === null
        ? 'No run on this task has a snapshot yet. '
        : 'The run in this address is not in the library, or has no snapshot on this task. '}
      <a href="#/">Train one</a> to see what it predicts.
    </p>
  );
}

interface PredictOfferProps {
  readonly lacking: readonly PredictionRequest[];
  /** Called whatever became of it: what was stored before a failure or a cancellation stays. */
  readonly onEnd: () => void;
  /** What is not stored yet, in words. */
  readonly children: ReactNode;
}

/** Offers to make predictions that are not stored yet. */
export function PredictOffer({ lacking, onEnd, children }: PredictOfferProps) {
  const lab = useLabActions();
  const predict = async () => {
    try {
      await lab.keepPredictions(lacking);
    } finally {
      onEnd();
    }
  };
  return (
    <DeviceOffer label="Predict now" onAct={predict}>
      {children}
    </DeviceOffer>
  );
}

interface DeviceOfferProps {
  readonly label: string;
  readonly onAct: () => Promise<void>;
  /** What is not stored yet, in words. */
  readonly children: ReactNode;
}

/** Offers work on the device, whose outcome is stored; while a run trains, the device would refuse it. */
export function DeviceOffer({ label, onAct, children }: DeviceOfferProps) {
  const isTraining = useLab((state) => state.activeRunId !== null);
  return (
    <div className="panel">
      <p>
        {children}
        {isTraining && ' A run is using the device: pause it first, or wait until it is done.'}
      </p>
      <div className="actions">
        <Button kind="primary" onAct={onAct} disabled={isTraining}>
          {label}
        </Button>
      </div>
    </div>
  );
}

interface PredictionGateProps {
  readonly requests: readonly PredictionRequest[];
  /** With `confidences`, each mention needs its probability; with `annotated`, each annotated mention, too. */
  readonly need: Exclude<PredictionState, 'none'>;
  /** Shown once all requested predictions are stored. */
  readonly children: ReactNode;
  /** Shown below the offer until then: what is known without predictions. */
  readonly meanwhile?: ReactNode;
}

/** Shows content that needs stored predictions; if they are missing, says so and offers to make them. */
export function PredictionGate({ requests, need, children, meanwhile }: PredictionGateProps) {
  const [version, setVersion] = useState(0);
  const areHere = useLab(({ runs }) =>
    requests.every(({ runId }) => runs.some(({ record }) => record.spec.id === runId)),
  );
  const stored = useAnalysis('predictionStates', areHere ? requests : null, version);
  if (!areHere) {
    return (
      <p className="soft">
        A run imported with a result file has scores, but no snapshots: its predictions are not available.
      </p>
    );
  }
  if (stored.status !== 'ready') return <AnalysisWait state={stored} doing="Looking up stored predictions" />;
  const lacking = requests.filter((_, index) => !suffices(stored.answer[index] ?? 'none', need));
  if (lacking.length === 0) return children;
  return (
    <>
      <PredictOffer lacking={lacking} onEnd={() => setVersion((current) => current + 1)}>
        {need === 'mentions' ? 'The predictions of ' : 'The confidences of '}
        {lacking.length === 1
          ? `the snapshot of epoch ${lacking[0]?.epoch ?? ''}`
          : format.counted(lacking.length, 'snapshot')}{' '}
        are not stored yet. Predicting uses the device, like training, and can be cancelled; predictions are saved with
        the run.
      </PredictOffer>
      {meanwhile}
    </>
  );
}

const STATES: readonly PredictionState[] = ['none', 'mentions', 'confidences', 'annotated'];

/** Each state has what those before it have. */
function suffices(stored: PredictionState, need: PredictionGateProps['need']): boolean {
  return STATES.indexOf(stored) >= STATES.indexOf(need);
}
