// Shows a review: what a tagger found in a text, to correct it, save it as a corpus, and train on the corrections.
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Review } from '../../lab/review/review.ts';
import {
  countBegun,
  isBegun,
  tallyReview,
  type ReviewDivision,
  type ReviewTally,
} from '../../lab/review/reviewCorpus.ts';
import type { TaggingView } from '../../lab/state/labState.ts';
import { canBeFurtherTask, corporaOfTagger, retrainPlan } from '../../lab/tagging/taggerGroups.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { LabError } from '../../util/labError.ts';
import type { TaggerRef } from '../../wire/trainingProtocol.ts';
import { Button, RemoveButton, useAct } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { IssueList } from '../parts/IssueList.tsx';
import { enterNumber, format, wholeNumber } from '../shared/format.ts';
import { goTo, replaceWith, routeHref, type ReviewRoute } from '../shared/route.ts';
import { shallow, useLab, useLabActions } from '../shared/useLab.ts';
import { useDraftChange } from '../train/planDraft.ts';
import { DictionarySelect, useLinkDictionary } from './MentionTables.tsx';
import { ReviewPanel, type ReviewLook } from './ReviewPanel.tsx';
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

// Saves reviewed sentences as a corpus, says what it will hold and what it can be scored on, and leads to the training on it.

const SEEDS = [0, 4294967295] as const;

interface SaveReviewProps {
  readonly review: Review;
  readonly source: string;
  readonly tagger: TaggerRef;
  /** Types of the tagger. */
  readonly types: readonly string[];
  readonly threshold: number;
}

export function SaveReview({ review, source, tagger, types, threshold }: SaveReviewProps) {
  const lab = useLabActions();
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const trainedOn = useLab((state) => corporaOfTagger(state, tagger), shallow);
  const [name, setName] = useState<string | null>(null);
  const [onlyReviewed, setOnlyReviewed] = useState(true);
  const [division, setDivision] = useState<string | null>(null);
  const [seed, setSeed] = useState('1');
  const [savedId, setSavedId] = useState<string | null>(null);
  const saved = useLab((state) => state.corpora.find(({ id }) => id === savedId));
  const names = useLab((state) => state.corpora.map((corpus) => corpus.name), shallow);
  const tally = useMemo(() => tallyReview(review, { onlyReviewed, threshold }), [review, onlyReviewed, threshold]);
  const begun = useMemo(() => (onlyReviewed ? countBegun(review) : 0), [review, onlyReviewed]);
  const sentences = tally.reviewedSentences + tally.untouchedSentences;
  // Several types cannot become a further task under one name, so their corpus is joined.
  const [first] = trainedOn;
  const chosen = division ?? (first !== undefined && !canBeFurtherTask(types) ? first.id : 'train');
  const seedNumber = wholeNumber(seed, ...SEEDS);
  const made: ReviewDivision | null =
    chosen === 'train'
      ? { kind: 'train' }
      : chosen !== 'divided'
        ? { kind: 'joined', corpusId: chosen }
        : seedNumber === null
          ? null
          : { kind: 'divided', seed: seedNumber };
  const wanted = name ?? freeName(`${format.fileName(source) || 'text'}-reviewed`, names);
  const save = async () => {
    if (made === null) return;
    await lab.reviews.stored();
    setSavedId(await lab.reviews.saveCorpus(wanted, { onlyReviewed, threshold, division: made }));
    setName(null);
  };
  const markBegun = () => {
    const open = review.sentences.flatMap((sentence, index) => (isBegun(sentence) ? [index] : []));
    if (open.length > 0) lab.reviews.step({ kind: 'review', sentences: open, threshold });
  };
  return (
    <section className="panel stack" aria-labelledby="save-title">
      <h2 id="save-title">Save as corpus</h2>
      <p className="soft">{tallyWords(tally)}</p>
      {begun > 0 && (
        <p>
          {format.counted(begun, 'sentence')} with corrections {begun === 1 ? 'is' : 'are'} not marked as reviewed, and
          would be left out. <Button onAct={markBegun}>Mark as reviewed</Button>
        </p>
      )}
      <div className="fields">
        <Field label="Name" id="review-corpus-name">
          {(control) => (
            <input {...control} type="text" value={wanted} onChange={(event) => setName(event.target.value)} />
          )}
        </Field>
        <Field label="Sentences">
          {(control) => (
            <select
              {...control}
              value={onlyReviewed ? 'reviewed' : 'all'}
              onChange={(event) => setOnlyReviewed(event.target.value === 'reviewed')}
            >
              <option value="reviewed">reviewed ones ({format.count(review.reviewedCount)})</option>
              <option value="all">all ({format.count(review.sentences.length)})</option>
            </select>
          )}
        </Field>
        <Field label="Splits">
          {(control) => (
            <select {...control} value={chosen} onChange={(event) => setDivision(event.target.value)}>
              <option value="train">all for training</option>
              <option value="divided">divided by a seed: train, devel, test</option>
              {trainedOn.map(({ id, name: joinedName }) => (
                <option key={id} value={id}>
                  joined with {joinedName}
                </option>
              ))}
            </select>
          )}
        </Field>
        {chosen === 'divided' && (
          <Field label="Seed" problem={seedNumber === null ? enterNumber(...SEEDS) : undefined}>
            {(control) => (
              <input
                {...control}
                type="text"
                inputMode="numeric"
                value={seed}
                onChange={(event) => setSeed(event.target.value)}
              />
            )}
          </Field>
        )}
      </div>
      <p className="soft">
        {divisionWords(made, trainedOn, types)}
        {!onlyReviewed && ' Mentions that nobody looked at are taken as the tagger found them, its errors included.'}
      </p>
      <div className="actions">
        <Button kind="strong" disabled={isElsewhere || sentences === 0 || made === null} onAct={save}>
          Save as corpus
        </Button>
        {sentences === 0 && <span className="soft">Review a sentence first, or take all sentences.</span>}
      </div>
      {saved !== undefined && <SavedCorpus corpus={saved} trainedOn={trainedOn} />}
    </section>
  );
}

