// A tagged text under review: its sentences, the steps of the person on them, and how to undo each.
import type { Mention } from '../../data/corpus/corpus.ts';
import { tokenMentions } from '../../data/documents/documentSentences.ts';
import { matchTypes, type LabelledDocument } from '../../metrics/scores/scoreSplit.ts';
import type { ReviewStep } from '../../schema/reviewRecord.ts';
import {
  acceptMention,
  addMention,
  isLive,
  isSameSpan,
  isTaken,
  moveMention,
  rejectMention,
  restoreMention,
  retypeMention,
  reviewSentence,
  sentenceToReview,
  takeAnnotated,
  type Edited,
  type ReviewedSentence,
} from './reviewedSentence.ts';

/** Where a sentence is: in which document, and which of its sentences. */
export interface SentencePlace {
  readonly document: number;
  readonly sentence: number;
}

/** Sentences as they were before a step, and as it left them. */
interface Change {
  readonly at: readonly number[];
  readonly before: readonly ReviewedSentence[];
  readonly after: readonly ReviewedSentence[];
}

/** A list that shares its rest with the one before: a step on a long review copies nothing. */
type Stack = { readonly change: Change; readonly rest: Stack } | null;

export interface Review {
  readonly documents: readonly LabelledDocument[];
  /** Types that a mention may have: of the tagger, then those that only the annotation has. */
  readonly types: readonly string[];
  readonly places: readonly SentencePlace[];
  /** Through all documents, like `places` and `annotated`. */
  readonly sentences: readonly ReviewedSentence[];
  /** The mentions that the text came with, under the tagger's names where they correspond; null where it came with none at all. */
  readonly annotated: readonly (readonly Mention[])[] | null;
  /** The lowest confidence in each sentence as tagged; null without a mention. */
  readonly confidences: readonly (number | null)[];
  readonly reviewedCount: number;
  readonly past: Stack;
  readonly future: Stack;
}

/** Begins the review of tagged documents. Takes time linear in them. */
export function beginReview(documents: readonly LabelledDocument[], taggerTypes: readonly string[]): Review {
  const places = documents.flatMap(({ sentences }, document) =>
    sentences.map((_, sentence) => ({ document, sentence })),
  );
  const found = documents.flatMap((document) => tokenMentions(document));
  const sentences = places.map(({ document, sentence }, index) => {
    return sentenceToReview(documents[document]?.sentences[sentence]?.length ?? 0, found[index] ?? []);
  });
  const goldTypes = [...new Set(documents.flatMap(({ gold }) => gold.map(({ type }) => type)))].sort();
  const matched = matchTypes(taggerTypes, goldTypes);
  const nameOf = new Map(Object.entries(matched).flatMap(([type, gold]) => (gold === null ? [] : [[gold, type]])));
  const annotated = documents.flatMap((document) =>
    tokenMentions({ ...document, mentions: document.gold }).map((own) =>
      own.map(({ type, start, end }) => ({ type: nameOf.get(type) ?? type, start, end })),
    ),
  );
  return {
    documents,
    types: [...new Set([...taggerTypes, ...goldTypes.map((type) => nameOf.get(type) ?? type)])],
    places,
    sentences,
    annotated: goldTypes.length === 0 ? null : annotated,
    confidences: sentences.map(lowestConfidence),
    reviewedCount: 0,
    past: null,
    future: null,
  };
}

function lowestConfidence({ mentions }: ReviewedSentence): number | null {
  return mentions.reduce<number | null>((least, { confidence }) => {
    return confidence === null ? least : Math.min(least ?? 1, confidence);
  }, null);
}

/** A review after a step, or why the step is impossible. */
export type Stepped = Review | { readonly refusal: string };

