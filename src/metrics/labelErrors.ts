// Ranks annotations that are probably wrong, by the probability that a tagger which never saw them gives to what is annotated and to what it found.
import type { Mention, Sentence } from '../data/corpus/corpus.ts';

/** A mention with its exact probability under the tagger, 0 to 1. */
export interface ProbableMention extends Mention {
  readonly confidence: number;
}

/** An annotation that the tagger finds unlikely, a mention that it finds and nobody annotated, or both where they overlap. */
export interface LabelDoubt {
  /** Index of the sentence, from 0. */
  readonly sentence: number;
  readonly annotated: ProbableMention | null;
  readonly predicted: ProbableMention | null;
  /** Probability of the mention that contradicts the annotation, 0 to 1; 0 where the tagger finds nothing instead. */
  readonly score: number;
}

/**
 * Ranks where annotation and prediction differ, the most doubtful first: by the exact probability of the mention that the tagger finds there instead,
 * confident learning's score of a given label's rival (Northcutt et al. 2021) for whole mentions. Annotated mentions where it finds nothing come
 * last, the less probable first: a tagger misses many mentions with certainty, so that their improbability says little
 * (`bench/confidence.bench.ts`). Ties are in text order.
 *
 * The tagger must not have been trained on these sentences: it would have learned their errors.
 *
 * @param probabilities those of the annotated mentions, in their order, by sentence
 * @param predicted by sentence
 */
export function labelDoubts(
  sentences: readonly Pick<Sentence, 'mentions'>[],
  probabilities: readonly (readonly number[])[],
  predicted: readonly (readonly ProbableMention[])[],
): readonly LabelDoubt[] {
  const doubts = sentences.flatMap(({ mentions }, sentence): LabelDoubt[] => {
    const found = predicted[sentence] ?? [];
    const annotated = mentions.map((mention, index) => ({ ...mention, confidence: probabilities[sentence]?.[index] ?? 0 })); // prettier-ignore
    const wrong = annotated.filter((mention) => !found.some((other) => isSameMention(mention, other)));
    const ofAnnotated = wrong.map((mention): LabelDoubt => {
      const overlapping = found.filter((other) => doOverlap(mention, other));
      const instead = surest(overlapping);
      return { sentence, annotated: mention, predicted: instead, score: instead?.confidence ?? 0 };
    });
    const ofPredicted = found
      .filter((mention) => !annotated.some((other) => doOverlap(mention, other)))
      .map((mention): LabelDoubt => ({ sentence, annotated: null, predicted: mention, score: mention.confidence }));
    return [...ofAnnotated, ...ofPredicted];
  });
  return doubts.sort(
    (left, right) =>
      right.score - left.score ||
      (left.annotated?.confidence ?? 0) - (right.annotated?.confidence ?? 0) ||
      left.sentence - right.sentence ||
      startOf(left) - startOf(right),
  );
}

/** Whether two mentions of a sentence have the same borders and type. */
export function isSameMention(left: Mention, right: Mention): boolean {
  return left.start === right.start && left.end === right.end && left.type === right.type;
}

function doOverlap(left: Mention, right: Mention): boolean {
  return left.start < right.end && right.start < left.end;
}

function surest(mentions: readonly ProbableMention[]): ProbableMention | null {
  return mentions.reduce<ProbableMention | null>(
    (best, mention) => (best === null || mention.confidence > best.confidence ? mention : best),
    null,
  );
}

function startOf({ annotated, predicted }: LabelDoubt): number {
  return (annotated ?? predicted)?.start ?? 0;
}
