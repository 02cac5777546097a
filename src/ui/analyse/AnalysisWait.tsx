// What is shown in place of an analysis that is still worked on, or that failed.
import { LabError } from '../../util/labError.ts';
import { Meter } from '../components/Meter.tsx';
import type { Analysed } from '../useAnalysis.ts';

export interface AnalysisWaitProps {
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
      <Meter label={doing} done={state.done} total={state.total} />
    </div>
  );
}
