// An answer of the analysis worker for a component: asked when the query changes, given up when nobody waits for it.
import { startTransition, useEffect, useState } from 'react';
import { LabError, type LabErrorData } from '../../util/labError.ts';
import type { AnalysisAnswer, AnalysisName, AnalysisQuery } from '../../wire/analysisProtocol.ts';
import { useLab } from './useLab.ts';

export type Analysed<Answer> =
  /** `last` is the answer to the query before, which may go on being shown. */
  | { readonly status: 'working'; readonly done: number; readonly of: number; readonly last: Answer | null }
  | { readonly status: 'ready'; readonly answer: Answer }
  | { readonly status: 'failed'; readonly error: LabErrorData };

interface HeldAnswer<Answer> {
  readonly key: string;
  readonly state: Analysed<Answer>;
}

/**
 * Queries are the same when their JSON is. With `query` null nothing is asked, and the status stays `working` with a total of 0.
 * Another `version` asks the same again, as when what is stored has changed.
 */
export function useAnalysis<Name extends AnalysisName>(
  name: Name,
  query: AnalysisQuery<Name> | null,
  version = 0,
): Analysed<AnalysisAnswer<Name>> {
  const { lab } = useLab();
  const key = JSON.stringify([name, query, version]);
  const [existing, setLast] = useState<HeldAnswer<AnalysisAnswer<Name>> | null>(null);
  useEffect(() => {
    const [, asked] = JSON.parse(key) as [Name, AnalysisQuery<Name> | null, number];
    if (asked === null) return;
    let isWanted = true;
    const show = (state: (last: AnalysisAnswer<Name> | null) => Analysed<AnalysisAnswer<Name>>): void => {
      // What is drawn of an answer is drawn in slices, between which the page answers to the person.
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

/** What there is to show: the answer, or while another is worked on the one before. */
export function shownAnswer<Answer>(state: Analysed<Answer>): Answer | null {
  if (state.status === 'failed') return null;
  return state.status === 'ready' ? state.answer : state.last;
}
