// The buttons for the token or mention in focus, and the list of keys that do the same.
import type { ReactNode } from 'react';
import type { Review } from '../../lab/review/review.ts';
import type { ReviewAction, ReviewTarget } from './reviewCommands.ts';
import { decisionWords } from './ReviewSentence.tsx';

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
