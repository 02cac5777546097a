// Lists texts that are labelled inconsistently; each opens to show its occurrences.
import { useDeferredValue, useEffect, useRef, useState } from 'react';
import type {
  ConflictOccurrencesQuery,
  ConflictScope,
  LabelConflictsPage,
} from '../../analysis/questions/labelsQuery.ts';
import type { Task } from '../../data/corpus/corpus.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { AnalysisWait, shownAnswer, useAnalysis } from '../parts/AnalysisWait.tsx';
import { MarkedSentence, SentenceLink } from '../parts/SentenceLine.tsx';
import { ChoiceButton, chosenClass, NumberTable, Pager } from '../parts/TableBox.tsx';
import { indexIn, useInAddress } from '../shared/addressTexts.ts';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { usePageOf } from '../shared/viewState.ts';

const PAGE_SIZE = 10;
const WHICH: readonly (readonly [ConflictOccurrencesQuery['which'], string])[] = [
  ['other', 'minority labels'],
  ['usual', 'majority labels'],
  ['all', 'all'],
];

interface ConflictOccurrencesProps extends ConflictSectionProps {
  readonly conflict: LabelConflictsPage['conflicts'][number];
}

/** Shows the occurrences of an inconsistently labelled text: its labels by task, and its sentences. */
function ConflictOccurrences({ category, tasks, conflict }: ConflictOccurrencesProps) {
  const [which, setWhich] = useState<ConflictOccurrencesQuery['which']>('other');
  const [first, goTo] = usePageOf(PAGE_SIZE);
  const { text } = conflict;
  const words = text.split(' ').length;
  const all = conflict.labelled + conflict.unlabelled;
  const expected = { all, other: conflict.minority, usual: all - conflict.minority }[which];
  const state = useAnalysis('conflictOccurrences', { category, text, which, first, count: PAGE_SIZE });
  const page = shownAnswer(state);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <section className="browser" aria-labelledby="conflict-title">
      <h3 id="conflict-title" ref={title} tabIndex={-1}>
        “{text}”
      </h3>
      <NumberTable
        label={`Labels of ${text} by task`}
        columns={['Task', 'Labelled', 'Not']}
        rows={conflict.tasks.map(({ task, labelled, unlabelled }) => {
          const ref = tasks[Number(task)];
          const head = ref === undefined ? '' : taskRefName(ref);
          return { key: task, head, numbers: [format.count(labelled), format.count(unlabelled)] };
        })}
      />
      <div className="filters">
        <label>
          Occurrences
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
          <span className="soft small">
            {format.counted(conflict.inside, 'more occurrence')} inside longer mentions
          </span>
        )}
      </div>
      {page === null ? (
        state.status !== 'ready' && <AnalysisWait state={state} doing="Finding occurrences" />
      ) : (
        <>
          <Pager first={first} size={PAGE_SIZE} total={page.total} noun="occurrence" none="No occurrence" onGo={goTo} />
          {page.total < expected && (
            <p className="soft small browser-note">
              Of {format.counted(expected, 'occurrence')}, only the first ones of each label are listed.
            </p>
          )}
          <ol className="sentences places" aria-label="Occurrences" aria-busy={state.status === 'working'}>
            {page.occurrences.map(({ task, split, index, tokens, mentions, start, label }) => (
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

const SCOPES: readonly (readonly [ConflictScope, string])[] = [
  ['all', 'anywhere'],
  ['inside', 'within a corpus'],
  ['across', 'only across corpora'],
];

/** Scope, search and page of the texts. */
const CONFLICTS_IN_ADDRESS = ['scope', 'find', 'page'];

export interface ConflictSectionProps {
  readonly category: readonly Task[];
  /** In the same order. */
  readonly tasks: readonly TaskRef[];
}

export function ConflictSection({ category, tasks }: ConflictSectionProps) {
  const [texts, setTexts] = useInAddress(null, CONFLICTS_IN_ADDRESS);
  const scope = SCOPES.find(([known]) => known === texts['scope'])?.[0] ?? 'all';
  const { find = '' } = texts;
  const first = indexIn(texts['page']) * PAGE_SIZE;
  const show = (within: string, search: string, item: number) => {
    const page = Math.floor(item / PAGE_SIZE);
    setTexts({
      ...(within !== 'all' && { scope: within }),
      ...(search !== '' && { find: search }),
      ...(page > 0 && { page: String(page + 1) }),
    });
  };
  const [chosen, setChosen] = useState<string | null>(null);
  const sought = useDeferredValue(find);
  const state = useAnalysis('labelConflicts', { category, scope, find: sought, first, count: PAGE_SIZE });
  const page = shownAnswer(state);
  if (page === null)
    return state.status === 'ready' ? null : <AnalysisWait state={state} doing="Comparing the labels of each text" />;
  const opened = page.conflicts.find(({ text }) => text === chosen);
  return (
    <div className="sets-pair strings">
      <div className="browser">
        <div className="filters">
          <label>
            Conflict
            <select value={scope} onChange={(event) => show(event.target.value, find, 0)}>
              {SCOPES.map(([known, name]) => (
                <option key={known} value={known}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label>
            Search texts
            <input
              type="search"
              value={find}
              placeholder="text"
              onChange={(event) => show(scope, event.target.value, 0)}
            />
          </label>
        </div>
        <Pager
          first={first}
          size={PAGE_SIZE}
          total={page.total}
          noun="text"
          none="No text"
          onGo={(item) => show(scope, find, item)}
        />
        {page.left > 0 && (
          <p className="soft small browser-note">
            {format.counted(page.left, 'more text')} with fewer minority labels {page.left === 1 ? 'is' : 'are'} not
            listed.
          </p>
        )}
        {page.total > 0 && (
          <NumberTable
            label="Inconsistently labelled texts"
            columns={['Text', 'Labelled', 'Not', 'Minority']}
            isBusy={state.status === 'working'}
            rows={page.conflicts.map(({ text, labelled, unlabelled, minority }) => ({
              key: text,
              headClass: 'string',
              ...chosenClass(text === chosen),
              head: (
                <ChoiceButton isChosen={text === chosen} onChoose={() => setChosen(text)}>
                  {text}
                </ChoiceButton>
              ),
              numbers: [labelled, unlabelled, minority].map(format.count),
            }))}
          />
        )}
      </div>
      {opened !== undefined && (
        <ConflictOccurrences key={opened.text} category={category} tasks={tasks} conflict={opened} />
      )}
    </div>
  );
}
