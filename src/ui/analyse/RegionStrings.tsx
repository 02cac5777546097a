// Lists the strings of one region, most frequent first; the worker searches and pages them.
import { useDeferredValue, useEffect, useRef, useState } from 'react';
import type { EntitySetsQuery, StringOccurrence, StringSentence } from '../../analysis/questions/entitySetsQuery.ts';
import { SPLITS, type Mention } from '../../data/corpus/corpus.ts';
import type { EntityRegion } from '../../metrics/entitySets.ts';
import { mentionString } from '../../metrics/text/textSources.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { AnalysisWait } from '../parts/AnalysisWait.tsx';
import { Pager } from '../parts/Pager.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { shownAnswer, useAnalysis } from '../shared/useAnalysis.ts';
import { indexIn, useInAddress } from '../shared/addressTexts.ts';
import { usePageOf } from '../shared/viewState.ts';
import { MarkedSentence, SentenceLink } from './MarkedSentence.tsx';
import { regionWords } from './regionWords.ts';

const STRINGS_PER_PAGE = 25;
/** Search and page of the strings of a region. */
export const STRINGS_IN_ADDRESS = ['find', 'page'];

interface RegionStringsProps {
  readonly sets: EntitySetsQuery;
  readonly region: EntityRegion;
  readonly chosen: string | null;
  readonly onChoose: (text: string) => void;
}

export function RegionStrings({ sets, region, chosen, onChoose }: RegionStringsProps) {
  const [texts, setTexts] = useInAddress(null, STRINGS_IN_ADDRESS);
  const { find = '' } = texts;
  const first = indexIn(texts['page']) * STRINGS_PER_PAGE;
  const show = (search: string, item: number) => {
    const page = Math.floor(item / STRINGS_PER_PAGE);
    setTexts({ ...(search !== '' && { find: search }), ...(page > 0 && { page: String(page + 1) }) });
  };
  const sought = useDeferredValue(find);
  const state = useAnalysis('entityStrings', { sets, region, find: sought, first, count: STRINGS_PER_PAGE });
  const title = useRef<HTMLHeadingElement>(null);
  // Choosing a region moves the focus here; opening an address with a string moves it to the sentences.
  const isPast = useRef(chosen !== null);
  useEffect(() => {
    if (!isPast.current) title.current?.focus();
    isPast.current = true;
  }, []);
  const isPredicted = sets.prediction !== null;
  const { sign, name } = regionWords(region, isPredicted);
  const page = shownAnswer(state);
  return (
    <section className="browser" aria-labelledby="strings-title">
      <h2 id="strings-title" ref={title} tabIndex={-1}>
        Strings {name} <span className="set-sign">{sign}</span>
      </h2>
      <div className="filters">
        <label>
          Search strings
          <input type="search" value={find} placeholder="text" onChange={(event) => show(event.target.value, 0)} />
        </label>
      </div>
      {page === null ? (
        state.status !== 'ready' && <AnalysisWait state={state} doing="Listing strings" />
      ) : (
        <>
          <Pager
            first={first}
            size={STRINGS_PER_PAGE}
            total={page.total}
            noun="string"
            none="No string matches"
            onGo={(item) => show(find, item)}
          />
          {page.total > 0 && (
            <TableBox label="Strings">
              <thead>
                <tr>
                  <th scope="col">String</th>
                  <th scope="col" className="number">
                    Training
                  </th>
                  <th scope="col" className="number">
                    Test
                  </th>
                  {isPredicted && (
                    <th scope="col" className="number">
                      Predicted
                    </th>
                  )}
                </tr>
              </thead>
              <tbody aria-busy={state.status === 'working'}>
                {page.strings.map(({ text, training, annotated, predicted }) => (
                  <tr key={text} className={text === chosen ? 'chosen' : ''}>
                    <th scope="row" className="string">
                      <button
                        type="button"
                        className="link"
                        aria-pressed={text === chosen}
                        onClick={() => onChoose(text)}
                      >
                        {text}
                      </button>
                    </th>
                    <td className="number">{format.count(training)}</td>
                    <td className="number">{format.count(annotated)}</td>
                    {isPredicted && <td className="number">{format.count(predicted)}</td>}
                  </tr>
                ))}
              </tbody>
            </TableBox>
          )}
        </>
      )}
    </section>
  );
}

const SENTENCES_PER_PAGE = 10;

interface StringSentencesProps {
  readonly sets: EntitySetsQuery;
  /** In the order of the query's category. */
  readonly tasks: readonly TaskRef[];
  readonly text: string;
}

/** Lists all sentences in which a string is an annotated or predicted mention, each with a link into its corpus. */
export function StringSentences({ sets, tasks, text }: StringSentencesProps) {
  const [where, setWhere] = useState<StringOccurrence | null>(null);
  const [first, goTo] = usePageOf(SENTENCES_PER_PAGE);
  const state = useAnalysis('stringSentences', { sets, text, where, first, count: SENTENCES_PER_PAGE });
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const page = shownAnswer(state);
  const nameOf = ({ task, split }: StringOccurrence) => {
    const ref = tasks[task];
    return ref === undefined ? split : `${taskRefName(ref)}, ${split}`;
  };
  return (
    <section className="browser" aria-labelledby="string-title">
      <h2 id="string-title" ref={title} tabIndex={-1}>
        “{text}”
      </h2>
      {page === null ? (
        state.status !== 'ready' && <AnalysisWait state={state} doing="Finding sentences" />
      ) : (
        <>
          <div className="filters">
            <label>
              Split
              <select
                value={where === null ? '' : `${where.task}/${where.split}`}
                onChange={(event) => {
                  setWhere(placeOf(event.target.value));
                  goTo(0);
                }}
              >
                <option value="">
                  all,{' '}
                  {format.counted(
                    page.occurrences.reduce((sum, { sentences }) => sum + sentences, 0),
                    'sentence',
                  )}
                </option>
                {page.occurrences.map((occurrence) => (
                  <option
                    key={`${occurrence.task}/${occurrence.split}`}
                    value={`${occurrence.task}/${occurrence.split}`}
                  >
                    {nameOf(occurrence)}: {format.count(occurrence.sentences)}
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
            size={SENTENCES_PER_PAGE}
            total={page.total}
            noun="sentence"
            none="It is not a mention in any sentence"
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

/** Returns the mentions of the text; where annotation and prediction overlap, the annotated one. */
function aboutOf(sentence: StringSentence, text: string, lowerCase: boolean): readonly Mention[] {
  const isIt = (mention: Mention) => mentionString(sentence, mention, lowerCase) === text;
  const annotated = sentence.mentions.filter(isIt);
  const others = (sentence.predicted ?? []).filter(
    (one) => isIt(one) && !annotated.some(({ start, end }) => one.start < end && start < one.end),
  );
  return [...annotated, ...others];
}

function placeOf(value: string): StringOccurrence | null {
  const [task, split] = value.split('/');
  const known = SPLITS.find((one) => one === split);
  return known === undefined ? null : { task: Number(task), split: known };
}
