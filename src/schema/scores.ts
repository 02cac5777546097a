// Entity scores as they are stored and shown.
import { z } from 'zod';

const count = z.int().min(0);

/** Counts of exact spans; precision, recall and F1 in percent, 0 where undefined, as conlleval prints them. */
export const spanScoreSchema = z.strictObject({
  gold: count,
  predicted: count,
  correct: count,
  precision: z.number().min(0).max(100),
  recall: z.number().min(0).max(100),
  f1: z.number().min(0).max(100),
});
export type SpanScore = z.infer<typeof spanScoreSchema>;

/** Scores of one set of sentences under one way of reading tags. */
export const entityScoresSchema = z.strictObject({
  overall: spanScoreSchema,
  perType: z.record(z.string(), spanScoreSchema),
});
export type EntityScores = z.infer<typeof entityScoresSchema>;

/**
 * `lenient` reads tags as conlleval does; `strict` drops mentions that break the tag scheme, so its precision can exceed lenient's.
 * `discarded` counts the predicted mentions that only the lenient reading has.
 */
export const splitScoresSchema = z.strictObject({
  sentences: count,
  tokens: count,
  /** Share of tokens with the right tag, percent, as conlleval's accuracy. */
  accuracy: z.number().min(0).max(100),
  lenient: entityScoresSchema,
  strict: entityScoresSchema,
  discarded: count,
});
export type SplitScores = z.infer<typeof splitScoresSchema>;
