// Shows one sentence of a review, its tokens and mentions with confidence and decision, and the buttons and keys for what is in focus.
import { memo, type ReactNode } from 'react';
import type { Mention } from '../../data/corpus/corpus.ts';
import type { Span } from '../../data/documents/document.ts';
import type { Review } from '../../lab/review/review.ts';
import { isLive, isSameSpan, type ReviewedMention, type ReviewedSentence } from '../../lab/review/reviewedSentence.ts';
import { typeClass } from '../parts/SentenceLine.tsx';
import { format } from '../shared/format.ts';
import { isShown, type ReviewAction, type ReviewCursor, type ReviewTarget } from './reviewCommands.ts';

const DECISION_SIGNS = { open: '', accepted: '✓', rejected: '✗' } as const;

/** Says how a mention came to be what it is. */
export function decisionWords({ decision, was, origin, confidence, type }: ReviewedMention): string {
  const sure = confidence === null ? '' : `, confidence ${format.confidence(confidence)}`;
  if (decision === 'rejected') return `rejected ${type}${sure}`;
  if (origin === 'person') return `${type}, added`;
  if (origin === 'annotation') return `${type}, from the annotation`;
  if (was !== null) return `${type}, changed${was.type === type ? '' : ` from ${was.type}`}`;
  return `${type}${sure}${decision === 'accepted' ? ', accepted' : ''}`;
}

/** The line under a mention by confidence, which does not depend on colour: dotted below 50 %, dashed below 90 %, then solid. */
function sureClass({ confidence, decision, was }: ReviewedMention): string {
  if (decision === 'rejected') return 'rejected';
  if (confidence === null || was !== null) return 'sure-high';
  return confidence < 0.5 ? 'sure-low' : confidence < 0.9 ? 'sure-mid' : 'sure-high';
}

interface ReviewSentenceProps {
  readonly index: number;
  readonly sentence: ReviewedSentence;
  /** The text of the document, and where its tokens are. */
  readonly text: string;
  readonly tokens: readonly Span[];
  readonly types: readonly string[];
  readonly threshold: number;
  /** The mentions that the text came with; null without annotation. */
  readonly annotated: readonly Mention[] | null;
  /** The focus, if it is in this sentence; the token that Tab leads to. */
  readonly cursor: ReviewCursor | null;
  /** The tools below the sentence in focus. */
  readonly children?: ReactNode;
}

/** A row of the list; its tokens are options, of which one has the focus of the whole list. */
export const ReviewSentence = memo(function ReviewSentence(props: ReviewSentenceProps) {
  const { index, sentence, text, tokens, threshold, annotated, cursor, children } = props;
  const number = format.count(index + 1);
  const shown = sentence.mentions.filter((mention) => isShown(mention, threshold));
  const live = shown.filter(isLive);
  const rejected = shown.filter(
    (one) => !isLive(one) && !live.some((other) => other.start < one.end && one.start < other.end),
  );
  const parts: ReactNode[] = [];
  for (let token = 0; token < tokens.length;) {
    const mention = live.find(({ start }) => start === token) ?? rejected.find(({ start }) => start === token);
    const end = mention?.end ?? token + 1;
    if (token > 0) parts.push(text.slice(tokens[token - 1]?.end, tokens[token]?.start));
    if (mention === undefined) parts.push(<Token key={token} {...props} token={token} mention={null} />);
    else parts.push(<MentionMark key={`${mention.id}-${token}`} {...props} mention={mention} />);
    token = end;
  }
  return (
    <li className={`review-sentence${cursor === null ? '' : ' current'}`} data-sentence={index}>
      <span className="sentence-number">
        {number}
        {sentence.isReviewed && (
          <span className="reviewed-sign" title="Reviewed">
            <span aria-hidden="true">✓</span>
            <span className="visually-hidden">reviewed</span>
          </span>
        )}
      </span>
      <div className="review-body">
        <div
          className="sentence"
          role="listbox"
          aria-orientation="horizontal"
          aria-multiselectable="true"
          aria-label={`Tokens of sentence ${number}${sentence.isReviewed ? ', reviewed' : ''}`}
        >
          {parts}
        </div>
        {annotated !== null && <Differences live={live} annotated={annotated} text={text} tokens={tokens} />}
        {children}
      </div>
    </li>
  );
});

