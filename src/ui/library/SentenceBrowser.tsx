// Browses the sentences of a corpus by split, text and type, a page at a time, with full keyboard support.
import { useDeferredValue, useEffect, useId, useMemo, useRef, type KeyboardEvent } from 'react';
import type { SentenceFilter } from '../../analysis/questions/sentencesQuery.ts';
import { SPLITS, type Split } from '../../data/corpus/corpus.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { AnalysisWait, shownAnswer, useAnalysis } from '../parts/AnalysisWait.tsx';
import { SentenceLine } from '../parts/SentenceLine.tsx';
import { Pager, rowAfterKey } from '../parts/TableBox.tsx';
import { indexIn, useInAddress, type AddressTexts } from '../shared/addressTexts.ts';
import { format } from '../shared/format.ts';

const PAGE_SIZE = 25;

interface SentenceListProps {
  readonly corpus: CorpusRecord;
  readonly split: Split;
  readonly filter: SentenceFilter;
  /** Index among the matches of the sentence that has, or would get, the keyboard focus. */
  readonly position: number;
  readonly onPosition: (position: number) => void;
  /** Whether that sentence gets the focus at once. */
  readonly isFocused: boolean;
}

/** Shows one page of the matching sentences, navigated with the arrow keys. */
function SentenceList({ corpus, split, filter, position, onPosition, isFocused }: SentenceListProps) {
  const list = useRef<HTMLOListElement>(null);
  const follow = useRef(isFocused);
  const first = Math.floor(position / PAGE_SIZE) * PAGE_SIZE;
  const found = useAnalysis('corpusSentences', { corpusId: corpus.id, split, filter, first, count: PAGE_SIZE });
  const page = shownAnswer(found);

  useEffect(() => {
    if (!follow.current || page?.first !== first) return;
    const line = list.current?.children[position - first];
    if (!(line instanceof HTMLElement)) return;
    follow.current = false;
    line.focus();
  });

  const walk = (event: KeyboardEvent) => {
    const count = page?.total ?? 0;
    const target = rowAfterKey(event.key, { index: position, count, pageSize: PAGE_SIZE });
    if (target === null || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    follow.current = true;
    onPosition(target);
  };

  if (page === null) return found.status === 'ready' ? null : <AnalysisWait state={found} doing="Reading sentences" />;
  return (
    <>
      <Pager
        first={page.first}
        size={PAGE_SIZE}
        total={page.total}
        noun="sentence"
        none="No sentence matches"
        onGo={onPosition}
      />
      <ol
        className="sentences"
        ref={list}
        onKeyDown={walk}
        aria-label="Sentences"
        aria-busy={found.status === 'working'}
      >
        {page.lines.map(({ index, sentence }, offset) => (
          <li
            key={index}
            tabIndex={page.first + offset === Math.min(position, page.total - 1) ? 0 : -1}
            onFocus={() => position !== page.first + offset && onPosition(page.first + offset)}
          >
            <span className="sentence-number">{format.count(index + 1)}</span>
            <SentenceLine sentence={sentence} text={filter.text} types={corpus.types} />
          </li>
        ))}
      </ol>
    </>
  );
}

/** What of the browser is in the address. */
const ADDRESS_NAMES = ['split', 'find', 'type', 'mentions', 'line'];

function queryOf(texts: AddressTexts): SentenceFilter {
  return { text: texts['find'] ?? '', type: texts['type'] ?? null, withMentions: texts['mentions'] === 'only' };
}

function textsOf({ text, type, withMentions }: SentenceFilter, split: string | undefined): AddressTexts {
  return {
    ...(split !== undefined && { split }),
    ...(text !== '' && { find: text }),
    ...(type !== null && { type }),
    ...(withMentions && { mentions: 'only' }),
  };
}

function isEverything({ text, type, withMentions }: SentenceFilter): boolean {
  return text === '' && type === null && !withMentions;
}

interface SentenceBrowserProps {
  readonly corpus: CorpusRecord;
  /** The sentence that is shown and focused first, counted from 1; null for the first of all. */
  readonly at: { readonly split: Split; readonly number: number } | null;
}

export function SentenceBrowser({ corpus, at }: SentenceBrowserProps) {
  const place = at === null ? '' : `/${at.split}/${at.number}`;
  const [texts, setTexts] = useInAddress(`corpus/${corpus.id}${place}`, ADDRESS_NAMES);
  const split =
    SPLITS.find((known) => known === texts['split']) ??
    at?.split ??
    SPLITS.find((candidate) => corpus.counts[candidate].sentences > 0) ??
    'train';
  const query = useMemo(() => queryOf(texts), [texts]);
  const sought = useDeferredValue(query);
  const panelId = useId();
  // Another search starts at its first sentence.
  const change = (part: Partial<SentenceFilter>) => setTexts(textsOf({ ...query, ...part }, texts['split']));
  const named =
    isEverything(query) && at?.split === split ? Math.min(at.number, corpus.counts[split].sentences) - 1 : null;
  const goTo = (line: number) =>
    setTexts({ ...textsOf(query, texts['split']), ...(line !== (named ?? 0) && { line: String(line + 1) }) });
  return (
    <div className="browser">
      <SplitTabs
        counts={corpus.counts}
        split={split}
        panelId={panelId}
        onSplit={(next) => setTexts(textsOf(query, next))}
      />
      <div id={panelId} role="tabpanel" aria-label={`${split} sentences`}>
        <div className="filters">
          <label>
            Search sentences{' '}
            <input
              type="search"
              value={query.text}
              placeholder="text"
              onChange={(event) => change({ text: event.target.value })}
            />
          </label>
          <label>
            Mention type{' '}
            <select
              value={query.type === null ? '' : `type:${query.type}`}
              onChange={(event) =>
                change({ type: event.target.value === '' ? null : event.target.value.slice('type:'.length) })
              }
            >
              <option value="">any</option>
              {corpus.types.map((type) => (
                <option key={type} value={`type:${type}`}>
                  {type}
                </option>
              ))}
            </select>
          </label>
          <label className="check">
            <input
              type="checkbox"
              checked={query.withMentions}
              onChange={(event) => change({ withMentions: event.target.checked })}
            />
            With mentions only
          </label>
        </div>
        <SentenceList
          key={`${split}/${sought.type ?? ''}/${sought.withMentions}/${sought.text}`}
          corpus={corpus}
          split={split}
          filter={sought}
          position={texts['line'] === undefined ? (named ?? 0) : indexIn(texts['line'])}
          onPosition={goTo}
          isFocused={named !== null}
        />
      </div>
    </div>
  );
}

interface SplitTabsProps {
  readonly counts: CorpusRecord['counts'];
  readonly split: Split;
  readonly panelId: string;
  readonly onSplit: (split: Split) => void;
}

function SplitTabs({ counts, split, panelId, onSplit }: SplitTabsProps) {
  const turn = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = SPLITS[(SPLITS.indexOf(split) + step + SPLITS.length) % SPLITS.length];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    onSplit(next);
    const tab = event.currentTarget.children[SPLITS.indexOf(next)];
    if (tab instanceof HTMLElement) tab.focus();
  };
  return (
    <div role="tablist" aria-label="Split" className="tabs" onKeyDown={turn}>
      {SPLITS.map((candidate) => (
        <button
          key={candidate}
          type="button"
          role="tab"
          aria-selected={candidate === split}
          aria-controls={panelId}
          tabIndex={candidate === split ? 0 : -1}
          onClick={() => onSplit(candidate)}
        >
          {candidate} <span className="faint">{format.count(counts[candidate].sentences)}</span>
        </button>
      ))}
    </div>
  );
}
