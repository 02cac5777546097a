// Every sentence in which a string is a mention, annotated or predicted, each with the way to its place in the corpus.
import { useEffect, useRef, useState } from 'react';
import { SPLITS, type Mention } from '../../data/corpus.ts';
import { mentionString } from '../../metrics/mentionText.ts';
import type { EntitySetsQuery, StringPlace, StringSentence } from '../../schema/entitySetsQuery.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { Pager } from '../components/Pager.tsx';
import { format } from '../format.ts';
import { taskRefName } from '../runName.ts';
import { shownAnswer, useAnalysis } from '../useAnalysis.ts';
import { usePageOf } from '../usePageOf.ts';
import { AnalysisWait } from './AnalysisWait.tsx';
import { MarkedSentence } from './MarkedSentence.tsx';
import { SentenceLink } from './SentenceLink.tsx';

const PAGE_SIZE = 10;

export interface StringSentencesProps {
  readonly sets: EntitySetsQuery;
  /** In the order of the query's category. */
  readonly tasks: readonly TaskRef[];
  readonly text: string;
}

export function StringSentences({ sets, tasks, text }: StringSentencesProps) {
  const [where, setWhere] = useState<StringPlace | null>(null);
  const [first, goTo] = usePageOf(PAGE_SIZE);
  const state = useAnalysis('stringSentences', { sets, text, where, first, count: PAGE_SIZE });
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const page = shownAnswer(state);
  const nameOf = ({ task, split }: StringPlace) => {
    const ref = tasks[task];
    return ref === undefined ? split : `${taskRefName(ref)}, ${split}`;
  };
  return (
    <section className="browser" aria-labelledby="string-title">
      <h2 id="string-title" ref={title} tabIndex={-1}>
        “{text}”
      </h2>
      {page === null ? (
        state.status !== 'ready' && <AnalysisWait state={state} doing="Looking for sentences" />
      ) : (
        <>
          <div className="filters">
            <label>
              Where
              <select
                value={where === null ? '' : `${where.task}/${where.split}`}
                onChange={(event) => {
                  setWhere(placeOf(event.target.value));
                  goTo(0);
                }}
              >
                <option value="">
                  everywhere,{' '}
                  {format.counted(
                    page.places.reduce((sum, { sentences }) => sum + sentences, 0),
                    'sentence',
                  )}
                </option>
                {page.places.map((place) => (
                  <option key={`${place.task}/${place.split}`} value={`${place.task}/${place.split}`}>
                    {nameOf(place)}: {format.count(place.sentences)}
                  </option>
                ))}
              </select>
            </label>
            <span className="tracks-legend small">
              <span className="track annotated">annotated</span>
              {sets.prediction !== null && <span className="track first">predicted, in test</span>}
            </span>
          </div>
          <Pager
            first={first}
            size={PAGE_SIZE}
            total={page.total}
            noun="sentence"
            none="No sentence has it as a mention"
            onGo={goTo}
          />
          <ol className="sentences places" aria-label="Sentences" aria-busy={state.status === 'working'}>
            {page.sentences.map((sentence) => (
              <li key={`${sentence.task}/${sentence.split}/${sentence.index}`}>
                <SentenceLink task={tasks[sentence.task]} split={sentence.split} index={sentence.index} />
                <MarkedSentence
                  tokens={sentence.tokens}
                  about={aboutOf(sentence, text, sets.lowerCase)}
                  annotated={sentence.mentions}
                  predicted={sentence.predicted === null ? [] : [sentence.predicted]}
                />
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

/** The mentions of the text; where annotation and prediction overlap, the annotated one. */
function aboutOf(sentence: StringSentence, text: string, lowerCase: boolean): readonly Mention[] {
  const isIt = (mention: Mention) => mentionString(sentence, mention, lowerCase) === text;
  const annotated = sentence.mentions.filter(isIt);
  const others = (sentence.predicted ?? []).filter(
    (one) => isIt(one) && !annotated.some(({ start, end }) => one.start < end && start < one.end),
  );
  return [...annotated, ...others];
}

function placeOf(value: string): StringPlace | null {
  const [task, split] = value.split('/');
  const known = SPLITS.find((one) => one === split);
  return known === undefined ? null : { task: Number(task), split: known };
}
