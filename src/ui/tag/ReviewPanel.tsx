// Reviews tagged sentences, a page at a time: accept, change, reject and add mentions by keyboard and by pointer.
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import type { MentionLink } from '../../data/corpus/corpus.ts';
import { filterSentences, lastChanged, nextUnreviewed, orderSentences, type Review } from '../../lab/review/review.ts';
import { Meter } from '../parts/Button.tsx';
import { Pager } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { REVIEW_FILTERS, REVIEW_ORDERS, type ReviewRoute } from '../shared/route.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { warnBeforeLeaving } from '../shared/viewState.ts';
import { LinkCard, linksIn, useLinks } from './MentionTables.tsx';
import { ReviewKeys, ReviewSentence, ReviewTools } from './ReviewSentence.tsx';
import {
  actionOfKey,
  cursorAfterKey,
  stepOf,
  targetOf,
  type ReviewAction,
  type ReviewCursor,
  type ReviewTarget,
} from './reviewCommands.ts';

const PAGE_SIZE = 25;

const ORDER_NAMES: Readonly<Record<ReviewRoute['order'], string>> = {
  unsure: 'least certain first',
  text: 'as in the text',
};

const FILTER_NAMES: Readonly<Record<ReviewRoute['filter'], string>> = {
  all: 'all sentences',
  unreviewed: 'not reviewed',
  differing: 'different from the annotation',
};

export type ReviewLook = Omit<ReviewRoute, 'reviewId'>;

interface ReviewPanelProps {
  readonly review: Review;
  readonly look: ReviewLook;
  readonly onLook: (change: Partial<ReviewLook>) => void;
  /** The dictionary that mentions are linked by; null for none. */
  readonly dictionaryId: string | null;
}

