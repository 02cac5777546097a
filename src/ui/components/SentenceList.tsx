// One page of found sentences, walked with the arrow keys.
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { Sentence } from '../../data/corpus.ts';
import { format } from '../format.ts';
import { rowAfterKey } from '../rowAfterKey.ts';
import { Pager } from './Pager.tsx';
import { SentenceLine } from './SentenceLine.tsx';

const PAGE_SIZE = 25;

export interface SentenceListProps {
  readonly sentences: readonly Sentence[];
  /** Indices of the sentences to show. */
  readonly found: readonly number[];
  /** The text searched for, to be marked. */
  readonly text: string;
  readonly types: readonly string[];
  /** Place in `found` of a sentence that gets the keyboard focus at once; null for none. */
  readonly at: number | null;
}

export function SentenceList({ sentences, found, text, types, at }: SentenceListProps) {
  // Place in `found` of the sentence that has, or would get, the keyboard focus.
  const [place, setPlace] = useState(() => Math.min(at ?? 0, Math.max(0, found.length - 1)));
  const list = useRef<HTMLOListElement>(null);
  const follow = useRef(at !== null);
  const first = Math.floor(place / PAGE_SIZE) * PAGE_SIZE;
  const shown = found.slice(first, first + PAGE_SIZE);

  useEffect(() => {
    if (!follow.current) return;
    follow.current = false;
    const line = list.current?.children[place - first];
    if (line instanceof HTMLElement) line.focus();
  }, [place, first]);

  const walk = (event: KeyboardEvent) => {
    const target = rowAfterKey(event.key, { place, count: found.length, pageSize: PAGE_SIZE });
    if (target === null || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    follow.current = true;
    setPlace(target);
  };

  return (
    <>
      <Pager
        first={first}
        size={PAGE_SIZE}
        total={found.length}
        noun="sentence"
        none="No sentence matches"
        onGo={setPlace}
      />
      <ol className="sentences" ref={list} onKeyDown={walk} aria-label="Sentences">
        {shown.map((index, offset) => {
          const sentence = sentences[index];
          if (sentence === undefined) return null;
          return (
            <li key={index} tabIndex={first + offset === place ? 0 : -1} onFocus={() => setPlace(first + offset)}>
              <span className="sentence-number">{format.count(index + 1)}</span>
              <SentenceLine sentence={sentence} text={text} types={types} />
            </li>
          );
        })}
      </ol>
    </>
  );
}
