// Predicted mentions that training knows and the test never labels, the most certain first.
import type { EntitySetsQuery } from '../../schema/entitySetsQuery.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { Pager } from '../components/Pager.tsx';
import { format } from '../format.ts';
import { shownAnswer, useAnalysis } from '../useAnalysis.ts';
import { usePageOf } from '../usePageOf.ts';
import { AnalysisWait } from './AnalysisWait.tsx';
import { MarkedSentence } from './MarkedSentence.tsx';
import { SentenceLink } from './SentenceLink.tsx';

const PAGE_SIZE = 10;

export function MissedSection({ sets, task }: { readonly sets: EntitySetsQuery; readonly task: TaskRef }) {
  const [first, goTo] = usePageOf(PAGE_SIZE);
  const state = useAnalysis('missedLabels', { sets, first, count: PAGE_SIZE });
  const page = shownAnswer(state);
  if (page === null) return state.status === 'ready' ? null : <AnalysisWait state={state} doing="Comparing the sets" />;
  return (
    <div className="browser paged">
      <Pager first={first} size={PAGE_SIZE} total={page.total} noun="mention" none="No such mention" onGo={goTo} />
      <p className="tracks-legend small browser-note">
        <span className="track annotated">annotated</span>
        <span className="track first">predicted</span>
      </p>
      <ol className="sentences places" aria-label="Perhaps missed" aria-busy={state.status === 'working'}>
        {page.missed.map((one) => (
          <li key={`${one.sentence}/${one.start}`}>
            <p className="place-head">
              <strong className="certainty">{format.confidence(one.confidence)}</strong>
              <span className="string">{one.text}</span>
              <span className="soft">{format.counted(one.training, 'time')} in training</span>
              <SentenceLink task={task} split="test" index={one.sentence} />
            </p>
            <MarkedSentence tokens={one.tokens} about={[one]} annotated={one.mentions} predicted={[[one]]} />
          </li>
        ))}
      </ol>
    </div>
  );
}
