// Orders the sentences of a review by how unsure the tagger is or as in the text, filters them, and finds the next one.
import { differsFromAnnotation, type Review } from './review.ts';

export const REVIEW_ORDERS = ['unsure', 'text'] as const;
export type ReviewOrder = (typeof REVIEW_ORDERS)[number];

export const REVIEW_FILTERS = ['all', 'unreviewed', 'differing'] as const;
export type ReviewFilter = (typeof REVIEW_FILTERS)[number];

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

/** Keeps of `order` what the filter wants, and `kept`, so that a sentence stays until the person leaves it. */
export function filterSentences(
  review: Review,
  order: readonly number[],
  filter: ReviewFilter,
  kept: number | null = null,
): readonly number[] {
  switch (filter) {
    case 'all':
      return order;
    case 'unreviewed':
      return order.filter((index) => index === kept || review.sentences[index]?.isReviewed === false);
    case 'differing':
      return order.filter((index) => index === kept || differsFromAnnotation(review, index));
  }
}

/** Returns the first sentence after `current` in `order` that is not reviewed, from the start again at the end; null if all are. */
export function nextUnreviewed(review: Review, order: readonly number[], current: number): number | null {
  const from = order.indexOf(current) + 1;
  const isOpen = (index: number): boolean => index !== current && review.sentences[index]?.isReviewed === false;
  return order.slice(from).find(isOpen) ?? order.slice(0, Math.max(0, from)).find(isOpen) ?? null;
}
