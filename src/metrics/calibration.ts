// Measures how far a tagger's confidences can be believed, corrects them, and ranks annotations that they speak against.
import type { Mention, Sentence } from '../data/corpus/corpus.ts';

// Measures how far a tagger's confidences can be believed, and corrects them by one temperature (Guo et al. 2017, "On calibration of modern neural networks").

/** A predicted mention: how sure the tagger is of it, and whether it is annotated just so. */
export interface MentionOutcome {
  /** 0 to 1. */
  readonly confidence: number;
  readonly isCorrect: boolean;
}

/** Tells of each predicted mention whether it is annotated just so; both lists are by sentence. */
export function outcomesOf(
  sentences: readonly Pick<Sentence, 'mentions'>[],
  predicted: readonly (readonly ProbableMention[])[],
): readonly MentionOutcome[] {
  return predicted.flatMap((mentions, index) => {
    const annotated = sentences[index]?.mentions ?? [];
    return mentions.map((mention) => ({
      confidence: mention.confidence,
      isCorrect: annotated.some((one) => isSameMention(one, mention)),
    }));
  });
}

/** The mentions whose confidence lies between two bounds. */
export interface ConfidenceBin {
  /** Included. */
  readonly from: number;
  /** Excluded, but for the last bin. */
  readonly to: number;
  readonly mentions: number;
  /** Mean confidence; null without mentions. */
  readonly confidence: number | null;
  /** Share of correct mentions; null without mentions. */
  readonly accuracy: number | null;
  /** 95 % interval of the share (Wilson 1927), which has a width where all or none are correct; null without mentions. */
  readonly interval: readonly [number, number] | null;
}

export interface Calibration {
  readonly mentions: number;
  readonly bins: readonly ConfidenceBin[];
  /** Expected calibration error, 0 to 1: the mean distance of accuracy and confidence over bins, weighted by their mentions. */
  readonly expectedError: number;
  /** Brier score, 0 to 1: the mean square of confidence minus outcome. */
  readonly brier: number;
}

const BINS = 10;

/** Groups mentions into ten bins of equal width. Takes time linear in the mentions. */
export function calibrationOf(mentions: readonly MentionOutcome[]): Calibration {
  const sums = Array.from({ length: BINS }, () => ({ mentions: 0, confidence: 0, correct: 0 }));
  let squares = 0;
  for (const { confidence, isCorrect } of mentions) {
    const bin = sums[Math.min(BINS - 1, Math.floor(confidence * BINS))];
    if (bin === undefined) throw new RangeError(`A confidence of ${confidence} is not between 0 and 1.`);
    bin.mentions++;
    bin.confidence += confidence;
    if (isCorrect) bin.correct++;
    squares += (confidence - Number(isCorrect)) ** 2;
  }
  const bins = sums.map((sum, index): ConfidenceBin => {
    const bounds = { from: index / BINS, to: (index + 1) / BINS, mentions: sum.mentions };
    if (sum.mentions === 0) return { ...bounds, confidence: null, accuracy: null, interval: null };
    const accuracy = sum.correct / sum.mentions;
    return { ...bounds, confidence: sum.confidence / sum.mentions, accuracy, interval: wilson(accuracy, sum.mentions) };
  });
  const distance = sums.reduce((total, { confidence, correct }) => total + Math.abs(correct - confidence), 0);
  const count = Math.max(1, mentions.length);
  return { mentions: mentions.length, bins, expectedError: distance / count, brier: squares / count };
}

/** 97.5 % quantile of the normal distribution. */
const Z = 1.959964;

function wilson(share: number, count: number): readonly [number, number] {
  const middle = (share + Z ** 2 / (2 * count)) / (1 + Z ** 2 / count);
  const half = (Z / (1 + Z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + Z ** 2 / (4 * count ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** Bounds of the inverse temperature: beyond them lie mentions of which all, or none, are correct. */
const LEAST_INVERSE = 0.05;
const MOST_INVERSE = 20;
const HALVINGS = 60;

/**
 * Finds the temperature T whose confidences sigmoid(logit(p) / T) make the outcomes likeliest. Over 1 the tagger was too sure, below 1 not sure
 * enough; between 0.05 and 20, and 1 without mentions. Fit it on mentions other than those it is measured on.
 *
 * The log-likelihood is concave in 1 / T, so that its slope has one zero, which is bracketed by halving.
 */
export function fitTemperature(mentions: readonly MentionOutcome[]): number {
  if (mentions.length === 0) return 1;
  const points = mentions.map(({ confidence, isCorrect }) => ({
    logit: logit(confidence),
    outcome: Number(isCorrect),
  }));
  const slope = (inverse: number): number =>
    points.reduce((sum, { logit: z, outcome }) => sum + (outcome - sigmoid(inverse * z)) * z, 0);
  let [low, high] = [LEAST_INVERSE, MOST_INVERSE];
  for (let round = 0; round < HALVINGS; round++) {
    const middle = (low + high) / 2;
    // Where all are right the slope vanishes in rounding, on the side of a lower temperature.
    if (slope(middle) >= 0) low = middle;
    else high = middle;
  }
  return 2 / (low + high);
}

/** Returns a confidence at a temperature. It keeps the order of mentions, and 0.5 where it is. */
export function atTemperature(confidence: number, temperature: number): number {
  return sigmoid(logit(confidence) / temperature);
}

/** What a mention of probability 1 or 0 counts as: rounding has taken the rest. */
const CERTAIN = 1e-7;

function logit(probability: number): number {
  const inside = Math.min(1 - CERTAIN, Math.max(CERTAIN, probability));
  return Math.log(inside / (1 - inside));
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

// Ranks annotations that are probably wrong, by the probability that a tagger which never saw them gives to what is annotated and to what it found.

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
