// Counts the mentions of each sentence, computes precision, recall and F1 from counts, and summarises several scores.
import type { Mention } from '../../data/corpus/corpus.ts';
import { LabError } from '../../util/labError.ts';

export interface SpanCounts {
  readonly gold: number;
  readonly predicted: number;
  readonly correct: number;
}

/** Counts of exact spans; precision, recall and F1 in percent, 0 if undefined, as conlleval prints them. */
export interface SpanScore extends SpanCounts {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** Scores of one set of sentences under one way of reading tags. */
export interface EntityScores {
  readonly overall: SpanScore;
  readonly perType: Readonly<Record<string, SpanScore>>;
}

/**
 * `lenient` reads tags like conlleval; `strict` drops mentions that violate the tag scheme, so its precision can exceed lenient's.
 * `discarded` counts the predicted mentions that only the lenient reading has.
 */
export interface SplitScores {
  readonly sentences: number;
  readonly tokens: number;
  /** Share of tokens with the right tag, percent, like conlleval's accuracy. */
  readonly accuracy: number;
  readonly lenient: EntityScores;
  readonly strict: EntityScores;
  readonly discarded: number;
}

/** Scores in percent, 0 if undefined, computed in the order of conlleval's own operations. */
export function spanScore({ gold, predicted, correct }: SpanCounts): SpanScore {
  const precision = predicted > 0 ? (100 * correct) / predicted : 0;
  const recall = gold > 0 ? (100 * correct) / gold : 0;
  const f1 = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
  return { gold, predicted, correct, precision, recall, f1 };
}

/** Accumulates span counts, overall and per type. */
export class SpanTally {
  readonly overall = { gold: 0, predicted: 0, correct: 0 };
  readonly perType = new Map<string, { gold: number; predicted: number; correct: number }>();

  add(type: string, what: keyof SpanCounts): void {
    const ofType = this.perType.get(type) ?? { gold: 0, predicted: 0, correct: 0 };
    this.perType.set(type, ofType);
    ofType[what]++;
    this.overall[what]++;
  }

  /** Returns scores, with types in code-unit order. */
  scores(): EntityScores {
    const types = [...this.perType].sort(([left], [right]) => (left < right ? -1 : 1));
    return {
      overall: spanScore(this.overall),
      perType: Object.fromEntries(types.map(([type, counts]) => [type, spanScore(counts)])),
    };
  }
}

// Counts the mentions of each sentence in gold, in the prediction, and in both.

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

// Summarises several scores: mean, sample standard deviation, and the deviation within groups.

export interface Spread {
  readonly mean: number;
  /** Sample standard deviation (n - 1); null for a single value. */
  readonly deviation: number | null;
  /** Number of values. */
  readonly count: number;
}

/** Null if there are no values. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean and sample standard deviation; null if there are no values. */
export function spread(values: readonly number[]): Spread | null {
  const centre = mean(values);
  if (centre === null) return null;
  if (values.length === 1) return { mean: centre, deviation: null, count: 1 };
  return {
    mean: centre,
    deviation: Math.sqrt(squaresAround(centre, values) / (values.length - 1)),
    count: values.length,
  };
}

/**
 * Pools the deviation within groups: the root of the groups' sums of squares over the sum of their degrees of freedom (n - 1), so
 * differences between groups do not count. The mean is that of all values. Deviation null if no group has two.
 */
export function spreadWithin(groups: readonly (readonly number[])[]): Spread | null {
  const values = groups.flat();
  const centre = mean(values);
  if (centre === null) return null;
  let squares = 0;
  let freedom = 0;
  for (const group of groups) {
    squares += squaresAround(mean(group) ?? 0, group);
    freedom += Math.max(0, group.length - 1);
  }
  return { mean: centre, deviation: freedom === 0 ? null : Math.sqrt(squares / freedom), count: values.length };
}

function squaresAround(centre: number, values: readonly number[]): number {
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}
