// What is shown in place of an analysis that is still worked on, or that failed.
import { useState, type ReactNode } from 'react';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { LabError } from '../../util/labError.ts';
import type { PredictionState } from '../../wire/analysisProtocol.ts';
import { format } from '../shared/format.ts';
import type { AnalysisRoute } from '../shared/route.ts';
import { useAnalysis, type Analysed } from '../shared/useAnalysis.ts';
import { useLab } from '../shared/useLab.ts';
import { Button } from './Button.tsx';
import { Meter } from './Meter.tsx';

interface AnalysisWaitProps {
  readonly state: Exclude<Analysed<unknown>, { readonly status: 'ready' }>;
  /** What is done meanwhile, as a sentence without its stop. */
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

/** Says why there are no predictions to analyse, and what makes some. */
export function NoSnapshot({ route }: { readonly route: AnalysisRoute }) {
  const { state } = useLab();
  const isImported = state.results.some(({ file }) => file.runs.some(({ spec }) => spec.id === route.run));
  if (isImported) {
    return (
      <p className="soft">
        This run came with a result file: its scores are here, its snapshots are not, so what it predicts cannot be
        looked at. <a href="#/">Train it here</a> to see its mentions.
      </p>
    );
  }
  return (
    <p className="soft">
      {route.run === null
        ? 'No run of this lab on this task has a snapshot yet. '
        : 'The run that this address names is not here, or has no snapshot on this task. '}
      <a href="#/">Train one</a> to see what it predicts.
    </p>
  );
}

interface PredictionGateProps {
  readonly requests: readonly PredictionRequest[];
  /** With `confidences` each mention has to come with its probability. */
  readonly need: 'mentions' | 'confidences';
  /** Shown once all that is requested is stored. */
  readonly children: ReactNode;
  /** Shown beneath the offer until then: what can be said without predictions. */
  readonly meanwhile?: ReactNode;
}

/** Lets through to what needs stored predictions; where they are missing it says so and offers to make them. */
export function PredictionGate({ requests, need, children, meanwhile }: PredictionGateProps) {
  const { lab, state } = useLab();
  const [version, setVersion] = useState(0);
  const isHere = ({ runId }: PredictionRequest) => state.runs.some(({ record }) => record.spec.id === runId);
  const areHere = requests.every(isHere);
  const stored = useAnalysis('predictionStates', areHere ? requests : null, version);
  if (!areHere) {
    return (
      <p className="soft">
        A run that came with a result file has scores here, but no snapshots: what it predicts cannot be looked at.
      </p>
    );
  }
  if (stored.status !== 'ready') return <AnalysisWait state={stored} doing="Looking for stored predictions" />;
  const lacking = requests.filter((_, index) => !suffices(stored.answer[index] ?? 'none', need));
  if (lacking.length === 0) return children;
  const predict = async () => {
    try {
      await lab.keepPredictions(lacking);
    } finally {
      // What was stored before a failure or the end by hand stays.
      setVersion((current) => current + 1);
    }
  };
  return (
    <>
      <div className="panel">
        <p>
          {need === 'mentions' ? 'What ' : 'How certain '}
          {lacking.length === 1
            ? `the snapshot of epoch ${lacking[0]?.epoch ?? ''} ${need === 'mentions' ? 'predicts' : 'is of its mentions'}`
            : `${format.counted(lacking.length, 'snapshot')} ${need === 'mentions' ? 'predict' : 'are of their mentions'}`}{' '}
          is not stored yet. Predicting uses the device, as training does, and can be cancelled; what is predicted stays
          with the run.
          {state.activeRunId !== null && ' A run is on the device now: pause it first, or wait for its end.'}
        </p>
        <div className="actions">
          <Button kind="primary" onAct={predict}>
            Predict now
          </Button>
        </div>
      </div>
      {meanwhile}
    </>
  );
}

function suffices(stored: PredictionState, need: PredictionGateProps['need']): boolean {
  return stored === 'confidences' || (stored === 'mentions' && need === 'mentions');
}
