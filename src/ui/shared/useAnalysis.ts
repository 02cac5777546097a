// Provides a component with an answer of the analysis worker: requested when the query changes, cancelled when no longer needed.
import { startTransition, useEffect, useState } from 'react';
import { LabError, type LabErrorData } from '../../util/labError.ts';
import type { AnalysisAnswer, AnalysisName, AnalysisQuery } from '../../wire/analysisProtocol.ts';
import { useLabActions } from './useLab.ts';

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
