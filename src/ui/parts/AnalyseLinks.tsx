// Links a task, or a run's score on it, to the analyses that explain it.
import { Fragment } from 'react';
import type { TaskRef } from '../../schema/runRecord.ts';
import { ANALYSIS_VIEWS, NOTHING_CHOSEN, routeHref, type AnalysisView } from '../shared/route.ts';
import { useLab } from '../shared/useLab.ts';

/** Names of the analyses. */
export const viewNames: Readonly<Record<AnalysisView, string>> = {
  sets: 'Entity sets',
  labels: 'Labels',
  leaks: 'Leaks',
  breakdown: 'Breakdown',
  errors: 'Errors',
  confidence: 'Confidence',
};

interface AnalyseLinksProps {
  readonly task: TaskRef;
  /** Null for the task itself. */
  readonly runId: string | null;
}

/** Shows the links; nothing if the task's corpus or the run is not in this library. */
export function AnalyseLinks({ task, runId }: AnalyseLinksProps) {
  const corpus = useLab(({ corpora }) => corpora.find(({ fingerprint }) => fingerprint === task.corpus.fingerprint));
  const isHere = useLab(({ runs }) => runId === null || runs.some(({ record }) => record.spec.id === runId));
  if (corpus === undefined || !isHere) return null;
  const place = { ...NOTHING_CHOSEN, corpus: corpus.id, type: task.type, run: runId };
  return (
    <p>
      {runId === null ? 'Analyse this task: ' : 'Analyse this score: '}
      {ANALYSIS_VIEWS.map((view, index) => (
        <Fragment key={view}>
          {index > 0 && ' · '}
          <a href={routeHref({ page: 'analyse', ...place, view })}>{viewNames[view]}</a>
        </Fragment>
      ))}
    </p>
  );
}