function MentionMark(props: ReviewSentenceProps & { readonly mention: ReviewedMention }) {
  const { mention, text, tokens, types, cursor } = props;
  const parts: ReactNode[] = [];
  for (let token = mention.start; token < mention.end; token++) {
    if (token > mention.start) parts.push(text.slice(tokens[token - 1]?.end, tokens[token]?.start));
    parts.push(<Token key={token} {...props} token={token} mention={mention} />);
  }
  const sign =
    mention.was === null && mention.origin === 'tagger'
      ? DECISION_SIGNS[mention.decision]
      : mention.origin === 'tagger'
        ? '✎'
        : '+';
  const isOpen = mention.decision === 'open' || cursor !== null;
  return (
    <span
      role="group"
      aria-label={decisionWords(mention)}
      className={`mention marked ${sureClass(mention)} ${typeClass(mention.type, types)}`}
    >
      {parts}
      <span className="mention-type" aria-hidden="true">
        {sign === '' ? '' : `${sign} `}
        {mention.type}
      </span>
      {mention.confidence !== null && mention.was === null && (
        <span
          className={isOpen && cursor !== null ? 'mention-confidence always' : 'mention-confidence'}
          aria-hidden="true"
        >
          {format.confidence(mention.confidence)}
        </span>
      )}
    </span>
  );
}

interface TokenProps {
  readonly text: string;
  readonly tokens: readonly Span[];
  readonly token: number;
  readonly cursor: ReviewCursor | null;
  readonly mention: ReviewedMention | null;
}

function Token({ text, tokens, token, cursor, mention }: TokenProps) {
  const span = tokens[token];
  const word = text.slice(span?.start, span?.end);
  const isSelected = cursor !== null && cursor.anchor !== null && isBetween(token, cursor.anchor, cursor.token);
  const isFocus = cursor?.token === token;
  return (
    <span
      role="option"
      aria-selected={isSelected}
      aria-label={mention === null ? undefined : `${word}, ${decisionWords(mention)}`}
      className="token"
      data-token={token}
      tabIndex={isFocus ? 0 : -1}
    >
      {word}
    </span>
  );
}

function isBetween(token: number, one: number, other: number): boolean {
  return token >= Math.min(one, other) && token <= Math.max(one, other);
}

interface DifferencesProps {
  readonly live: readonly ReviewedMention[];
  readonly annotated: readonly Mention[];
  readonly text: string;
  readonly tokens: readonly Span[];
}

/** Lists the mentions of the annotation that are not here, and those here that it lacks. */
function Differences({ live, annotated, text, tokens }: DifferencesProps) {
  const missing = annotated.filter((gold) => !live.some((mention) => isSameSpan(mention, gold)));
  const other = live.filter((mention) => !annotated.some((gold) => isSameSpan(mention, gold)));
  if (missing.length + other.length === 0) return null;
  const named = (mentions: readonly Mention[]): string =>
    mentions
      .map(({ type, start, end }) => `${type} “${text.slice(tokens[start]?.start, tokens[end - 1]?.end)}”`)
      .join(', ');
  return (
    <p className="differences">
      {missing.length > 0 && <span>Annotated, not here: {named(missing)}. </span>}
      {other.length > 0 && <span>Here, not annotated: {named(other)}.</span>}
    </p>
  );
}

// The buttons for the token or mention in focus, and the list of keys that do the same.

interface ReviewToolsProps {
  readonly target: ReviewTarget;
  readonly review: Review;
  /** The selected words. */
  readonly words: string;
  readonly onAct: (action: ReviewAction) => void;
}

