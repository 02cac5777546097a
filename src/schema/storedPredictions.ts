// What a snapshot predicted on one split of one task, and the projected gradients of a joint run’s tasks, as stored.
import type { Mention, Task } from '../data/corpus/corpus.ts';
import * as z from '../util/zod.ts';

/** Identifies predictions: by a run's snapshot, on a split of one of its tasks, or of a task that it was not trained on. */
export interface PredictionRequest {
  readonly runId: string;
  /** Of the snapshot. */
  readonly epoch: number;
  readonly split: 'devel' | 'test';
  /** Index of the task in the run; 0 for predictions elsewhere. */
  readonly task: number;
  /** The corpus and the type to predict where the run was not trained; the type is null for all types of the tagger. */
  readonly elsewhere?: Task;
}

const count = z.int().check(z.gte(0));
/** Limits the count: a corrupt record may state any number, and each sentence becomes a list of mentions. */
const mostSentences = 10_000_000;

const probability = z.number().check(z.gte(0), z.lte(1));

export const storedPredictionsSchema = z
  .strictObject({
    version: z.literal(1),
    /** Sentences of the split, including those without a predicted mention. */
    sentences: count.check(z.lte(mostSentences)),
    /** Names as in the task's corpus, whatever name the run trained them under. */
    types: z.array(z.string()),
    /** Four numbers per mention, in order: sentence, first token, token after the last, index in `types`. */
    mentions: z.array(count),
    /** Exact marginal probability of each mention, 0 to 1; null if only the best tags were requested. */
    confidences: z.nullable(z.array(probability)),
    /** Exact marginal probability of each annotated mention of the split, in order; absent if only the best tags were requested, and in earlier labs. */
    annotated: z.optional(z.array(probability)),
  })
  .check(
    z.refine(({ mentions }) => mentions.length % 4 === 0, { path: ['mentions'], message: 'a mention is four numbers' }),
    z.refine(({ mentions, confidences }) => confidences === null || 4 * confidences.length === mentions.length, {
      path: ['confidences'],
      message: 'each mention has one confidence',
    }),
    z.refine(({ mentions, sentences, types }) => everyMention(mentions, sentences, types.length), {
      path: ['mentions'],
      message: 'mentions must lie in the sentences, in order, with a known type',
    }),
  );
export type StoredPredictions = z.infer<typeof storedPredictionsSchema>;

/** A predicted mention; `confidence` is null if only the best tags were requested. */
export interface PredictedMention extends Mention {
  readonly confidence: number | null;
}

/** Converts the predicted mentions of each sentence to their stored form; confidences are stored only if every mention has one. */
export function storePredictions(
  sentences: readonly (readonly PredictedMention[])[],
  annotated: readonly number[] | null = null,
): StoredPredictions {
  const types: string[] = [];
  const mentions: number[] = [];
  const confidences: (number | null)[] = [];
  sentences.forEach((ofSentence, index) => {
    for (const { type, start, end, confidence } of ofSentence) {
      let position = types.indexOf(type);
      if (position < 0) position = types.push(type) - 1;
      mentions.push(index, start, end, position);
      confidences.push(confidence);
    }
  });
  const known = confidences.filter((confidence) => confidence !== null);
  const areKnown = known.length === confidences.length;
  return {
    version: 1,
    sentences: sentences.length,
    types,
    mentions,
    confidences: areKnown ? known : null,
    ...(annotated !== null && { annotated: [...annotated] }),
  };
}

/** Converts back to the predicted mentions of each sentence, in order. */
export function unstorePredictions(stored: StoredPredictions): PredictedMention[][] {
  const { sentences, types, mentions, confidences } = stored;
  const predicted: PredictedMention[][] = Array.from({ length: sentences }, () => []);
  for (let at = 0; at < mentions.length; at += 4) {
    const [sentence = 0, start = 0, end = 0, type = 0] = mentions.slice(at, at + 4);
    const confidence = confidences?.[at / 4] ?? null;
    predicted[sentence]?.push({ type: types[type] ?? '', start, end, confidence });
  }
  return predicted;
}

function everyMention(mentions: readonly number[], sentences: number, types: number): boolean {
  let lastSentence = 0;
  let lastEnd = 0;
  for (let at = 0; at < mentions.length; at += 4) {
    const [sentence = 0, start = 0, end = 0, type = 0] = mentions.slice(at, at + 4);
    if (sentence < lastSentence || sentence >= sentences || start >= end || type >= types) return false;
    if (sentence > lastSentence) lastEnd = 0;
    if (start < lastEnd) return false;
    lastSentence = sentence;
    lastEnd = end;
  }
  return true;
}

// Projected gradients of a joint run’s tasks, as stored: what a request names, and the losses and gradients of the sampled sequences.

/** Identifies measured gradients: of which snapshot, how many sequences of each task, to how many dimensions, with which draw. */
export interface GradientsRequest {
  readonly runId: string;
  /** Of the snapshot. */
  readonly epoch: number;
  /** Training sequences of each task, and devel sequences, at most. */
  readonly sequences: number;
  readonly dimensions: number;
  /** Of the sample and the projection. */
  readonly seed: number;
}

/** Grad-TAG projects to a few hundred dimensions. */
export const usualGradients: Omit<GradientsRequest, 'runId' | 'epoch'> = { sequences: 96, dimensions: 256, seed: 1 };

const losses = z.array(z.number().check(z.gte(0)));

export const storedGradientsSchema = z.strictObject({
  version: z.literal(1),
  sequences: z.int().check(z.gte(1)),
  dimensions: z.int().check(z.gte(2), z.lte(4096)),
  seed: z.int().check(z.gte(0)),
  /** In the order of the run's tasks. */
  tasks: z
    .array(
      z.strictObject({
        /** Sequences of the task that an epoch shows. */
        shown: z.int().check(z.gte(0)),
        /** Negative log-likelihood of each sampled sequence. */
        train: losses,
        devel: losses,
      }),
    )
    .check(z.minLength(1)),
  /** Of the bytes of the gradients: float32 [sequence, dimension], little-endian; of each task in turn training, then devel. */
  checksum: z.string(),
});
export type StoredGradients = z.infer<typeof storedGradientsSchema>;
