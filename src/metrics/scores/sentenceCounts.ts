// Counts the mentions of each sentence in gold, in the prediction, and in both.
import type { Mention } from '../../data/corpus/corpus.ts';
import { LabError } from '../../util/labError.ts';
import type { SpanCounts } from './spanScore.ts';

/** Counts of exact spans with the right type, each array `[sentences]`. */
export interface SentenceCounts {
  readonly gold: Int32Array;
  readonly predicted: Int32Array;
  readonly correct: Int32Array;
}

/**
 * Counts every sentence from its flat mentions, both `[sentences][mentions]`. With lenient mentions on both sides the sums are
 * conlleval's. Throws `metrics/sentences` if gold and predicted differ in sentences.
 */
export function sentenceCounts(
  gold: readonly (readonly Mention[])[],
  predicted: readonly (readonly Mention[])[],
): SentenceCounts {
  checkSentences(gold, predicted);
  return {
    gold: Int32Array.from(gold, (mentions) => mentions.length),
    predicted: Int32Array.from(predicted, (mentions) => mentions.length),
    correct: Int32Array.from(gold, (mentions, sentence) => sharedMentions(mentions, predicted[sentence] ?? []).length),
  };
}

/** Sums the counts of all sentences. */
export function totalCounts({ gold, predicted, correct }: SentenceCounts): SpanCounts {
  return { gold: sum(gold), predicted: sum(predicted), correct: sum(correct) };
}

/** Returns the mentions of `left` that are also in `right`, with the same boundaries and type. Mentions are flat, so a start is unique. */
export function sharedMentions(left: readonly Mention[], right: readonly Mention[]): Mention[] {
  const byStart = new Map(right.map((mention) => [mention.start, mention]));
  return left.filter(({ type, start, end }) => {
    const other = byStart.get(start);
    return other !== undefined && other.end === end && other.type === type;
  });
}

/** Throws `metrics/sentences` unless both have the same number of sentences. */
export function checkSentences(gold: { readonly length: number }, predicted: { readonly length: number }): void {
  if (gold.length === predicted.length) return;
  throw new LabError('metrics/sentences', 'Gold and predicted mentions differ in sentences.', {
    expected: `${gold.length} sentences`,
    got: `${predicted.length}`,
  });
}

function sum(values: Int32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
