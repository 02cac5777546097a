// Entity scores of mentions that are well-formed in their tag scheme.
import { lenientMentions, strictMentions } from '../data/chunks.ts';
import type { TagScheme } from '../data/tagScheme.ts';
import type { EntityScores } from './spanScore.ts';
import { checkLengths } from './conlleval.ts';
import { sharedMentions } from './sentenceCounts.ts';
import { SpanTally } from './spanScore.ts';

export interface StrictScores {
  readonly entities: EntityScores;
  /** Predicted mentions that conlleval's lenient reading has and the strict one has not: what strictness costs. */
  readonly discarded: number;
}

/**
 * Scores exact spans and types of the strict reading of both sides, `[sentences][tokens]`. Ill-formed
 * predictions are dropped, so precision can be above the lenient one while recall is below.
 * Throws `metrics/length` when gold and predicted differ in length.
 */
export function strictScores(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  scheme: TagScheme,
): StrictScores {
  checkLengths(gold, predicted);
  const spans = new SpanTally();
  let discarded = 0;
  gold.forEach((goldTags, sentence) => {
    const predictedTags = predicted[sentence] ?? [];
    const goldMentions = strictMentions(goldTags, scheme).mentions;
    const predictedMentions = strictMentions(predictedTags, scheme).mentions;
    for (const { type } of goldMentions) spans.add(type, 'gold');
    for (const { type } of predictedMentions) spans.add(type, 'predicted');
    for (const { type } of sharedMentions(goldMentions, predictedMentions)) spans.add(type, 'correct');
    const lenient = lenientMentions(predictedTags);
    discarded += lenient.length - sharedMentions(lenient, predictedMentions).length;
  });
  return { entities: spans.scores(), discarded };
}
