// Counts nearly correct mentions in the four ways of SemEval-2013 task 9, as nervaluate does since it takes the best partner.
import type { Mention } from '../data/corpus/corpus.ts';
import { borderDistance, overlap } from './errorKinds.ts';
import { checkSentences } from './scores/sentenceCounts.ts';

/** `strict`: boundaries and type. `exact`: boundaries only. `partial`: boundaries only, half for an overlap. `type`: type only, given an overlap. */
export type SemevalView = 'strict' | 'exact' | 'partial' | 'type';

export const SEMEVAL_VIEWS: readonly SemevalView[] = ['strict', 'exact', 'partial', 'type'];

export interface SemevalCounts {
  /** COR, INC, PAR, MIS and SPU. */
  readonly correct: number;
  readonly incorrect: number;
  readonly partial: number;
  readonly missed: number;
  readonly spurious: number;
}

/** Percent; 0 if undefined. */
export interface SemevalScore extends SemevalCounts {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/**
 * Counts and scores flat mentions in order, both `[sentences][mentions]` (Segura-Bedmar et al. 2013, section 5; nervaluate
 * after 1.1.0, commit 0340f67): precision = (COR + PAR / 2) / (COR + INC + PAR + SPU), recall the same over COR + INC + PAR + MIS.
 *
 * As in nervaluate, each predicted mention from left to right is paired with a gold one not yet paired: one that is correct in this
 * view (in `type`, the one with the nearest boundaries); or else the first that it overlaps, which then counts as incorrect or
 * partial. So counts depend on order if two mentions compete for a partner, and `errorKinds`, which takes the best pair first, may
 * pair them differently; `correct` of `strict` and `exact` is the same in both, as flat mentions with the same boundaries have no
 * rival. nervaluate up to 1.1.0 pairs with the first gold mention that a predicted one overlaps: its counts differ in `type` alone, where
 * that one has another type and a later one the same. Two differences from any nervaluate: percent, and one common token is an overlap even in a mention of over a hundred. Throws
 * `metrics/sentences` if gold and predicted differ in sentences.
 */
export function semevalScores(
  gold: readonly (readonly Mention[])[],
  predicted: readonly (readonly Mention[])[],
): Readonly<Record<SemevalView, SemevalScore>> {
  checkSentences(gold, predicted);
  const scoreOf = (view: SemevalView) => {
    const counts = { correct: 0, incorrect: 0, partial: 0, missed: 0, spurious: 0 };
    gold.forEach((mentions, sentence) => {
      count(view, mentions, predicted[sentence] ?? [], counts);
    });
    return semevalScore(counts);
  };
  return { strict: scoreOf('strict'), exact: scoreOf('exact'), partial: scoreOf('partial'), type: scoreOf('type') };
}

/** Adds the counts of one sentence. */
function count(
  view: SemevalView,
  gold: readonly Mention[],
  predicted: readonly Mention[],
  counts: { -readonly [Name in keyof SemevalCounts]: number },
): void {
  const open = new Set(gold);
  for (const mention of predicted) {
    const overlapped = [...open].filter((other) => overlap(mention, other) > 0);
    const right = nearest(
      mention,
      overlapped.filter((other) => isRight(view, mention, other)),
    );
    const partner = right ?? overlapped[0];
    if (partner === undefined) counts.spurious++;
    else {
      open.delete(partner);
      if (right !== undefined) counts.correct++;
      else if (view === 'partial') counts.partial++;
      else counts.incorrect++;
    }
  }
  counts.missed += open.size;
}

function isRight(view: SemevalView, mention: Mention, gold: Mention): boolean {
  const sameType = mention.type === gold.type;
  if (view === 'type') return sameType;
  return borderDistance(mention, gold) === 0 && (sameType || view !== 'strict');
}

/** Returns the first of those with the nearest boundaries. */
function nearest(mention: Mention, others: readonly Mention[]): Mention | undefined {
  const least = Math.min(...others.map((other) => borderDistance(mention, other)));
  return others.find((other) => borderDistance(mention, other) === least);
}

function semevalScore(counts: SemevalCounts): SemevalScore {
  const { correct, incorrect, partial, missed, spurious } = counts;
  const right = 100 * (correct + partial / 2);
  const paired = correct + incorrect + partial;
  const precision = paired + spurious > 0 ? right / (paired + spurious) : 0;
  const recall = paired + missed > 0 ? right / (paired + missed) : 0;
  const f1 = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
  return { ...counts, precision, recall, f1 };
}
