// Lists the regions of T, L and P, their names and numbers, and the strings of one, most frequent first.
import { useDeferredValue, useEffect, useRef, useState } from 'react';
import type {
  EntitySetDiagram,
  EntitySetsQuery,
  StringOccurrence,
  StringSentence,
} from '../../analysis/questions/sentencesQuery.ts';
import { SPLITS, type Mention } from '../../data/corpus/corpus.ts';
import type { EntityRatio, EntityRegion } from '../../metrics/entitySets.ts';
import { mentionString } from '../../metrics/text/nearIndex.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { AnalysisWait, shownAnswer, useAnalysis } from '../parts/AnalysisWait.tsx';
import { MarkedSentence, SentenceLink } from '../parts/SentenceLine.tsx';
import { ChoiceButton, chosenClass, Facts, NumberTable, Pager, type Fact } from '../parts/TableBox.tsx';
import { indexIn, useInAddress } from '../shared/addressTexts.ts';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { usePageOf } from '../shared/viewState.ts';

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
            <NumberTable
              label="Strings"
              columns={['String', 'Training', 'Test', ...(isPredicted ? ['Predicted'] : [])]}
              isBusy={state.status === 'working'}
              rows={page.strings.map(({ text, training, annotated, predicted }) => ({
                key: text,
                headClass: 'string',
                ...chosenClass(text === chosen),
                head: (
                  <ChoiceButton isChosen={text === chosen} onChoose={() => onChoose(text)}>
                    {text}
                  </ChoiceButton>
                ),
                numbers: [training, annotated, ...(isPredicted ? [predicted] : [])].map(format.count),
              }))}
            />
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

// Lists the regions of T, L and P as numbers; each can be chosen.

export interface RegionTableProps {
  readonly diagram: EntitySetDiagram;
  readonly chosen: EntityRegion | null;
  readonly onChoose: (region: EntityRegion) => void;
}

export function RegionTable({ diagram, chosen, onChoose }: RegionTableProps) {
  const { regions, T, L, P, shared } = diagram;
  const isPredicted = P !== null;
  const shown = regionsShown(isPredicted);
  const all = shown.reduce((sum, region) => sum + regions[region].strings, 0);
  const part = (region: EntityRegion, set: 'L' | 'P', whole: number) =>
    region.includes(set) ? format.shareOf(regions[region].strings, whole) : '';
  const facts: readonly Fact[] = [
    ['T, training', format.count(T.strings)],
    ['L, annotated', format.count(L.strings)],
    ...(P === null ? [] : [['P, predicted', format.count(P.strings)] as const]),
    ['T∩L of L', `${format.count(shared.strings)} = ${format.shareOf(shared.strings, L.strings)}`],
    ['its mentions', format.shareOf(shared.mentions, L.mentions)],
  ];
  return (
    <div className="stack">
      <Facts facts={facts} />
      <NumberTable
        label="Regions"
        className="shares"
        columns={['Region', 'Strings', 'Share', 'of L', ...(isPredicted ? ['of P'] : []), 'Mentions']}
        rows={shown.map((region) => {
          const { sign, name } = regionWords(region, isPredicted);
          const { strings, mentions } = regions[region];
          return {
            key: region,
            ...chosenClass(region === chosen),
            head: (
              <>
                <ChoiceButton isChosen={region === chosen} isDisabled={strings === 0} onChoose={() => onChoose(region)}>
                  {name}
                </ChoiceButton>{' '}
                <span className="set-sign">{sign}</span>
              </>
            ),
            numbers: [
              format.count(strings),
              format.shareOf(strings, all),
              part(region, 'L', L.strings),
              ...(P === null ? [] : [part(region, 'P', P.strings)]),
              format.count(mentions),
            ],
          };
        })}
      />
      <p className="soft small">
        Mentions are counted in the test annotations for regions within L, otherwise in the predictions, otherwise in
        training.
      </p>
    </div>
  );
}

// Words for the regions and ratios of entity sets.

export interface RegionWords {
  /** Set notation. */
  readonly sign: string;
  readonly name: string;
}

const WITH_PREDICTIONS: Readonly<Record<EntityRegion, RegionWords>> = {
  TLP: { sign: 'T∩L∩P', name: 'known and found' },
  TL: { sign: 'T∩L∖P', name: 'known and missed' },
  LP: { sign: 'L∩P∖T', name: 'new and found' },
  L: { sign: 'L∖T∖P', name: 'new and missed' },
  TP: { sign: 'T∩P∖L', name: 'wrong and known' },
  P: { sign: 'P∖T∖L', name: 'wrong and new' },
  T: { sign: 'T∖L∖P', name: 'only in training' },
};
const WITHOUT: Partial<Readonly<Record<EntityRegion, RegionWords>>> = {
  TL: { sign: 'T∩L', name: 'known' },
  L: { sign: 'L∖T', name: 'new' },
  T: { sign: 'T∖L', name: 'only in training' },
};
const ORDER: readonly EntityRegion[] = ['TLP', 'TL', 'LP', 'L', 'TP', 'P', 'T'];

/** Returns the regions in reading order, those of the test first; three without predictions. */
export function regionsShown(isPredicted: boolean): readonly EntityRegion[] {
  return isPredicted ? ORDER : ORDER.filter((region) => WITHOUT[region] !== undefined);
}

export function regionWords(region: EntityRegion, isPredicted: boolean): RegionWords {
  return (isPredicted ? undefined : WITHOUT[region]) ?? WITH_PREDICTIONS[region];
}

export interface RatioWords {
  readonly name: string;
  readonly formula: string;
  readonly meaning: string;
}

export const RATIO_WORDS: Readonly<Record<EntityRatio, RatioWords>> = {
  A: {
    name: 'new, found',
    formula: '|L∩P∖T| / |L∖T|',
    meaning: 'share of the new test strings that are predicted',
  },
  B: {
    name: 'known',
    formula: '|T∩L| / |L|',
    meaning: 'share of the annotated test strings that are in training',
  },
  C: {
    name: 'known, missed',
    formula: '|T∩L∖P| / |T∩L|',
    meaning: 'share of the known test strings that are not predicted',
  },
  D: {
    name: 'wrong, known',
    formula: '|T∩P∖L| / |P∖L|',
    meaning: 'share of the wrongly predicted strings that are in training',
  },
  E: {
    name: 'surplus',
    formula: '(|P| − |L|) / |L|',
    meaning: 'how many more strings are predicted than annotated; negative if fewer',
  },
};