export function ReviewPanel({ review, look, onLook, dictionaryId }: ReviewPanelProps) {
  const lab = useLabActions();
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const threshold = look.threshold / 100;
  const { confidences, documents, places, types } = review;
  const order = useMemo(() => orderSentences({ confidences }, look.order), [confidences, look.order]);
  const at = look.sentence === null ? null : look.sentence - 1;
  const list = useMemo(() => filterSentences(review, order, look.filter, at), [review, order, look.filter, at]);
  const position = Math.max(0, at === null ? 0 : list.indexOf(at));
  const current = list[position] ?? null;
  const first = Math.floor(position / PAGE_SIZE) * PAGE_SIZE;
  const page = list.slice(first, first + PAGE_SIZE);

  const firstMention = (sentence: number): number => review.sentences[sentence]?.mentions[0]?.start ?? 0;
  const [within, setWithin] = useState<Pick<ReviewCursor, 'token' | 'anchor'>>(() => {
    return { token: current === null ? 0 : firstMention(current), anchor: null };
  });
  const [said, setSaid] = useState('');
  const box = useRef<HTMLOListElement>(null);
  /** Whether the focus follows to the token after the next drawing. */
  const follow = useRef(false);
  const dragging = useRef(false);
  const length = current === null ? 0 : (review.sentences[current]?.length ?? 0);
  const cursor = useMemo<ReviewCursor | null>(() => {
    if (current === null) return null;
    const last = Math.max(0, length - 1);
    const { token, anchor } = within;
    return { sentence: current, token: Math.min(token, last), anchor: anchor === null ? null : Math.min(anchor, last) };
  }, [current, length, within]);

  const aimed = cursor === null ? undefined : review.sentences[cursor.sentence];
  const target = cursor === null || aimed === undefined ? null : targetOf(cursor, aimed, threshold);
  const words = (start: number, end: number): string => {
    const place = current === null ? undefined : places[current];
    const document = place && documents[place.document];
    const tokens = document?.sentences[place?.sentence ?? 0];
    return document?.text.slice(tokens?.[start]?.start, tokens?.[end - 1]?.end) ?? '';
  };
  const mention = target?.mention ?? null;
  const mentionWords = mention === null ? '' : words(mention.start, mention.end);
  const links = useLinks(dictionaryId, mention && { text: mentionWords, type: mention.type }, types);

  // A correction is stored moments after it is made.
  useEffect(() => {
    const end = warnBeforeLeaving();
    void lab.reviews.stored().then(end);
    return end;
  }, [lab, review]);

  useEffect(() => {
    if (!follow.current) return;
    follow.current = false;
    const token = box.current?.querySelector<HTMLElement>('.current [role="option"][tabindex="0"]');
    token?.focus({ preventScroll: true });
    token?.closest('li')?.scrollIntoView({ block: 'nearest' });
  });

  /** Shows a sentence, with the focus on a token of it. */
  const goTo = (sentence: number | null, token = 0) => {
    if (sentence === null) return;
    setWithin({ token, anchor: null });
    follow.current = true;
    onLook({ sentence: sentence + 1 });
  };

  const act = (action: ReviewAction) => {
    if (target === null || current === null) return;
    // Arrow keys go through the list of ids, so the focus stays there.
    follow.current = action.kind !== 'link';
    const step = stepOf(action, target, types, threshold, linksIn(links));
    if (typeof step === 'string') return setSaid(step);
    const changed = step.kind === 'undo' || step.kind === 'redo' ? lastChanged(review, step.kind) : null;
    const refusal = lab.reviews.step(step);
    if (refusal !== null) return setSaid(refusal);
    setSaid(step.kind === 'link' ? linkWords(step.link) : actionWords(action, target));
    if (changed !== null && changed !== current) return goTo(changed, firstMention(changed));
    if (action.kind === 'review') {
      const next = nextUnreviewed(review, list, current);
      if (next === null) return setSaid('Every sentence shown is reviewed.');
      return goTo(next, firstMention(next));
    }
    setWithin({ ...within, anchor: null });
  };

  /** Escape leads from the list of ids to the token; undo and redo work there too. */
  const pressInCard = (event: KeyboardEvent) => {
    const action = event.ctrlKey || event.metaKey ? actionOfKey(event, types) : null;
    if (action !== null) act(action);
    else if (event.key === 'Escape') {
      follow.current = true;
      setWithin({ ...within });
    } else return;
    event.preventDefault();
  };

  const press = (event: KeyboardEvent) => {
    if (!(event.target instanceof HTMLElement) || cursor === null) return;
    if (event.target.closest('.link-card') !== null) return pressInCard(event);
    if (event.target.role !== 'option') return;
    const sentence = review.sentences[cursor.sentence];
    if (sentence === undefined) return;
    const action = isElsewhere ? null : actionOfKey(event, types);
    const moved =
      event.ctrlKey || event.metaKey || event.altKey ? null : cursorAfterKey(event, cursor, sentence, threshold);
    const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -PAGE_SIZE, PageDown: PAGE_SIZE }[event.key];
    if (action !== null) act(action);
    else if (moved !== null) {
      follow.current = true;
      setWithin(moved);
    } else if (step !== undefined) {
      const to = list[Math.min(list.length - 1, Math.max(0, position + step))];
      if (to !== undefined && to !== current) goTo(to);
    } else return;
    event.preventDefault();
  };

  /** Puts the focus on the token under the pointer, or extends the selection to it. */
  const point = (event: PointerEvent, extends_: boolean) => {
    if (!(event.target instanceof HTMLElement)) return;
    const token =
      event.target.closest<HTMLElement>('[data-token]') ??
      event.target.closest('.mention')?.querySelector<HTMLElement>('[data-token]');
    const row = event.target.closest<HTMLElement>('[data-sentence]');
    if (row === null || event.target.closest('.review-tools, .link-card') !== null) return;
    const sentence = Number(row.dataset['sentence']);
    const index = token == null ? 0 : Number(token.dataset['token']);
    if (extends_ && sentence === current) {
      if (within.token !== index) setWithin({ token: index, anchor: within.anchor ?? within.token });
      return;
    }
    if (extends_) return;
    dragging.current = true;
    follow.current = true;
    setWithin({ token: index, anchor: null });
    if (sentence !== current) onLook({ sentence: sentence + 1 });
  };

  return (
    <>
      <ReviewProgress review={review} />
      <div className="filters review-filters" role="group" aria-label="Which sentences">
        <label>
          Order{' '}
          <select
            value={look.order}
            onChange={(event) =>
              onLook({ order: REVIEW_ORDERS.find((one) => one === event.target.value) ?? 'unsure', sentence: null })
            }
          >
            {REVIEW_ORDERS.map((one) => (
              <option key={one} value={one}>
                {ORDER_NAMES[one]}
              </option>
            ))}
          </select>
        </label>
        <label>
          Show{' '}
          <select
            value={look.filter}
            onChange={(event) =>
              onLook({ filter: REVIEW_FILTERS.find((one) => one === event.target.value) ?? 'all', sentence: null })
            }
          >
            {REVIEW_FILTERS.filter((one) => one !== 'differing' || review.annotated !== null).map((one) => (
              <option key={one} value={one}>
                {FILTER_NAMES[one]}
              </option>
            ))}
          </select>
        </label>
        <span className="actions">
          <button
            type="button"
            className="button small"
            disabled={review.past === null || isElsewhere}
            onClick={() => act({ kind: 'undo' })}
          >
            Undo
          </button>
          <button
            type="button"
            className="button small"
            disabled={review.future === null || isElsewhere}
            onClick={() => act({ kind: 'redo' })}
          >
            Redo
          </button>
          <button
            type="button"
            className="button small"
            disabled={isElsewhere || page.every((index) => review.sentences[index]?.isReviewed)}
            onClick={() => {
              const open = page.filter((index) => review.sentences[index]?.isReviewed === false);
              if (open.length > 0) lab.reviews.step({ kind: 'review', sentences: open, threshold });
              setSaid(`${format.counted(open.length, 'sentence')} accepted.`);
            }}
          >
            Accept this page
          </button>
        </span>
      </div>
      <ReviewKeys types={types} />
      <p className="visually-hidden" role="status">
        {said}
      </p>
      <div className="browser review">
        <Pager
          first={first}
          size={PAGE_SIZE}
          total={list.length}
          noun="sentence"
          none={look.filter === 'all' ? 'No text' : 'No sentence is left here'}
          onGo={(item) => {
            const to = list[Math.max(0, item)];
            if (to === undefined) return;
            setWithin({ token: 0, anchor: null });
            onLook({ sentence: to + 1 });
          }}
        />
        <ol
          className="sentences"
          ref={box}
          aria-label="Sentences to review"
          onKeyDown={press}
          onPointerDown={(event) => event.button === 0 && point(event, event.shiftKey)}
          onPointerOver={(event) => dragging.current && event.buttons === 1 && point(event, true)}
          onPointerUp={() => (dragging.current = false)}
        >
          {page.map((index) => {
            const place = places[index];
            const document = place && documents[place.document];
            const tokens = document?.sentences[place?.sentence ?? 0];
            const sentence = review.sentences[index];
            if (document === undefined || tokens === undefined || sentence === undefined) return null;
            const own = cursor?.sentence === index ? cursor : null;
            return (
              <ReviewSentence
                key={index}
                index={index}
                sentence={sentence}
                text={document.text}
                tokens={tokens}
                types={types}
                threshold={threshold}
                annotated={review.annotated === null ? null : (review.annotated[index] ?? [])}
                cursor={own}
              >
                {own !== null && target !== null && !isElsewhere && (
                  <>
                    {said !== '' && (
                      <p className="review-said" aria-hidden="true">
                        {said}
                      </p>
                    )}
                    <ReviewTools target={target} review={review} words={words(target.start, target.end)} onAct={act} />
                    {mention !== null && (
                      <LinkCard
                        mention={mention}
                        words={mentionWords}
                        state={links}
                        onChoose={(link) => act({ kind: 'link', link })}
                      />
                    )}
                  </>
                )}
              </ReviewSentence>
            );
          })}
        </ol>
      </div>
    </>
  );
}

