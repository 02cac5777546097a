// Shows a review: what a tagger found in a text, to correct it, save it, and train on the corrections.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { TaggingView } from '../../lab/state/labState.ts';
import { LabError } from '../../util/labError.ts';
import { IssueList } from '../parts/IssueList.tsx';
import { RemoveButton } from '../parts/RemoveButton.tsx';
import { format } from '../shared/format.ts';
import { goTo, replaceWith, type ReviewRoute } from '../shared/route.ts';
import { useAct } from '../shared/useAct.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { DictionarySelect, useLinkDictionary } from './MentionLinks.tsx';
import { ReviewPanel, type ReviewLook } from './ReviewPanel.tsx';
import { SaveReview } from './SaveReview.tsx';
import { TaggingProgress } from './TaggingProgress.tsx';
import { TaggingResults, ThresholdField } from './TaggingResults.tsx';

/** Opens the review of the address unless it is the one that is open. */
function useOpenReview(reviewId: string): TaggingView | null {
  const lab = useLabActions();
  const act = useAct();
  const tagging = useLab((state) => (state.tagging?.id === reviewId ? state.tagging : null));
  const isStored = useLab((state) => state.reviews.some(({ id }) => id === reviewId));
  const isOpen = tagging !== null;
  useEffect(() => {
    if (!isOpen && isStored) void act(() => lab.reviews.open(reviewId));
  }, [act, isOpen, isStored, lab, reviewId]);
  return tagging;
}

const WRITTEN_EVERY_MS = 250;

/** Keeps how the review is looked at, and writes it into the address; not for every step of the focus. */
function useLook(route: ReviewRoute): readonly [ReviewLook, (change: Partial<ReviewLook>) => void] {
  const [look, setLook] = useState<ReviewLook>(route);
  const [written, setWritten] = useState<ReviewLook>(route);
  const [seen, setSeen] = useState<ReviewLook>(route);
  const writtenAt = useRef(0);
  if (!isSameLook(route, seen)) {
    setSeen(route);
    // The address changed by itself: a link, or Back.
    if (!isSameLook(route, written)) {
      setWritten(route);
      setLook(route);
    }
  }
  const { reviewId } = route;
  useEffect(() => {
    if (isSameLook(look, written)) return undefined;
    const write = (): void => {
      writtenAt.current = performance.now();
      setWritten(look);
      replaceWith({ ...look, page: 'review', reviewId });
    };
    // At once, unless the focus moves on: browsers refuse many changes of the address in a short time.
    const timer = setTimeout(write, Math.max(0, WRITTEN_EVERY_MS - (performance.now() - writtenAt.current)));
    return () => clearTimeout(timer);
  }, [look, written, reviewId]);
  const change = useCallback((part: Partial<ReviewLook>) => setLook((current) => ({ ...current, ...part })), []);
  return [look, change];
}

function isSameLook(left: ReviewLook, right: ReviewLook): boolean {
  return (
    left.order === right.order &&
    left.filter === right.filter &&
    left.sentence === right.sentence &&
    left.threshold === right.threshold
  );
}

export function ReviewPage({ route }: { readonly route: ReviewRoute }) {
  const tagging = useOpenReview(route.reviewId);
  const record = useLab((state) => state.reviews.find(({ id }) => id === route.reviewId));
  const [look, onLook] = useLook(route);
  const [dictionaryId, setDictionaryId] = useLinkDictionary();
  if (tagging === null && record === undefined) {
    return (
      <>
        <h1>Review</h1>
        <p>
          There is no review at this address in this browser; it may have been removed. <a href="#/tag">Tag text</a>
        </p>
      </>
    );
  }
  const source = tagging?.source ?? record?.source ?? '';
  const review = tagging?.review ?? null;
  return (
    <>
      <div className="title-row">
        <div>
          <p className="crumb">
            <a href="#/tag">Tag</a>
          </p>
          <h1>Review of {source}</h1>
          <p className="soft">Correct what the tagger found, save it as a corpus, and train on your corrections.</p>
          {record !== undefined && (
            <p className="soft">
              Tagged {format.moment(record.taggedAt)} by {record.taggerName}. Text and corrections stay in this browser
              until you remove them.
            </p>
          )}
        </div>
        <div className="actions">
          <button type="button" className="button" onClick={focusSaving} disabled={review === null}>
            To saving and training
          </button>
          {record !== undefined && <RemoveReview reviewId={record.id} source={source} />}
        </div>
      </div>
      {tagging !== null && tagging.status !== 'done' && <TaggingProgress tagging={tagging} />}
      {tagging !== null && tagging.issueCount > 0 && (
        <IssueList issues={tagging.issues} issueCount={tagging.issueCount} />
      )}
      {tagging !== null && review !== null && (
        <>
          <section aria-labelledby="review-title" className="stack">
            <h2 id="review-title">Sentences</h2>
            <ThresholdField
              value={look.threshold / 100}
              onChange={(threshold) => onLook({ threshold: Math.round(100 * threshold) })}
            />
            <DictionarySelect value={dictionaryId} onChange={setDictionaryId} />
            <ReviewPanel review={review} look={look} onLook={onLook} dictionaryId={dictionaryId} />
          </section>
          <SaveReview
            review={review}
            source={source}
            tagger={tagging.tagger}
            types={tagging.types}
            threshold={look.threshold / 100}
          />
          <TaggingResults
            review={review}
            types={tagging.types}
            source={source}
            threshold={look.threshold / 100}
            dictionaryId={dictionaryId}
          />
        </>
      )}
      {tagging?.status === 'failed' && tagging.problem !== null && review === null && (
        <p className="problem boxed" role="alert">
          {LabError.describe(tagging.problem)}
        </p>
      )}
    </>
  );
}

function focusSaving(): void {
  document.getElementById('review-corpus-name')?.focus();
}

function RemoveReview({ reviewId, source }: { readonly reviewId: string; readonly source: string }) {
  const lab = useLabActions();
  const remove = async () => {
    await lab.reviews.remove(reviewId);
    goTo({ page: 'tag' });
  };
  return (
    <RemoveButton
      subject={`review of ${source}`}
      loss={<p>The text and your corrections will be removed from this browser. Corpora made of it stay.</p>}
      onRemove={remove}
    />
  );
}
