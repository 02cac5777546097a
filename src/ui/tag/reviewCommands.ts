// Turns the keys and buttons of a review into steps on its sentences, or into moves of the focus.
import type { MentionLink } from '../../data/corpus/corpus.ts';
import type { LinkAnswer } from '../../data/dictionary/linker.ts';
import {
  isTaken,
  mentionAt,
  rejectedAt,
  type ReviewedMention,
  type ReviewedSentence,
} from '../../lab/review/reviewedSentence.ts';
import type { ReviewStep } from '../../schema/reviewRecord.ts';

/** The token in focus, and where a selection of tokens began; null without one. */
export interface ReviewCursor {
  readonly sentence: number;
  readonly token: number;
  readonly anchor: number | null;
}

/** What the person acts on: the sentence in focus, its mention, and the selected tokens `[start, end)`. */
export interface ReviewTarget {
  readonly index: number;
  readonly sentence: ReviewedSentence;
  readonly mention: ReviewedMention | null;
  /** A rejected mention, where no other covers the token. */
  readonly rejected: ReviewedMention | null;
  readonly start: number;
  readonly end: number;
  readonly isSelection: boolean;
}

/** Whether a mention is shown: one without a decision below the threshold is not. */
export function isShown(mention: ReviewedMention, threshold: number): boolean {
  return mention.decision !== 'open' || isTaken(mention, threshold);
}

export function targetOf(
  { sentence: index, token, anchor }: ReviewCursor,
  sentence: ReviewedSentence,
  threshold: number,
): ReviewTarget {
  const start = anchor === null ? token : Math.min(anchor, token);
  const end = (anchor === null ? token : Math.max(anchor, token)) + 1;
  const covering = mentionAt(sentence, anchor ?? token) ?? mentionAt(sentence, token);
  const mention = covering !== undefined && isShown(covering, threshold) ? covering : null;
  const rejected = mention === null ? (rejectedAt(sentence, token) ?? null) : null;
  return { index, sentence, mention, rejected, start, end, isSelection: anchor !== null };
}

/** The actions that a key or a button means. */
export type ReviewAction =
  | {
      readonly kind:
        'accept' | 'reject' | 'nextType' | 'nextLink' | 'borders' | 'review' | 'reopen' | 'annotated' | 'undo' | 'redo';
    }
  /** Chooses an id; null for none of the candidates. */
  | { readonly kind: 'link'; readonly link: MentionLink | null }
  | { readonly kind: 'type'; readonly type: string }
  /** Moves one border of the mention by one token. */
  | { readonly kind: 'border'; readonly side: 'start' | 'end'; readonly by: 1 | -1 };

/** The ids that a mention may have: that chosen before, where it is not among the candidates, and these. */
export function choicesOf(
  { choice }: Pick<ReviewedMention, 'choice'>,
  answer: LinkAnswer | null,
): readonly MentionLink[] {
  const candidates = answer?.candidates.map(({ id, name }): MentionLink => ({ id, name })) ?? [];
  return choice == null || candidates.some(({ id }) => id === choice.id) ? candidates : [choice, ...candidates];
}

/** The id that a mention has: the one that a person chose, or that of the dictionary; null for none. */
export function linkedId({ choice }: Pick<ReviewedMention, 'choice'>, answer: LinkAnswer | null): string | null {
  return choice === undefined ? (answer?.id ?? null) : (choice?.id ?? null);
}

/** Chooses the candidate after the one that the mention has, and none of them after the last. */
function nextLink(mention: ReviewedMention, answer: LinkAnswer): MentionLink | null {
  const choices = choicesOf(mention, answer);
  const id = linkedId(mention, answer);
  const at = mention.choice === null ? choices.length : choices.findIndex((one) => one.id === id);
  return choices[(at + 1) % (choices.length + 1)] ?? null;
}