/** `12 of 40 sentences reviewed`. */
function ReviewProgress({ review: { reviewedCount, sentences } }: { readonly review: Review }) {
  const words = `${format.count(reviewedCount)} of ${format.counted(sentences.length, 'sentence')} reviewed`;
  return (
    <div className="tagging-progress">
      <Meter label="Sentences reviewed" done={reviewedCount} total={sentences.length} />
      <span className="number">{words}</span>
    </div>
  );
}

function linkWords(link: MentionLink | null): string {
  return link === null ? 'None of the ids chosen.' : `Id ${link.id} chosen: ${link.name ?? ''}`;
}

/** Says what an action did, for those who do not see it. */
function actionWords(action: ReviewAction, { mention }: ReviewTarget): string {
  switch (action.kind) {
    case 'accept':
      return 'Mention accepted.';
    case 'reject':
      return mention === null ? 'Mention restored.' : 'Mention rejected.';
    case 'type':
      return mention === null ? `${action.type} added.` : `Type ${action.type}.`;
    case 'nextType':
      return mention === null ? 'Mention added.' : 'Type changed.';
    case 'link':
    case 'nextLink':
      return 'Id chosen.';
    case 'borders':
    case 'border':
      return 'Borders changed.';
    case 'review':
      return 'Sentence reviewed.';
    case 'reopen':
      return 'Sentence marked as not reviewed.';
    case 'annotated':
      return 'Annotation taken.';
    case 'undo':
      return 'Undone.';
    case 'redo':
      return 'Redone.';
  }
}
