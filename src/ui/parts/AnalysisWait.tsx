// Provides a component with an answer of the analysis worker, and replaces it while it is in progress, has failed, or lacks predictions.
import { startTransition, useEffect, useState, type ReactNode } from 'react';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { LabError, type LabErrorData } from '../../util/labError.ts';
import type { AnalysisAnswer, AnalysisName, AnalysisQuery, PredictionState } from '../../wire/analysisProtocol.ts';
import { format } from '../shared/format.ts';
import type { AnalysisRoute } from '../shared/route.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { Button, Meter } from './Button.tsx';

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

// Provides a component with an answer of the analysis worker: requested when the query changes, cancelled when no longer needed.

export type Analysed<Answer> =
  /** `last` is the answer to the previous query, which may stay on the page. */
  | { readonly status: 'working'; readonly done: number; readonly of: number; readonly last: Answer | null }
  | { readonly status: 'ready'; readonly answer: Answer }
  | { readonly status: 'failed'; readonly error: LabErrorData };

interface KeyedAnswer<Answer> {
  readonly key: string;
  readonly state: Analysed<Answer>;
}

/**
 * Requests an analysis; queries are equal if their JSON is. With `query` null it sends no request, and the status stays `working` with a total of 0.
 * Another `version` repeats the request, as when stored data has changed.
 */
export function useAnalysis<Name extends AnalysisName>(
  name: Name,
  query: AnalysisQuery<Name> | null,
  version = 0,
): Analysed<AnalysisAnswer<Name>> {
  const lab = useLabActions();
  const key = JSON.stringify([name, query, version]);
  const [existing, setLast] = useState<KeyedAnswer<AnalysisAnswer<Name>> | null>(null);
  useEffect(() => {
    const [, asked] = JSON.parse(key) as [Name, AnalysisQuery<Name> | null, number];
    if (asked === null) return;
    let isWanted = true;
    const show = (state: (last: AnalysisAnswer<Name> | null) => Analysed<AnalysisAnswer<Name>>): void => {
      // A transition, so that the page stays responsive while the answer is drawn.
      if (isWanted)
        startTransition(() => setLast((before) => ({ key, state: state(before && shownAnswer(before.state)) })));
    };
    const { answer, cancel } = lab.analyse(name, asked, ({ done, of }) =>
      show((last) => ({ status: 'working', done, of, last })),
    );
    answer.then(
      (found) => found !== null && show(() => ({ status: 'ready', answer: found })),
      (error: unknown) => show(() => ({ status: 'failed', error: LabError.toData(error) })),
    );
    return () => {
      isWanted = false;
      cancel();
    };
  }, [lab, name, key]);
  if (existing?.key === key) return existing.state;
  return { status: 'working', done: 0, of: 0, last: existing && shownAnswer(existing.state) };
}

/** Returns the answer to show: the present one, or the previous one while another is in progress. */
export function shownAnswer<Answer>(state: Analysed<Answer>): Answer | null {
  if (state.status === 'failed') return null;
  return state.status === 'ready' ? state.answer : state.last;
}