/** Applies a step. Takes time linear in the number of sentences, for the list that holds them. */
export function stepReview(review: Review, step: ReviewStep): Stepped {
  if (step.kind === 'undo') return undone(review);
  if (step.kind === 'redo') return redone(review);
  const at = step.kind === 'review' ? step.sentences : [step.sentence];
  const before: ReviewedSentence[] = [];
  const after: ReviewedSentence[] = [];
  for (const index of at) {
    const sentence = review.sentences[index];
    if (sentence === undefined) return { refusal: 'There is no such sentence.' };
    const edited = editedSentence(sentence, step, review.annotated?.[index] ?? null);
    if ('refusal' in edited) return edited;
    before.push(sentence);
    after.push(edited);
  }
  const change = { at, before, after };
  return { ...replaced(review, at, after), past: { change, rest: review.past }, future: null };
}

function editedSentence(
  sentence: ReviewedSentence,
  step: Exclude<ReviewStep, { readonly kind: 'undo' | 'redo' }>,
  annotated: readonly Mention[] | null,
): Edited {
  switch (step.kind) {
    case 'accept':
      return acceptMention(sentence, step.mention);
    case 'reject':
      return rejectMention(sentence, step.mention);
    case 'restore':
      return restoreMention(sentence, step.mention);
    case 'retype':
      return retypeMention(sentence, step.mention, step.type);
    case 'move':
      return moveMention(sentence, step.mention, step.start, step.end);
    case 'add':
      return addMention(sentence, step);
    case 'review':
      return reviewSentence(sentence, step.threshold);
    case 'reopen':
      return sentence.isReviewed
        ? { ...sentence, isReviewed: false }
        : { refusal: 'This sentence is not reviewed yet.' };
    case 'annotated':
      return annotated === null ? { refusal: 'The text came without annotation.' } : takeAnnotated(sentence, annotated);
  }
}

function undone(review: Review): Stepped {
  if (review.past === null) return { refusal: 'There is nothing to undo.' };
  const { change, rest } = review.past;
  return { ...replaced(review, change.at, change.before), past: rest, future: { change, rest: review.future } };
}

function redone(review: Review): Stepped {
  if (review.future === null) return { refusal: 'There is nothing to do again.' };
  const { change, rest } = review.future;
  return { ...replaced(review, change.at, change.after), past: { change, rest: review.past }, future: rest };
}

function replaced(review: Review, at: readonly number[], sentences: readonly ReviewedSentence[]): Review {
  const changed = [...review.sentences];
  let { reviewedCount } = review;
  at.forEach((index, position) => {
    const next = sentences[position];
    if (next === undefined) return;
    reviewedCount += Number(next.isReviewed) - Number(changed[index]?.isReviewed ?? false);
    changed[index] = next;
  });
  return { ...review, sentences: changed, reviewedCount };
}

/** The sentence that the next undo or redo changes first; null for none. */
export function lastChanged({ past, future }: Review, kind: 'undo' | 'redo'): number | null {
  return (kind === 'undo' ? past : future)?.change.at[0] ?? null;
}

/** Whether a sentence's mentions differ from those that the text came with. */
export function differsFromAnnotation({ sentences, annotated }: Review, index: number): boolean {
  const sentence = sentences[index];
  if (annotated === null || sentence === undefined) return false;
  const live = sentence.mentions.filter(isLive);
  const gold = annotated[index] ?? [];
  return live.length !== gold.length || live.some((mention) => !gold.some((one) => isSameSpan(one, mention)));
}

/** The documents with the mentions as reviewed, those without a decision from the threshold on. */
export function reviewedDocuments(
  { documents, places, sentences }: Review,
  threshold: number,
): readonly LabelledDocument[] {
  const mentions = documents.map((): LabelledDocument['mentions'][number][] => []);
  places.forEach((place, index) => {
    const tokens = documents[place.document]?.sentences[place.sentence] ?? [];
    for (const mention of sentences[index]?.mentions ?? []) {
      const [first, last] = [tokens[mention.start], tokens[mention.end - 1]];
      if (!isTaken(mention, threshold) || first === undefined || last === undefined) continue;
      const { type, confidence, was } = mention;
      const sure = was === null ? confidence : null;
      mentions[place.document]?.push({ type, start: first.start, end: last.end, confidence: sure });
    }
  });
  return documents.map((document, index) => ({ ...document, mentions: mentions[index] ?? [] }));
}