interface SavedCorpusProps {
  readonly corpus: CorpusRecord;
  readonly trainedOn: readonly CorpusRecord[];
}

/** Leads from the saved corpus to its page and to the form that trains on it. */
function SavedCorpus({ corpus, trainedOn }: SavedCorpusProps) {
  const lab = useLabActions();
  const { trainOn, trainAgain } = useDraftChange();
  const train = () => {
    const plan = retrainPlan(lab.getState(), corpus);
    if (plan === null) trainOn(corpus);
    else trainAgain(plan);
  };
  const joinedWith = corpus.review?.joinedWith ?? null;
  const beside = joinedWith === null ? trainedOn.map(({ name }) => name).join(', ') : '';
  return (
    <div className="saved-corpus" role="status">
      <p>
        Saved as <a href={routeHref({ page: 'corpus', corpusId: corpus.id })}>{corpus.name}</a>:{' '}
        {format.count(corpus.counts.train.sentences)} train, {format.count(corpus.counts.devel.sentences)} devel,{' '}
        {format.count(corpus.counts.test.sentences)} test.
      </p>
      <div className="actions">
        <Button kind="primary" onAct={train}>
          Train on this
        </Button>
        {beside !== '' && <span className="soft">with the tagger’s settings, together with {beside}</span>}
      </div>
    </div>
  );
}

function tallyWords(tally: ReviewTally): string {
  const { reviewedSentences, untouchedSentences, accepted, changed, added, untouched, rejected } = tally;
  const sentences = [
    format.counted(reviewedSentences, 'reviewed sentence'),
    ...(untouchedSentences === 0 ? [] : [`${format.count(untouchedSentences)} not reviewed`]),
  ];
  const mentions = [
    `${format.count(accepted)} accepted as found`,
    `${format.count(changed)} changed`,
    `${format.count(added)} added`,
    ...(untouched === 0 ? [] : [`${format.count(untouched)} as the tagger left them`]),
    `${format.count(rejected)} rejected and not in it`,
  ];
  return `The corpus will have ${sentences.join(' and ')}. Mentions: ${mentions.join(', ')}.`;
}

/** Says what a training on the corpus can be scored on. */
function divisionWords(
  division: ReviewDivision | null,
  trainedOn: readonly CorpusRecord[],
  types: readonly string[],
): string {
  const names = trainedOn.map(({ name }) => name).join(', ');
  switch (division?.kind) {
    case undefined:
      return '';
    case 'divided':
      return 'About a tenth of the sentences each for devel and test, the others for training; whole documents together where there are ten or more.';
    case 'joined':
      return `All sentences become training text beside those of the corpus the tagger was trained on, whose devel and test sentences give the scores.`;
    case 'train':
      if (names === '') {
        return 'Training text alone gives no score, because there are no devel and test sentences: train it together with a corpus that has them, or divide it by a seed.';
      }
      return canBeFurtherTask(types)
        ? `Training text alone gives no score. “Train on this” therefore trains it together with ${names}, whose devel and test sentences give the scores.`
        : `Training text alone gives no score, and a tagger of several types cannot take it as a further task: join it with ${names} instead.`;
  }
}

function freeName(name: string, taken: readonly string[]): string {
  let free = name;
  for (let number = 2; taken.includes(free); number++) free = `${name}-${number}`;
  return free;
}
