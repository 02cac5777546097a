// The counts of conlleval, the scorer of the CoNLL shared tasks, number for number.
import { endsChunk, startsChunk } from '../data/chunks.ts';
import { outside, splitTag } from '../data/tagScheme.ts';
import type { EntityScores } from './spanScore.ts';
import { LabError } from '../util/labError.ts';
import { SpanTally } from './spanScore.ts';

export interface ConllevalScores {
  readonly sentences: number;
  readonly tokens: number;
  /** Tokens whose predicted tag equals the gold one. */
  readonly correctTags: number;
  /** Percent; 0 without tokens. */
  readonly accuracy: number;
  readonly entities: EntityScores;
}

/**
 * Scores predicted tags against gold tags, both `[sentences][tokens]`, with a boundary behind every sentence. It follows the
 * streaming algorithm of CoNLL-2000 with the breaks at S and E, so that even tags of no scheme count alike.
 * Throws `metrics/length` when gold and predicted differ in length.
 */
export function conlleval(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
): ConllevalScores {
  checkLengths(gold, predicted);
  const spans = new SpanTally();
  let tokens = 0;
  let correctTags = 0;
  let previousGold = outside;
  let previousPredicted = outside;
  /** Whether a mention is open that is right so far. */
  let isCorrect = false;

  gold.forEach((goldTags, sentence) => {
    const predictedTags = predicted[sentence] ?? [];
    for (let index = 0; index <= goldTags.length; index++) {
      const goldTag = splitTag(goldTags[index] ?? 'O');
      const predictedTag = splitTag(predictedTags[index] ?? 'O');
      const sameType = goldTag.type === predictedTag.type;
      const goldEnds = endsChunk(previousGold, goldTag);
      const predictedEnds = endsChunk(previousPredicted, predictedTag);
      const goldStarts = startsChunk(previousGold, goldTag);
      const predictedStarts = startsChunk(previousPredicted, predictedTag);

      if (isCorrect) {
        if (goldEnds && predictedEnds && previousGold.type === previousPredicted.type) {
          isCorrect = false;
          spans.add(previousGold.type, 'correct');
        } else if (goldEnds !== predictedEnds || !sameType) {
          isCorrect = false;
        }
      }
      if (goldStarts && predictedStarts && sameType) isCorrect = true;
      if (goldStarts) spans.add(goldTag.type, 'gold');
      if (predictedStarts) spans.add(predictedTag.type, 'predicted');
      if (index < goldTags.length) {
        tokens++;
        if (goldTag.prefix === predictedTag.prefix && sameType) correctTags++;
      }
      previousGold = goldTag;
      previousPredicted = predictedTag;
    }
  });
  // Only tags of no scheme are still open behind a boundary.
  if (isCorrect) spans.add(previousGold.type, 'correct');

  const accuracy = tokens > 0 ? (100 * correctTags) / tokens : 0;
  return { sentences: gold.length, tokens, correctTags, accuracy, entities: spans.scores() };
}

/** Throws `metrics/length` unless both have the same sentences with the same numbers of tokens. */
export function checkLengths(gold: readonly (readonly string[])[], predicted: readonly (readonly string[])[]): void {
  if (gold.length !== predicted.length) {
    throw new LabError('metrics/length', 'Gold and predicted tags differ in sentences.', {
      expected: `${gold.length} sentences`,
      got: `${predicted.length}`,
    });
  }
  const odd = gold.findIndex((tags, sentence) => tags.length !== predicted[sentence]?.length);
  if (odd >= 0) {
    throw new LabError('metrics/length', `Gold and predicted tags of sentence ${odd} differ in length.`, {
      expected: `${gold[odd]?.length} tags`,
      got: `${predicted[odd]?.length}`,
    });
  }
}
