// Browses the sentences of a corpus by split, text and type, a page at a time, with full keyboard support.
import { useDeferredValue, useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { SPLITS, type CorpusSentences, type Sentence, type Split } from '../../data/corpus/corpus.ts';
import { LabError } from '../../util/labError.ts';
import { Pager, rowAfterKey } from '../parts/Pager.tsx';
import { searchSentences, SentenceLine, type SentenceQuery } from '../parts/SentenceLine.tsx';
import { format } from '../shared/format.ts';
import { useLabActions } from '../shared/useLab.ts';

const PAGE_SIZE = 25;

interface SentenceListProps {
  readonly sentences: readonly Sentence[];
  /** Indices of the sentences to show. */
  readonly found: readonly number[];
  /** The searched text, to be highlighted. */
  readonly text: string;
  readonly types: readonly string[];
  /** Index in `found` of a sentence that gets the keyboard focus at once; null for none. */
  readonly at: number | null;
}

/** Shows one page of found sentences, navigated with the arrow keys. */
function SentenceList({ sentences, found, text, types, at }: SentenceListProps) {
  // Index in `found` of the sentence that has, or would get, the keyboard focus.
  const [position, setPosition] = useState(() => Math.min(at ?? 0, Math.max(0, found.length - 1)));
  const list = useRef<HTMLOListElement>(null);
  const follow = useRef(at !== null);
  const first = Math.floor(position / PAGE_SIZE) * PAGE_SIZE;
  const shown = found.slice(first, first + PAGE_SIZE);

  useEffect(() => {
    if (!follow.current) return;
    follow.current = false;
    const line = list.current?.children[position - first];
    if (line instanceof HTMLElement) line.focus();
  }, [position, first]);

  const walk = (event: KeyboardEvent) => {
    const target = rowAfterKey(event.key, { index: position, count: found.length, pageSize: PAGE_SIZE });
    if (target === null || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    follow.current = true;
    setPosition(target);
  };

  return (
    <>
      <Pager
        first={first}
        size={PAGE_SIZE}
        total={found.length}
        noun="sentence"
        none="No sentence matches"
        onGo={setPosition}
      />
      <ol className="sentences" ref={list} onKeyDown={walk} aria-label="Sentences">
        {shown.map((index, offset) => {
          const sentence = sentences[index];
          if (sentence === undefined) return null;
          return (
            <li key={index} tabIndex={first + offset === position ? 0 : -1} onFocus={() => setPosition(first + offset)}>
              <span className="sentence-number">{format.count(index + 1)}</span>
              <SentenceLine sentence={sentence} text={text} types={types} />
            </li>
          );
        })}
      </ol>
    </>
  );
}

const EVERYTHING: SentenceQuery = { text: '', type: null, withMentions: false };

interface SentenceBrowserProps {
  readonly sentences: CorpusSentences;
  readonly types: readonly string[];
  /** The sentence that is shown and focused first, counted from 1; null for the first of all. */
  readonly at: { readonly split: Split; readonly number: number } | null;
}

export function SentenceBrowser({ sentences, types, at }: SentenceBrowserProps) {
  const [split, setSplit] = useState<Split>(
    () => at?.split ?? SPLITS.find((candidate) => sentences[candidate].length > 0) ?? 'train',
  );
  const [query, setQuery] = useState(EVERYTHING);
  const sought = useDeferredValue(query);
  const found = useMemo(() => searchSentences(sentences[split], sought), [sentences, split, sought]);
  const panelId = useId();
  const change = (part: Partial<SentenceQuery>) => setQuery({ ...query, ...part });
  return (
    <div className="browser">
      <SplitTabs sentences={sentences} split={split} panelId={panelId} onSplit={setSplit} />
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
              {types.map((type) => (
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
          // A new search starts at its first sentence.
          key={`${split}/${sought.type ?? ''}/${sought.withMentions}/${sought.text}`}
          sentences={sentences[split]}
          found={found}
          text={sought.text}
          types={types}
          at={sought === EVERYTHING && at?.split === split ? at.number - 1 : null}
        />
      </div>
    </div>
  );
}

interface SplitTabsProps {
  readonly sentences: CorpusSentences;
  readonly split: Split;
  readonly panelId: string;
  readonly onSplit: (split: Split) => void;
}

function SplitTabs({ sentences, split, panelId, onSplit }: SplitTabsProps) {
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
          {candidate} <span className="faint">{format.count(sentences[candidate].length)}</span>
        </button>
      ))}
    </div>
  );
}

interface SentencesRead {
  /** Null while they are being read, or when that failed. */
  readonly sentences: CorpusSentences | null;
  readonly problem: string | null;
}

const NOT_YET: SentencesRead = { sentences: null, problem: null };

/** Reads the sentences of a corpus, one per component life: key the component by the corpus. */
export function useSentences(corpusId: string): SentencesRead {
  const lab = useLabActions();
  const [read, setRead] = useState(NOT_YET);
  useEffect(() => {
    let wanted = true;
    lab.readCorpus(corpusId).then(
      (sentences) => wanted && setRead({ sentences, problem: null }),
      (error: unknown) => wanted && setRead({ sentences: null, problem: LabError.describe(LabError.toData(error)) }),
    );
    return () => {
      wanted = false;
    };
  }, [lab, corpusId]);
  return read;
}