export function ReviewTools({ target, review, words, onAct }: ReviewToolsProps) {
  const { mention, rejected, isSelection, sentence } = target;
  const isWithin = mention !== null && (!isSelection || (target.start >= mention.start && target.end <= mention.end));
  return (
    <div className="review-tools" role="group" aria-label="Tools for the focus">
      <p className="soft" id="review-focus">
        {mention === null || !isWithin ? `“${words}”` : decisionWords(mention)}
        {rejected !== null && `: ${decisionWords(rejected)}`}
      </p>
      {mention !== null && (
        <Tools label="Decision">
          <Tool onAct={() => onAct({ kind: 'accept' })} disabled={mention.decision === 'accepted'}>
            Accept
          </Tool>
          <Tool onAct={() => onAct({ kind: 'reject' })}>
            {mention.origin === 'tagger' ? 'Reject' : 'Remove mention'}
          </Tool>
        </Tools>
      )}
      {rejected !== null && <Tool onAct={() => onAct({ kind: 'reject' })}>Restore</Tool>}
      <Tools label={isWithin ? 'Type' : 'Add mention'}>
        <span className="soft" aria-hidden="true">
          {isWithin ? 'Type' : 'Add as'}
        </span>
        {review.types.map((type) => (
          <Tool
            key={type}
            label={isWithin ? `Type ${type}` : `Add as ${type}`}
            pressed={isWithin ? mention.type === type : undefined}
            onAct={() => onAct({ kind: 'type', type })}
          >
            {type}
          </Tool>
        ))}
      </Tools>
      {mention !== null && (
        <Tools label="Borders">
          <span className="soft" aria-hidden="true">
            Borders
          </span>
          <BorderTool side="start" by={-1} onAct={onAct} />
          <BorderTool side="start" by={1} onAct={onAct} />
          <BorderTool side="end" by={-1} onAct={onAct} />
          <BorderTool side="end" by={1} onAct={onAct} />
          {isSelection && <Tool onAct={() => onAct({ kind: 'borders' })}>Set to selection</Tool>}
        </Tools>
      )}
      <Tools label="Sentence">
        {sentence.isReviewed ? (
          <Tool onAct={() => onAct({ kind: 'reopen' })}>Mark as not reviewed</Tool>
        ) : (
          <Tool strong onAct={() => onAct({ kind: 'review' })}>
            Accept the rest, next sentence
          </Tool>
        )}
        {review.annotated !== null && <Tool onAct={() => onAct({ kind: 'annotated' })}>Take the annotation</Tool>}
      </Tools>
    </div>
  );
}

function Tools({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <span className="review-tool-group" role="group" aria-label={label}>
      {children}
    </span>
  );
}

interface ToolProps {
  readonly onAct: () => void;
  readonly label?: string;
  readonly pressed?: boolean | undefined;
  readonly strong?: boolean;
  readonly disabled?: boolean;
  readonly children: ReactNode;
}

function Tool({ onAct, label, pressed, strong = false, disabled = false, children }: ToolProps) {
  return (
    <button
      type="button"
      className={`button small${strong ? ' strong' : ''}`}
      aria-label={label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onAct}
    >
      {children}
    </button>
  );
}

interface BorderToolProps {
  readonly side: 'start' | 'end';
  readonly by: 1 | -1;
  readonly onAct: (action: ReviewAction) => void;
}

function BorderTool({ side, by, onAct }: BorderToolProps) {
  const where = side === 'start' ? 'Start' : 'End';
  return (
    <Tool
      label={`${where} one token ${by === 1 ? 'later' : 'earlier'}`}
      onAct={() => onAct({ kind: 'border', side, by })}
    >
      <span aria-hidden="true">{side === 'start' ? (by === 1 ? '[→' : '←[') : by === 1 ? ']→' : '←]'}</span>
    </Tool>
  );
}

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['← →', 'previous or next token; with Shift they select tokens'],
  ['↑ ↓', 'previous or next sentence'],
  ['n p', 'next or previous mention of the sentence'],
  ['Enter', 'accept the rest of the sentence and go to the next that is not reviewed'],
  ['Shift Enter', 'mark the sentence as not reviewed'],
  ['a', 'accept the mention'],
  ['r or Delete', 'reject the mention, or restore a rejected one'],
  ['1 to 9', 'give the mention this type, or add a mention of the token or the selected tokens'],
  ['t', 'give the mention the next type, or add a mention of the first'],
  ['i', 'give the mention the id of the next candidate, and after the last none'],
  ['b', 'set the borders of the mention to the selected tokens'],
  ['g', 'take the mentions that the text came with'],
  ['Ctrl Z or u', 'undo'],
  ['Ctrl Y', 'redo'],
];

/** Lists the keys of a review, and the number of each type. */
export function ReviewKeys({ types }: { readonly types: readonly string[] }) {
  const numbered = types.slice(0, 9).map((type, index) => `${index + 1} ${type}`);
  return (
    <details className="fold">
      <summary>Keys</summary>
      <p className="soft">
        They work while a token has the focus. Types: {numbered.join(', ')}. A mention’s line is dotted below 50 %
        confidence, dashed below 90 %, and solid from there on; ✓ is accepted, ✗ rejected, ✎ changed, + added.
      </p>
      <dl className="keys">
        {KEYS.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
