// The analysis page: explains the scores of one task and one snapshot by entity sets, labels, leaks, a breakdown of F1, errors, and confidences.
import { useMemo } from 'react';
import { SampleRemark, viewNames } from '../parts/ScoreTable.tsx';
import { ANALYSIS_VIEWS, routeHref, type AnalysisRoute } from '../shared/route.ts';
import { shallow, useLab, useRunRecords } from '../shared/useLab.ts';
import { BreakdownPanel } from './BreakdownPanel.tsx';
import { ConfidencePanel } from './ConfidencePanel.tsx';
import { ErrorsPanel } from './ErrorsPanel.tsx';
import { LabelsPanel } from './LabelsPanel.tsx';
import { LeaksPanel } from './LeaksPanel.tsx';
import { SetsPanel } from './SetsPanel.tsx';
import { SubjectFields, subjectOf, type PanelProps } from './SubjectFields.tsx';
import './sets.css';

export function AnalysePage({ route }: { readonly route: AnalysisRoute }) {
  const library = useLab(({ corpora, assignments, categories }) => ({ corpora, assignments, categories }), shallow);
  const own = useRunRecords();
  const subject = useMemo(() => subjectOf(route, library, own), [route, library, own]);
  return (
    <>
      <h1>Analyse</h1>
      <p className="soft">
        Find out why a tagger scores as it does: entity sets, labels, leaks, breakdown, errors and confidence.
      </p>
      {subject === null ? (
        <p className="soft">
          {route.run === null && route.corpus === null
            ? 'There is no annotated corpus yet. '
            : 'The corpus or run in this address is not in the library: it was removed or belongs to another browser. '}
          <a href="#/library/corpora">Go to Library</a>
        </p>
      ) : (
        <>
          <SubjectFields subject={subject} route={route} />
          {subject.run !== null && <SampleRemark specs={[subject.run.record.spec]} />}
          <nav className="tabs views" aria-label="Analyses">
            {ANALYSIS_VIEWS.map((view) => (
              <a
                key={view}
                href={routeHref({ page: 'analyse', ...route, view, detail: null })}
                aria-current={view === route.view ? 'page' : undefined}
              >
                {viewNames[view]}
              </a>
            ))}
          </nav>
          <AnalysisPanel subject={subject} route={route} />
        </>
      )}
    </>
  );
}

/** Shows one analysis of a subject. */
export function AnalysisPanel(props: PanelProps) {
  switch (props.route.view) {
    case 'sets':
      return <SetsPanel {...props} />;
    case 'labels':
      return <LabelsPanel {...props} />;
    case 'leaks':
      return <LeaksPanel {...props} />;
    case 'breakdown':
      return <BreakdownPanel {...props} />;
    case 'errors':
      return <ErrorsPanel {...props} />;
    case 'confidence':
      return <ConfidencePanel {...props} />;
  }
}