/** Returns the step of an action, or why there is none; `answer` has the candidates of the mention, null while there are none. */
export function stepOf(
  action: ReviewAction,
  { index, sentence, mention, rejected, start, end, isSelection }: ReviewTarget,
  types: readonly string[],
  threshold: number,
  answer: LinkAnswer | null = null,
): ReviewStep | string {
  if (action.kind === 'undo' || action.kind === 'redo') return { kind: action.kind };
  if (action.kind === 'review') return { kind: 'review', sentences: [index], threshold };
  if (action.kind === 'reopen' || action.kind === 'annotated') return { kind: action.kind, sentence: index };
  if (action.kind === 'type') {
    const { type } = action;
    const isOther = isSelection && (mention === null || start < mention.start || end > mention.end);
    if (mention === null || isOther) return { kind: 'add', sentence: index, type, start, end };
    return { kind: 'retype', sentence: index, mention: mention.id, type };
  }
  if (action.kind === 'accept' || action.kind === 'reject') {
    if (mention !== null) return { kind: action.kind, sentence: index, mention: mention.id };
    if (rejected === null) return NO_MENTION;
    return { kind: action.kind === 'accept' ? 'accept' : 'restore', sentence: index, mention: rejected.id };
  }
  if (action.kind === 'nextType' && mention === null) {
    const [type] = types;
    return type === undefined ? NO_MENTION : { kind: 'add', sentence: index, type, start, end };
  }
  if (mention === null) return NO_MENTION;
  const ofMention = { sentence: index, mention: mention.id };
  switch (action.kind) {
    case 'nextType': {
      const type = types[(types.indexOf(mention.type) + 1) % types.length];
      if (type === undefined || types.length < 2) return 'The tagger has one type.';
      return { kind: 'retype', ...ofMention, type };
    }
    case 'link':
      return { kind: 'link', ...ofMention, link: action.link };
    case 'nextLink':
      if (answer === null) return 'There are no candidates yet: choose a dictionary above the sentences first.';
      return { kind: 'link', ...ofMention, link: nextLink(mention, answer) };
    case 'borders':
      if (!isSelection) return 'Select the tokens of the mention first: Shift and the arrow keys, or drag.';
      return { kind: 'move', ...ofMention, start, end };
    case 'border': {
      const moved = { start: mention.start, end: mention.end };
      moved[action.side] += action.by;
      if (moved.start < 0 || moved.end > sentence.length) return 'A mention ends at the borders of its sentence.';
      if (moved.start >= moved.end) return 'A mention has at least one token.';
      return { kind: 'move', ...ofMention, ...moved };
    }
  }
}

const NO_MENTION = 'There is no mention here.';

interface PressedKey {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** Returns the action that a key means; null for other keys. */
export function actionOfKey(pressed: PressedKey, types: readonly string[]): ReviewAction | null {
  const { key, shiftKey, ctrlKey, metaKey, altKey } = pressed;
  if (altKey) return null;
  if (ctrlKey || metaKey) {
    if (key.toLowerCase() === 'z') return { kind: shiftKey ? 'redo' : 'undo' };
    return key.toLowerCase() === 'y' ? { kind: 'redo' } : null;
  }
  const type = /^[1-9]$/.test(key) ? types[Number(key) - 1] : undefined;
  if (type !== undefined) return { kind: 'type', type };
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case 'Enter':
      return { kind: shiftKey ? 'reopen' : 'review' };
    case 'a':
      return { kind: 'accept' };
    case 'r':
    case 'Delete':
    case 'Backspace':
      return { kind: 'reject' };
    case 't':
      return { kind: 'nextType' };
    case 'i':
      return { kind: 'nextLink' };
    case 'b':
      return { kind: 'borders' };
    case 'g':
      return { kind: 'annotated' };
    case 'u':
      return { kind: 'undo' };
    default:
      return null;
  }
}

/** Returns where a key moves the focus within a sentence of `length` tokens; null for other keys. */
export function cursorAfterKey(
  { key, shiftKey }: Pick<PressedKey, 'key' | 'shiftKey'>,
  cursor: ReviewCursor,
  sentence: ReviewedSentence,
  threshold: number,
): ReviewCursor | null {
  const last = sentence.length - 1;
  const to = (token: number): ReviewCursor => {
    const within = Math.min(last, Math.max(0, token));
    return { ...cursor, token: within, anchor: shiftKey ? (cursor.anchor ?? cursor.token) : null };
  };
  switch (key) {
    case 'ArrowLeft':
      return to(cursor.token - 1);
    case 'ArrowRight':
      return to(cursor.token + 1);
    case 'Home':
      return to(0);
    case 'End':
      return to(last);
    case 'Escape':
      return { ...cursor, anchor: null };
    case 'n':
    case 'p': {
      const shown = sentence.mentions.filter((mention) => isShown(mention, threshold)).map(({ start }) => start);
      const next =
        key === 'n' ? shown.find((start) => start > cursor.token) : shown.findLast((start) => start < cursor.token);
      return { ...cursor, token: next ?? cursor.token, anchor: null };
    }
    default:
      return null;
  }
}
