// The places of a text that is labelled differently: how each task labels it, and its sentences.
import { useEffect, useRef, useState } from 'react';
import type { ConflictPlacesQuery, LabelConflictsPage } from '../../schema/labelsQuery.ts';
import { Pager } from '../components/Pager.tsx';
import { TableBox } from '../components/TableBox.tsx';
import { format } from '../format.ts';
import { taskRefName } from '../runName.ts';
import { shownAnswer, useAnalysis } from '../useAnalysis.ts';
import { usePageOf } from '../usePageOf.ts';
import { AnalysisWait } from './AnalysisWait.tsx';
import type { ConflictSectionProps } from './ConflictSection.tsx';
import { MarkedSentence } from './MarkedSentence.tsx';
import { SentenceLink } from './SentenceLink.tsx';

const PAGE_SIZE = 10;
const WHICH: readonly (readonly [ConflictPlacesQuery['which'], string])[] = [
  ['other', 'those against the rest'],
  ['usual', 'those like the rest'],
  ['all', 'all'],
];

export interface ConflictPlacesProps extends ConflictSectionProps {
  readonly conflict: LabelConflictsPage['conflicts'][number];
}

export function ConflictPlaces({ category, tasks, conflict }: ConflictPlacesProps) {
  const [which, setWhich] = useState<ConflictPlacesQuery['which']>('other');
  const [first, goTo] = usePageOf(PAGE_SIZE);
  const { text } = conflict;
  const words = text.split(' ').length;
  const all = conflict.labelled + conflict.unlabelled;
  const expected = { all, other: conflict.minority, usual: all - conflict.minority }[which];
  const state = useAnalysis('conflictPlaces', { category, text, which, first, count: PAGE_SIZE });
  const page = shownAnswer(state);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <section className="browser" aria-labelledby="conflict-title">
      <h3 id="conflict-title" ref={title} tabIndex={-1}>
        “{text}”
      </h3>
      <TableBox label={`Labels of ${text} by task`}>
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col" className="number">
              Labelled
            </th>
            <th scope="col" className="number">
              Not
            </th>
          </tr>
        </thead>
        <tbody>
          {conflict.tasks.map(({ task, labelled, unlabelled }) => {
            const ref = tasks[Number(task)];
            return (
              <tr key={task}>
                <th scope="row">{ref === undefined ? '' : taskRefName(ref)}</th>
                <td className="number">{format.count(labelled)}</td>
                <td className="number">{format.count(unlabelled)}</td>
              </tr>
            );
          })}
        </tbody>
      </TableBox>
      <div className="filters">
        <label>
          Places
          <select
            value={which}
            onChange={(event) => {
              setWhich(WHICH.find(([known]) => known === event.target.value)?.[0] ?? 'all');
              goTo(0);
            }}
          >
            {WHICH.map(([known, name]) => (
              <option key={known} value={known}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {conflict.inside > 0 && (
          <span className="soft small">{format.counted(conflict.inside, 'more place')} in longer mentions</span>
        )}
      </div>
      {page === null ? (
        state.status !== 'ready' && <AnalysisWait state={state} doing="Looking for places" />
      ) : (
        <>
          <Pager first={first} size={PAGE_SIZE} total={page.total} noun="place" none="No place" onGo={goTo} />
          {page.total < expected && (
            <p className="soft small browser-note">
              Of {format.counted(expected, 'place')}, the first of each label are listed.
            </p>
          )}
          <ol className="sentences places" aria-label="Places" aria-busy={state.status === 'working'}>
            {page.places.map(({ task, split, index, tokens, mentions, start, label }) => (
              <li key={`${task}/${split}/${index}/${start}`}>
                <p className="place-head">
                  <strong>{label ?? 'not labelled'}</strong>
                  <SentenceLink task={tasks[task]} split={split} index={index} />
                </p>
                <MarkedSentence tokens={tokens} about={[{ start, end: start + words }]} annotated={mentions} />
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}
