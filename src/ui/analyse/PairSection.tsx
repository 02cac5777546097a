// Pairs of sentences of the same or nearly the same text whose mentions differ.
import { Pager } from '../components/Pager.tsx';
import { format } from '../format.ts';
import { shownAnswer, useAnalysis } from '../useAnalysis.ts';
import { usePageOf } from '../usePageOf.ts';
import { AnalysisWait } from './AnalysisWait.tsx';
import type { ConflictSectionProps } from './ConflictSection.tsx';
import { MarkedSentence } from './MarkedSentence.tsx';
import { SentenceLink } from './SentenceLink.tsx';

const PAGE_SIZE = 5;

export function PairSection({ category, tasks, near }: ConflictSectionProps & { readonly near: boolean }) {
  const [first, goTo] = usePageOf(PAGE_SIZE);
  const state = useAnalysis('labelPairs', { category, near, first, count: PAGE_SIZE });
  const page = shownAnswer(state);
  if (page === null)
    return state.status === 'ready' ? null : <AnalysisWait state={state} doing="Looking for like sentences" />;
  return (
    <div className="browser paged">
      <Pager first={first} size={PAGE_SIZE} total={page.total} noun="pair" none="No such pair" onGo={goTo} />
      {page.left > 0 && (
        <p className="soft small browser-note">{format.counted(page.left, 'more pair')}, less alike, not listed.</p>
      )}
      <ol className="sentences places" aria-label="Pairs" aria-busy={state.status === 'working'}>
        {page.pairs.map(({ kind, similarity, sides }) => (
          <li key={sides.map(({ task, split, index }) => `${task}/${split}/${index}`).join()}>
            <p className="place-head">
              <strong>{kind === 'exact' ? 'same text' : `${format.share(similarity)} alike`}</strong>
            </p>
            <div className="pair-sides">
              {sides.map((side) => (
                <div key={`${side.task}/${side.split}/${side.index}`} className="pair-side">
                  <SentenceLink task={tasks[side.task]} split={side.split} index={side.index} />
                  <MarkedSentence tokens={side.tokens} about={side.only} annotated={side.mentions} />
                </div>
              ))}
            </div>
          </li>
        ))}
      </ol>
    </div>
  );
}
