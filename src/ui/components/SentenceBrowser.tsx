// Browses the sentences of a corpus: by split, by text, by type, a page at a time, with the keyboard throughout.
import { useDeferredValue, useId, useMemo, useState, type KeyboardEvent } from 'react';
import { SPLITS, type CorpusSentences, type Split } from '../../data/corpus.ts';
import { format } from '../format.ts';
import { searchSentences, type SentenceQuery } from '../searchSentences.ts';
import { SentenceList } from './SentenceList.tsx';

const EVERYTHING: SentenceQuery = { text: '', type: null, withMentions: false };

export interface SentenceBrowserProps {
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
