// Says why there are no predictions to analyse, and what makes some.
import type { AnalysisPlace } from '../route.ts';
import { useLab } from '../useLab.ts';

export function NoSnapshot({ place }: { readonly place: AnalysisPlace }) {
  const { state } = useLab();
  const isImported = state.results.some(({ file }) => file.runs.some(({ spec }) => spec.id === place.run));
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
      {place.run === null
        ? 'No run of this lab on this task has a snapshot yet. '
        : 'The run that this address names is not here, or has no snapshot on this task. '}
      <a href="#/">Train one</a> to see what it predicts.
    </p>
  );
}
