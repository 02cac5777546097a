// Tags new text with a trained tagger and shows the mentions found, with their confidence.
import { useCallback, useMemo, useState } from 'react';
import type { LabState, TaggingView, TaggingSource } from '../../lab/state/labState.ts';
import { restingRunView } from '../../lab/state/runViews.ts';
import { offeredTaggers, taggerKey, type OfferedTagger } from '../../lab/tagging/tagging.ts';
import { LabError } from '../../util/labError.ts';
import { Button } from '../parts/Button.tsx';
import { IssueList } from '../parts/IssueList.tsx';
import { Meter } from '../parts/Meter.tsx';
import { useDropHere, type BringIn } from '../shared/dropEntries.ts';
import { format } from '../shared/format.ts';
import { useAct } from '../shared/useAct.ts';
import { useLab, useLabActions, useRunRecords } from '../shared/useLab.ts';
import { TagForm, TaggerSelect } from './TagForm.tsx';
import { TaggingResults } from './TaggingResults.tsx';

/** Shows the progress of tagging with a button to cancel it, or why it stopped early. */
function TaggingProgress({ tagging }: { readonly tagging: TaggingView }) {
  const lab = useLabActions();
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
        : `Tagging stopped early. ${problem === null ? '' : LabError.describe(problem)}`}{' '}
      {`${soFar}.`}
    </p>
  );
}

/** `chosen`: the key of the tagger that the address names; null for none. */
export function TagPage({ chosen }: { readonly chosen: string | null }) {
  const records = useRunRecords();
  const models = useLab((state) => state.models);
  const tagging = useLab((state) => state.tagging);
  const [key, setKey] = useState(chosen ?? (tagging === null ? null : taggerKey(tagging.tagger)));
  const taggers = useMemo(() => offeredTaggers({ runs: records.map(restingRunView), models }), [records, models]);
  const tagger = taggers.find(({ ref }) => taggerKey(ref) === key) ?? taggers[0];
  return (
    <>
      <h1>Tag</h1>
      <p className="soft">Find entity mentions in new text or a corpus with a trained tagger.</p>
      {tagger === undefined ? (
        <p className="soft">
          There is no tagger yet. <a href="#/">Train one</a>, or drop a trained tagger on this page.
        </p>
      ) : (
        <Tagging tagging={tagging} taggers={taggers} tagger={tagger} onChoose={setKey} />
      )}
    </>
  );
}

interface TaggingProps {
  readonly tagging: TaggingView | null;
  readonly taggers: readonly OfferedTagger[];
  readonly tagger: OfferedTagger;
  readonly onChoose: (key: string) => void;
}

function Tagging({ tagging, taggers, tagger, onChoose }: TaggingProps) {
  const lab = useLabActions();
  const act = useAct();
  const corpora = useLab((state) => state.corpora);
  const hindrance = useLab(hindranceIn);
  const tag = useCallback(
    (source: TaggingSource) => void act(() => lab.tag(tagger.ref, source)),
    [act, lab, tagger.ref],
  );
  const take = useCallback<BringIn>(
    (files) =>
      void act(async () => {
        const dropped = await files();
        const { holdsModel } = await import('../../data/import/sortDrop.ts');
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

/** Says why tagging is not possible now; null if it is. */
function hindranceIn({ backend, activeRunId, owner }: LabState): string | null {
  if (owner === 'elsewhere') return 'Tag text in the other tab, where the lab is active.';
  if (backend.status === 'failed') return 'No backend is available for tagging: see the Train page.';
  if (backend.status === 'starting') return 'The backend is starting.';
  return activeRunId === null ? null : 'A run is using the device: pause it to tag text, or wait until it is done.';
}
