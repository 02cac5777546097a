// Everything the lab says about the predictions for one split.
import type { TagScheme } from '../data/tagScheme.ts';
import type { SplitScores } from './spanScore.ts';
import { conlleval } from './conlleval.ts';
import { strictScores } from './strictScores.ts';

/**
 * Scores predicted against gold tags, both `[sentences][tokens]` in `scheme`, leniently as conlleval and strictly.
 * Throws `metrics/length` when they differ in length.
 */
export function scoreSplit(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  scheme: TagScheme,
): SplitScores {
  const { sentences, tokens, accuracy, entities: lenient } = conlleval(gold, predicted);
  const { entities: strict, discarded } = strictScores(gold, predicted, scheme);
  return { sentences, tokens, accuracy, lenient, strict, discarded };
}
