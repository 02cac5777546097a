// The strings of one region, most frequent first, searched and paged in the Worker.
import { useDeferredValue, useEffect, useRef, useState } from 'react';
import type { EntityRegion } from '../../metrics/entitySets.ts';
import type { EntitySetsQuery } from '../../schema/entitySetsQuery.ts';
import { Pager } from '../components/Pager.tsx';
import { TableBox } from '../components/TableBox.tsx';
import { format } from '../format.ts';
import { shownAnswer, useAnalysis } from '../useAnalysis.ts';
import { usePageOf } from '../usePageOf.ts';
import { AnalysisWait } from './AnalysisWait.tsx';
import { regionWords } from './regionWords.ts';

const PAGE_SIZE = 25;

export interface RegionStringsProps {
  readonly sets: EntitySetsQuery;
  readonly region: EntityRegion;
  readonly chosen: string | null;
  readonly onChoose: (text: string) => void;
}

export function RegionStrings({ sets, region, chosen, onChoose }: RegionStringsProps) {
  const [find, setFind] = useState('');
  const [first, goTo] = usePageOf(PAGE_SIZE);
  const sought = useDeferredValue(find);
  const state = useAnalysis('entityStrings', { sets, region, find: sought, first, count: PAGE_SIZE });
  const title = useRef<HTMLHeadingElement>(null);
  // Whoever chose the region goes on here; whoever comes to an address with a string goes on at its sentences.
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
          <input
            type="search"
            value={find}
            placeholder="text"
            onChange={(event) => {
              setFind(event.target.value);
              goTo(0);
            }}
          />
        </label>
      </div>
      {page === null ? (
        state.status !== 'ready' && <AnalysisWait state={state} doing="Listing strings" />
      ) : (
        <>
          <Pager first={first} size={PAGE_SIZE} total={page.total} noun="string" none="No string matches" onGo={goTo} />
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
