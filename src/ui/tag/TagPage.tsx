// Tags text with a trained tagger, leads to the review of what was found, and lists the reviews that are stored.
import { useCallback, useEffect, useMemo, useRef } from 'react';
import type { LabState, TaggingSource } from '../../lab/state/labState.ts';
import { restingRunView } from '../../lab/state/runViews.ts';
import { groupTaggers, taggerName } from '../../lab/tagging/taggerGroups.ts';
import { offeredTaggers, taggerKey, type OfferedTagger } from '../../lab/tagging/offeredTaggers.ts';
import { LabError } from '../../util/labError.ts';
import { Button } from '../parts/Button.tsx';
import { IssueList } from '../parts/IssueList.tsx';
import { useDropHere, type BringIn } from '../shared/dropEntries.ts';
import { format } from '../shared/format.ts';
import { replaceWith, type TagChoice } from '../shared/route.ts';
import { saveTaggerPage } from '../shared/saveFile.ts';
import { useAct } from '../shared/useAct.ts';
import { useDescriptions } from '../shared/useDescriptions.ts';
import { useLab, useLabActions, useRunRecords } from '../shared/useLab.ts';
import { useLayers } from '../shared/useLayers.ts';
import { DictionarySelect, useLinkDictionary } from './MentionLinks.tsx';
import { TagForm, TaggerSelect } from './TagForm.tsx';
import { reviewAddress, StoredReviews, TaggingProgress } from './TaggingProgress.tsx';

export function TagPage({ choice }: { readonly choice: TagChoice }) {
  const records = useRunRecords();
  const models = useLab((state) => state.models);
  const last = useLab((state) => (state.tagging === null ? null : taggerKey(state.tagging.tagger)));
  const layersOf = useLayers();
  const experimentOf = useDescriptions('experiments');
  const taggers = useMemo(() => offeredTaggers({ runs: records.map(restingRunView), models }), [records, models]);
  const groups = useMemo(
    () => groupTaggers(taggers, records, layersOf, (id) => experimentOf(id).name),
    [taggers, records, layersOf, experimentOf],
  );
  const find = (key: string | null) => taggers.find(({ ref }) => taggerKey(ref) === key);
  // A tagger of this lab's own runs was trained for what the person tags; what comes with the lab is for everything else.
  const newest = groups.find(({ kind }) => kind === 'experiment') ?? groups[0];
  const tagger = find(choice.tagger) ?? find(last) ?? newest?.taggers[0];
  const choose = (key: string) => {
    const { corpusId, split } = choice;
    if (corpusId === null) replaceWith({ page: 'tagWith', tagger: key });
    else replaceWith({ page: 'tagCorpus', tagger: key, corpusId, split });
  };
  return (
    <>
      <h1>Tag and review</h1>
      <p className="soft">
        Find entity mentions in text with a trained tagger, correct what it finds, and train on your corrections.
      </p>
      {tagger === undefined ? (
        <p className="soft">
          There is no tagger yet. <a href="#/">Train one</a>, or drop a trained tagger on this page.
        </p>
      ) : (
        <section className="panel stack" aria-label="Text to tag">
          <TaggerSelect groups={groups} chosen={tagger} onChoose={choose} />
          <Tagging choice={choice} tagger={tagger} />
          <ShareTagger tagger={tagger} />
        </section>
      )}
      <StoredReviews />
    </>
  );
}

interface TaggingProps {
  readonly choice: TagChoice;
  readonly tagger: OfferedTagger;
}

function Tagging({ choice, tagger }: TaggingProps) {
  const lab = useLabActions();
  const act = useAct();
  const tagging = useLab((state) => state.tagging);
  const corpora = useLab((state) => state.corpora);
  const hindrance = useLab(hindranceIn);
  /** Whether what is being tagged was begun here, so that its review is shown when it is done. */
  const isWaiting = useRef(false);
  const tag = useCallback(
    (source: TaggingSource) => {
      isWaiting.current = true;
      void act(() => lab.tag(tagger.ref, source));
    },
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
  const reviewId = tagging !== null && tagging.review !== null ? tagging.id : null;
  useEffect(() => {
    if (reviewId === null || !isWaiting.current) return;
    isWaiting.current = false;
    window.location.hash = reviewAddress(reviewId);
  }, [reviewId]);
  return (
    <>
      <LinkChoice />
      <TagForm corpora={corpora} choice={choice} hindrance={hindrance} onTag={tag} />
      {tagging !== null && (
        <div className="stack">
          <TaggingProgress tagging={tagging} />
          {tagging.review === null && tagging.issueCount > 0 && (
            <IssueList issues={tagging.issues} issueCount={tagging.issueCount} />
          )}
          {reviewId !== null && (
            <p>
              <a href={reviewAddress(reviewId)}>Continue the review of {tagging.source}</a>
            </p>
          )}
        </div>
      )}
    </>
  );
}

/** Chooses the dictionary for what is tagged next; the review has the same choice. */
function LinkChoice() {
  const [dictionaryId, setDictionaryId] = useLinkDictionary();
  return <DictionarySelect value={dictionaryId} onChange={setDictionaryId} />;
}

/** Saves the chosen tagger as a page of one file, for people who have no lab. */
function ShareTagger({ tagger }: { readonly tagger: OfferedTagger }) {
  const lab = useLabActions();
  const layersOf = useLayers();
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const { types, ref } = tagger;
  const share = (): Promise<void> => {
    const name = format.fileName('tagger', taggerName(tagger, layersOf));
    return saveTaggerPage(lab, ref, { title: `Tagger for ${types.join(', ')}`, types }, name);
  };
  return (
    <details className="fold">
      <summary>Share this tagger</summary>
      <p className="soft">
        One HTML file with the tagger inside. It tags text wherever it is opened, without a lab, a server or a network.
        Its weights are rounded to 16 bits. The licences of the pretrained model and of the corpora may bind what you
        pass on.
      </p>
      <p className="actions">
        <Button onAct={share} disabled={isElsewhere}>
          Save tagger as a page
        </Button>
        {isElsewhere && <span className="soft">Save it in the other tab, where the lab is active.</span>}
      </p>
    </details>
  );
}

/** Says why tagging is not possible now; null if it is. */
function hindranceIn({ backend, activeRunId, owner }: LabState): string | null {
  if (owner === 'elsewhere') return 'Tag text in the other tab, where the lab is active.';
  if (backend.status === 'failed')
    return 'No backend is available for tagging: choose another behind the badge in the header.';
  if (backend.status === 'starting') return 'The backend is starting.';
  return activeRunId === null ? null : 'A run is using the device: pause it to tag text, or wait until it is done.';
}
