// Edits the mentions of one sentence under review: pure functions that never leave empty or overlapping mentions.
import type { Mention, MentionLink } from '../../data/corpus/corpus.ts';

/** A mention under review, as a span of tokens. */
export interface ReviewedMention extends Mention {
  /** Its number in the sentence, which edits keep. */
  readonly id: number;
  /** The tagger's probability of the mention as found; null for mentions that it did not find. */
  readonly confidence: number | null;
  readonly origin: 'tagger' | 'annotation' | 'person';
  readonly decision: 'open' | 'accepted' | 'rejected';
  /** The mention as the tagger found it, where a person changed its type or borders. */
  readonly was: Mention | null;
  /** The id that a person chose, null where none of the candidates is meant; absent where the dictionary decides. */
  readonly choice?: MentionLink | null;
}

export interface ReviewedSentence {
  /** Number of tokens. */
  readonly length: number;
  /** In order of start; rejected ones may overlap others. */
  readonly mentions: readonly ReviewedMention[];
  /** The id of the next mention. */
  readonly nextId: number;
  readonly isReviewed: boolean;
}

/** The sentence after an edit, or why the edit is impossible. */
export type Edited = ReviewedSentence | { readonly refusal: string };

/** The sentence as the tagger left it. */
export function sentenceToReview(
  length: number,
  found: readonly (Mention & { readonly confidence: number | null })[],
): ReviewedSentence {
  const mentions = found.map(({ type, start, end, confidence }, id): ReviewedMention => {
    return { id, type, start, end, confidence, origin: 'tagger', decision: 'open', was: null };
  });
  return { length, mentions: inOrder(mentions), nextId: mentions.length, isReviewed: false };
}

export function isLive({ decision }: ReviewedMention): boolean {
  return decision !== 'rejected';
}

/** The live mention at a token; undefined for none. */
export function mentionAt({ mentions }: ReviewedSentence, token: number): ReviewedMention | undefined {
  return mentions.find((mention) => isLive(mention) && mention.start <= token && token < mention.end);
}

/** The rejected mention at a token, which can be restored there; undefined for none. */
export function rejectedAt({ mentions }: ReviewedSentence, token: number): ReviewedMention | undefined {
  return mentions.find((mention) => !isLive(mention) && mention.start <= token && token < mention.end);
}

/** Whether a mention counts, by a person's decision or by its confidence. */
export function isTaken({ decision, confidence }: ReviewedMention, threshold: number): boolean {
  return decision === 'accepted' || (decision === 'open' && (confidence === null || confidence >= threshold));
}

export function acceptMention(sentence: ReviewedSentence, id: number): Edited {
  const mention = find(sentence, id);
  if (mention === undefined) return unknown;
  if (mention.decision === 'accepted') return { refusal: 'This mention is accepted already.' };
  return decided(sentence, { ...mention, decision: 'accepted' });
}

/** Rejects a mention; one that a person added goes altogether, and one that was changed is as found again. */
export function rejectMention(sentence: ReviewedSentence, id: number): Edited {
  const mention = find(sentence, id);
  if (mention === undefined) return unknown;
  if (!isLive(mention)) return { refusal: 'This mention is rejected already.' };
  return settled(withoutMentions(sentence, [mention]));
}

/** Makes a rejected mention open again. */
export function restoreMention(sentence: ReviewedSentence, id: number): Edited {
  const mention = find(sentence, id);
  if (mention === undefined) return unknown;
  if (isLive(mention)) return { refusal: 'This mention is not rejected.' };
  const restored = decided(sentence, { ...mention, decision: 'open' });
  return 'refusal' in restored ? restored : { ...restored, isReviewed: false };
}

export function retypeMention(sentence: ReviewedSentence, id: number, type: string): Edited {
  const mention = find(sentence, id);
  if (mention === undefined) return unknown;
  if (mention.type === type && mention.decision === 'accepted') return { refusal: `This mention is of type ${type}.` };
  return decided(sentence, changed(mention, { type, start: mention.start, end: mention.end }));
}

/** Chooses the id of a mention, which accepts it, or that none of the candidates is meant. */
export function linkMention(sentence: ReviewedSentence, id: number, choice: MentionLink | null): Edited {
  const mention = find(sentence, id);
  if (mention === undefined) return unknown;
  if (!isLive(mention)) return { refusal: 'This mention is rejected.' };
  if (mention.choice !== undefined && mention.choice?.id === choice?.id) {
    return { refusal: choice === null ? 'This mention has no id.' : `This mention has the id ${choice.id}.` };
  }
  return decided(sentence, { ...mention, choice, decision: choice === null ? mention.decision : 'accepted' });
}

/** Gives a mention other borders, `[start, end)` in tokens. */
export function moveMention(sentence: ReviewedSentence, id: number, start: number, end: number): Edited {
  const mention = find(sentence, id);
  if (mention === undefined) return unknown;
  const refusal = spanRefusal(sentence, start, end);
  if (refusal !== null) return { refusal };
  if (mention.start === start && mention.end === end) return { refusal: 'The mention has these borders.' };
  return decided(sentence, changed(mention, { type: mention.type, start, end }));
}

