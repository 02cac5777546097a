// A tagged text under review: its sentences and their order, the steps of the person on them, and how to undo each.
import type { Mention } from '../../data/corpus/corpus.ts';
import type { Span } from '../../data/documents/document.ts';
import { tokenMentions } from '../../data/documents/documentSentences.ts';
import { matchTypes, type LabelledDocument } from '../../metrics/scores/scoreSplit.ts';
import type { ReviewStep } from '../../schema/reviewRecord.ts';
import { finishWork } from '../../util/clock.ts';
import {
  acceptMention,
  addMention,
  isLive,
  isSameSpan,
  isTaken,
  linkMention,
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
  return finishWork(beginningOfReview(documents, taggerTypes));
}

/** Begins the review like `beginReview`; yields now and then, so that a page can draw meanwhile. */
export function* beginningOfReview(
  documents: readonly LabelledDocument[],
  taggerTypes: readonly string[],
): Generator<void, Review, void> {
  const goldTypes = [...new Set(documents.flatMap(({ gold }) => gold.map(({ type }) => type)))].sort();
  const matched = matchTypes(taggerTypes, goldTypes);
  const nameOf = new Map(Object.entries(matched).flatMap(([type, gold]) => (gold === null ? [] : [[gold, type]])));
  const places: SentencePlace[] = [];
  const sentences: ReviewedSentence[] = [];
  const annotated: (readonly Mention[])[] = [];
  for (const [document, one] of documents.entries()) {
    const found = tokenMentions(one);
    yield;
    const gold = goldTypes.length === 0 ? [] : tokenMentions({ ...one, mentions: one.gold });
    for (const [sentence, tokens] of one.sentences.entries()) {
      if (sentence % SENTENCES_A_TURN === 0) yield;
      places.push({ document, sentence });
      sentences.push(sentenceToReview(tokens.length, found[sentence] ?? []));
      annotated.push(
        (gold[sentence] ?? []).map(({ type, start, end }) => ({ type: nameOf.get(type) ?? type, start, end })),
      );
    }
  }
  yield;
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

const SENTENCES_A_TURN = 1000;

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
    case 'link':
      return linkMention(sentence, step.mention, step.link);
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
  if (review.future === null) return { refusal: 'There is nothing to redo.' };
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

/** Answers of `differsFromAnnotation`: a sentence that no step changed is the same object. */
const differing = new WeakMap<ReviewedSentence, boolean>();

/** Whether a sentence's mentions differ from those that the text came with. */
export function differsFromAnnotation({ sentences, annotated }: Review, index: number): boolean {
  const sentence = sentences[index];
  if (annotated === null || sentence === undefined) return false;
  const known = differing.get(sentence);
  if (known !== undefined) return known;
  const live = sentence.mentions.filter(isLive);
  const gold = annotated[index] ?? [];
  const isOther = live.length !== gold.length || live.some((mention) => !gold.some((one) => isSameSpan(one, mention)));
  differing.set(sentence, isOther);
  return isOther;
}

type Written = LabelledDocument['mentions'];

/** Mentions that `reviewedDocuments` wrote of a sentence, at a threshold. */
const written = new WeakMap<ReviewedSentence, { readonly threshold: number; readonly mentions: Written }>();

/** The documents with the mentions as reviewed, those without a decision from the threshold on. */
export function reviewedDocuments(
  { documents, places, sentences }: Review,
  threshold: number,
): readonly LabelledDocument[] {
  const mentions = documents.map((): Written[number][] => []);
  for (const [index, place] of places.entries()) {
    const sentence = sentences[index];
    const tokens = documents[place.document]?.sentences[place.sentence];
    if (sentence === undefined || tokens === undefined || sentence.mentions.length === 0) continue;
    let known = written.get(sentence);
    if (known?.threshold !== threshold) {
      known = { threshold, mentions: mentionsInText(sentence, tokens, threshold) };
      written.set(sentence, known);
    }
    for (const mention of known.mentions) mentions[place.document]?.push(mention);
  }
  return documents.map((document, index) => ({ ...document, mentions: mentions[index] ?? [] }));
}

function mentionsInText({ mentions }: ReviewedSentence, tokens: readonly Span[], threshold: number): Written {
  return mentions.flatMap((mention) => {
    const [first, last] = [tokens[mention.start], tokens[mention.end - 1]];
    if (!isTaken(mention, threshold) || first === undefined || last === undefined) return [];
    const { type, confidence, was, choice } = mention;
    const found = { type, start: first.start, end: last.end, confidence: was === null ? confidence : null };
    if (choice === undefined) return [found];
    return [{ ...found, ...(choice !== null && { link: choice }), isLinkChosen: true }];
  });
}

export type ReviewOrder = 'unsure' | 'text';

export type ReviewFilter = 'all' | 'unreviewed' | 'differing';

/**
 * Returns the indices of all sentences: as in the text, or by the lowest confidence of a mention in them, lowest first. Sentences without a mention
 * have none and come last, in the order of the text. Edits change nothing in it.
 */
export function orderSentences({ confidences }: Pick<Review, 'confidences'>, order: ReviewOrder): readonly number[] {
  const indices = [...confidences.keys()];
  if (order === 'text') return indices;
  const rank = (index: number): number => confidences[index] ?? 2;
  return indices.sort((left, right) => rank(left) - rank(right) || left - right);
}

/** Keeps of `order` what the filter wants, and `focused`, so that a sentence stays until the person leaves it. */
export function filterSentences(
  review: Review,
  order: readonly number[],
  filter: ReviewFilter,
  focused: number | null = null,
): readonly number[] {
  switch (filter) {
    case 'all':
      return order;
    case 'unreviewed':
      return order.filter((index) => index === focused || review.sentences[index]?.isReviewed === false);
    case 'differing':
      return order.filter((index) => index === focused || differsFromAnnotation(review, index));
  }
}

/** Returns the first sentence after `current` in `order` that is not reviewed, from the start again at the end; null if all are. */
export function nextUnreviewed(review: Review, order: readonly number[], current: number): number | null {
  const from = order.indexOf(current) + 1;
  const isOpen = (index: number): boolean => index !== current && review.sentences[index]?.isReviewed === false;
  return order.slice(from).find(isOpen) ?? order.slice(0, Math.max(0, from)).find(isOpen) ?? null;
}
