// The four ways of SemEval-2013 task 9 to count mentions that are nearly right, as nervaluate counts them.
import type { Mention } from '../data/corpus/corpus.ts';
import { borderDistance, overlap } from './errorKinds.ts';
import { checkSentences } from './scores/sentenceCounts.ts';

/** `strict`: borders and type. `exact`: borders alone. `partial`: borders alone, half for an overlap. `type`: type alone, given an overlap. */
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

/** Percent; 0 where undefined. */
export interface SemevalScore extends SemevalCounts {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/**
 * Counts and scores of flat mentions in order, both `[sentences][mentions]` (Segura-Bedmar et al. 2013, section 5; nervaluate behind 1.0.0, its commit 0340f67):
 * precision = (COR + PAR / 2) / (COR + INC + PAR + SPU), recall the same over COR + INC + PAR + MIS.
 *
 * As in nervaluate, each predicted mention in its turn, from the left, takes a gold one that none before it took: one that is right in this
 * view, in `type` that with the nearest borders; or else the first that it overlaps, which is then incorrect, or partial. So counts hang on the
 * order where two mentions want the same partner, and `errorKinds`, which takes the best pair first, may pair them otherwise; `correct` of
 * `strict` and `exact` is the same in both, as flat mentions with the same borders have no rival. Two things differ from nervaluate: percent, and
 * one token in common is an overlap even in a mention of over a hundred. Throws `metrics/sentences` when gold and predicted differ in sentences.
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

/** The first of those whose borders are nearest. */
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