/** Adds a mention over tokens `[start, end)` in place of those it overlaps. */
export function addMention(sentence: ReviewedSentence, { type, start, end }: Mention): Edited {
  const refusal = spanRefusal(sentence, start, end);
  if (refusal !== null) return { refusal };
  const overlapped = sentence.mentions.filter(
    (mention) => isLive(mention) && mention.start < end && start < mention.end,
  );
  const [only] = overlapped;
  if (only !== undefined && overlapped.length === 1 && only.start === start && only.end === end) {
    return retypeMention(sentence, only.id, type);
  }
  const cleared = withoutMentions(sentence, overlapped);
  const same = cleared.mentions.find((one) => one.start === start && one.end === end && one.type === type);
  if (same !== undefined) return decided(cleared, { ...same, decision: 'accepted' });
  const added: ReviewedMention = {
    id: cleared.nextId,
    type,
    start,
    end,
    confidence: null,
    origin: 'person',
    decision: 'accepted',
    was: null,
  };
  return settled({ ...cleared, mentions: inOrder([...cleared.mentions, added]), nextId: cleared.nextId + 1 });
}

/** Accepts what is open from the threshold on, rejects what is open below it, and marks the sentence as reviewed. */
export function reviewSentence(sentence: ReviewedSentence, threshold: number): ReviewedSentence {
  const mentions = sentence.mentions.map((mention): ReviewedMention => {
    if (mention.decision !== 'open') return mention;
    return { ...mention, decision: isTaken(mention, threshold) ? 'accepted' : 'rejected' };
  });
  return { ...sentence, mentions, isReviewed: true };
}

/** Takes the mentions that the text came with, and marks the sentence as reviewed. */
export function takeAnnotated(sentence: ReviewedSentence, annotated: readonly Mention[]): ReviewedSentence {
  const isAnnotated = (mention: Mention): boolean => annotated.some((one) => isSameSpan(one, mention));
  const others = sentence.mentions.filter((mention) => isLive(mention) && !isAnnotated(mention));
  const cleared = withoutMentions(sentence, others);
  // Of equal ones a rejected one may lie beside the one that counts.
  const chosen = annotated.map((one) => {
    const equal = cleared.mentions.filter((mention) => isSameSpan(one, mention));
    return (equal.find(isLive) ?? equal[0])?.id;
  });
  const mentions = cleared.mentions.map((mention): ReviewedMention => {
    return chosen.includes(mention.id) ? { ...mention, decision: 'accepted' } : mention;
  });
  const missing = annotated.filter((_, index) => chosen[index] === undefined);
  const added = missing.map(({ type, start, end }, index): ReviewedMention => {
    const id = cleared.nextId + index;
    return { id, type, start, end, confidence: null, origin: 'annotation', decision: 'accepted', was: null };
  });
  const nextId = cleared.nextId + added.length;
  return { ...cleared, mentions: inOrder([...mentions, ...added]), nextId, isReviewed: true };
}

const unknown = { refusal: 'There is no such mention in this sentence.' } as const;

export function isSameSpan(left: Mention, right: Mention): boolean {
  return left.type === right.type && left.start === right.start && left.end === right.end;
}

function find({ mentions }: ReviewedSentence, id: number): ReviewedMention | undefined {
  return mentions.find((mention) => mention.id === id);
}

function inOrder(mentions: readonly ReviewedMention[]): readonly ReviewedMention[] {
  return [...mentions].sort((left, right) => left.start - right.start || left.end - right.end || left.id - right.id);
}

function spanRefusal({ length }: ReviewedSentence, start: number, end: number): string | null {
  if (start >= end) return 'A mention has at least one token.';
  return start < 0 || end > length ? 'A mention ends at the borders of its sentence.' : null;
}

/** Gives a mention a shape, remembers what the tagger found, and accepts it. The chosen id was that of other words or another type. */
function changed(mention: ReviewedMention, shape: Mention): ReviewedMention {
  const { type, start, end } = mention;
  const found = mention.origin === 'tagger' ? (mention.was ?? { type, start, end }) : null;
  const left = isSameSpan(mention, shape) ? mention : withoutChoice(mention);
  return { ...left, ...shape, decision: 'accepted', was: found === null || isSameSpan(found, shape) ? null : found };
}

/** Puts a mention in the place of the one with its id, unless it would overlap another. */
function decided(sentence: ReviewedSentence, mention: ReviewedMention): Edited {
  const others = sentence.mentions.filter(({ id }) => id !== mention.id);
  const crossed = others.find((one) => isLive(one) && one.start < mention.end && mention.start < one.end);
  if (crossed !== undefined) return { refusal: 'Another mention is there: reject it first.' };
  return settled({ ...sentence, mentions: inOrder([...others, mention]) });
}

/** Marks the sentence as reviewed once nothing in it is open. */
function settled(sentence: ReviewedSentence): ReviewedSentence {
  const isOpen = sentence.mentions.some(({ decision }) => decision === 'open');
  return { ...sentence, isReviewed: sentence.isReviewed || !isOpen };
}

function withoutMentions(sentence: ReviewedSentence, gone: readonly ReviewedMention[]): ReviewedSentence {
  const mentions = sentence.mentions.flatMap((mention): readonly ReviewedMention[] => {
    if (!gone.includes(mention)) return [mention];
    if (mention.origin !== 'tagger') return [];
    return [{ ...withoutChoice(mention), ...mention.was, was: null, decision: 'rejected' }];
  });
  return { ...sentence, mentions: inOrder(mentions) };
}

function withoutChoice({ choice: _, ...mention }: ReviewedMention): ReviewedMention {
  return mention;
}
