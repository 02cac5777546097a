// One page of right and wrong mentions in their sentences, walked with the keyboard.
import { useEffect, useRef, type KeyboardEvent } from 'react';
import type { Split } from '../../data/corpus.ts';
import type { ErrorsPage } from '../../schema/errorsQuery.ts';
import { Pager } from '../components/Pager.tsx';
import { rowAfterKey } from '../rowAfterKey.ts';
import { routeHref, type Route } from '../route.ts';
import { useKept } from '../useKept.ts';
import { goTo } from '../useRoute.ts';
import { ErrorItem } from './ErrorItem.tsx';
import { TRACK_CLASSES } from './MarkedSentence.tsx';

export const PAGE_SIZE = 25;

export interface ErrorListProps {
  /** Name of the list, under which it is remembered which line was opened. */
  readonly view: string;
  readonly page: ErrorsPage;
  /** The line that has, or would get, the keyboard focus; perhaps not on `page` while another is on its way. */
  readonly place: number;
  readonly isCurrent: boolean;
  readonly names: readonly string[];
  /** Empty where all mentions are of one type. */
  readonly types: readonly string[];
  readonly hrefOf: { readonly corpusId: string; readonly split: Split };
  readonly onPlace: (place: number) => void;
}

export function ErrorList(props: ErrorListProps) {
  const { view, page, place, isCurrent, names, types, hrefOf, onPlace } = props;
  const { first, total, lines } = page;
  const list = useRef<HTMLOListElement>(null);
  // Whoever comes back from a sentence goes on at its line.
  const [wasOpened, setOpened] = useKept(`${view}/opened`, false);
  const follow = useRef(wasOpened);

  useEffect(() => {
    const line = list.current?.children[place - first];
    if (!follow.current || !isCurrent || !(line instanceof HTMLElement)) return;
    follow.current = false;
    setOpened(false);
    line.focus();
  });

  const routeOf = (index: number): Route => ({
    page: 'sentence',
    ...hrefOf,
    number: (lines[index - first]?.sentence ?? 0) + 1,
  });
  const walk = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter' && event.target === list.current?.children[place - first]) {
      setOpened(true);
      goTo(routeOf(place));
      return;
    }
    const target = rowAfterKey(event.key, { place, count: total, pageSize: PAGE_SIZE });
    if (target === null) return;
    event.preventDefault();
    follow.current = true;
    onPlace(target);
  };

  return (
    <>
      <Pager first={first} size={PAGE_SIZE} total={total} noun="mention" none="No mention is left" onGo={onPlace} />
      <div className="list-notes soft">
        <span className="tracks-legend">
          {['annotated', ...names.map((name) => (names.length === 1 ? 'predicted' : name))].map((name, track) => (
            <span key={name}>
              <span className={`track ${TRACK_CLASSES[track] ?? ''}`}>{name}</span>
            </span>
          ))}
        </span>
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> or <kbd>k</kbd> <kbd>j</kbd> and <kbd>PageUp</kbd> <kbd>PageDown</kbd>{' '}
          <kbd>Home</kbd> <kbd>End</kbd> walk the list, <kbd>Enter</kbd> opens the sentence.
        </span>
      </div>
      <ol
        className={`sentences errors${names.length > 1 ? ' two' : ''}`}
        ref={list}
        onKeyDown={walk}
        aria-label="Mentions"
        aria-busy={!isCurrent}
      >
        {lines.map((line, offset) => (
          <li
            key={first + offset}
            tabIndex={first + offset === place ? 0 : -1}
            onFocus={() => place !== first + offset && onPlace(first + offset)}
          >
            <ErrorItem
              line={line}
              names={names}
              types={types}
              href={routeHref(routeOf(first + offset))}
              onOpen={() => setOpened(true)}
            />
          </li>
        ))}
      </ol>
    </>
  );
}
