// Tags new text with a trained tagger and shows what it found, with how sure it is.
import { useCallback, useMemo, useState } from 'react';
import { holdsModel } from '../../lab/library/sortDrop.ts';
import type { LabState, TaggingView, TaggingSource } from '../../lab/state/labState.ts';
import { offeredTaggers, taggerKey, type OfferedTagger } from '../../lab/tagging/tagging.ts';
import { LabError } from '../../util/labError.ts';
import { Button } from '../parts/Button.tsx';
import { IssueList } from '../parts/IssueList.tsx';
import { Meter } from '../parts/Meter.tsx';
import { useDropHere, type BringIn } from '../shared/dropEntries.ts';
import { format } from '../shared/format.ts';
import { useAct } from '../shared/useAct.ts';
import { useLab } from '../shared/useLab.ts';
import { TagForm, TaggerSelect } from './TagForm.tsx';
import { TaggingResults } from './TaggingResults.tsx';

/** How far tagging is, with the way to end it, or why it ended early. */
function TaggingProgress({ tagging }: { readonly tagging: TaggingView }) {
  const { lab } = useLab();
  const { source, status, progress, documents, documentCount, problem } = tagging;
  const soFar = `${source}: ${format.count(documents.length)} of ${format.counted(documentCount, 'document')} tagged`;
  if (status === 'reading' || status === 'tagging') {
    return (
      <div className="tagging-progress" role="status">
        <Meter label="Tagging" done={progress?.done ?? 0} total={progress?.of ?? 0} />
        <span className="number">
          {status === 'reading' ? `Reading ${source}` : soFar}
          {progress !== null && progress.remainingMs !== null && `, ${format.duration(progress.remainingMs)} left`}
        </span>
        <Button onAct={() => lab.stopTagging()}>Cancel</Button>
      </div>
    );
  }
  if (status === 'done') return <p className="soft" role="status">{`${soFar}.`}</p>;
  return (
    <p className="problem boxed" role="alert">
      {status === 'stopped'
        ? 'Cancelled'
        : `Tagging ended early. ${problem === null ? '' : LabError.describe(problem)}`}{' '}
      {`${soFar}.`}
    </p>
  );
}

/** `chosen`: the key of the tagger that the address names; null for none. */
export function TagPage({ chosen }: { readonly chosen: string | null }) {
  const { state } = useLab();
  const { runs, models, tagging } = state;
  const [key, setKey] = useState(chosen ?? (tagging === null ? null : taggerKey(tagging.tagger)));
  const taggers = useMemo(() => offeredTaggers({ runs, models }), [runs, models]);
  const tagger = taggers.find(({ ref }) => taggerKey(ref) === key) ?? taggers[0];
  return (
    <>
      <h1>Tag</h1>
      {tagger === undefined ? (
        <p className="soft">
          There is no tagger yet. <a href="#/">Train one</a>, or drop a trained tagger on the page.
        </p>
      ) : (
        <Tagging state={state} taggers={taggers} tagger={tagger} onChoose={setKey} />
      )}
    </>
  );
}

interface TaggingProps {
  readonly state: LabState;
  readonly taggers: readonly OfferedTagger[];
  readonly tagger: OfferedTagger;
  readonly onChoose: (key: string) => void;
}

function Tagging({ state, taggers, tagger, onChoose }: TaggingProps) {
  const { lab } = useLab();
  const act = useAct();
  const { tagging, corpora } = state;
  const hindrance = hindranceIn(state);
  const tag = useCallback(
    (source: TaggingSource) => void act(() => lab.tag(tagger.ref, source)),
    [act, lab, tagger.ref],
  );
  const take = useCallback<BringIn>(
    (files) =>
      void act(async () => {
        const dropped = await files();
        if (await holdsModel(dropped)) await lab.importFiles(dropped);
        else if (hindrance === null) tag({ kind: 'files', files: dropped });
        else throw new LabError('tagger/busy', hindrance);
      }),
    [act, hindrance, lab, tag],
  );
  useDropHere(take);
  return (
    <>
      <section className="panel stack" aria-label="Text to tag">
        <TaggerSelect taggers={taggers} chosen={tagger} onChoose={onChoose} />
        <TagForm corpora={corpora} hindrance={hindrance} onTag={tag} />
      </section>
      {tagging !== null && (
        <>
          <section aria-labelledby="tagging-title">
            <h2 id="tagging-title">Result</h2>
            <TaggingProgress tagging={tagging} />
            {tagging.issueCount > 0 && <IssueList issues={tagging.issues} issueCount={tagging.issueCount} />}
          </section>
          <TaggingResults
            key={tagging.id}
            documents={tagging.documents}
            types={tagging.types}
            source={tagging.source}
            status={tagging.status}
          />
        </>
      )}
    </>
  );
}

/** Why nothing can be tagged now; null when it can. */
function hindranceIn({ backend, activeRunId, owner }: LabState): string | null {
  if (owner === 'elsewhere') return 'Text is tagged in the tab that has the lab.';
  if (backend.status === 'failed') return 'There is no backend to tag with: see Train.';
  if (backend.status === 'starting') return 'The backend is starting.';
  return activeRunId === null ? null : 'A run is on the device: pause it to tag text, or wait until it is done.';
}
