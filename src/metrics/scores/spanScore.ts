// Computes precision, recall and F1 from counts of spans.
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
