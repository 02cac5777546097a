// Checks entity scores as they are stored.
import { z } from 'zod';
import type { EntityScores, SpanScore, SplitScores } from '../metrics/spanScore.ts';

const count = z.int().min(0);
const percent = z.number().min(0).max(100);

const spanScoreSchema = z.strictObject({
  gold: count,
  predicted: count,
  correct: count,
  precision: percent,
  recall: percent,
  f1: percent,
}) satisfies z.ZodType<SpanScore>;

const entityScoresSchema = z.strictObject({
  overall: spanScoreSchema,
  perType: z.record(z.string(), spanScoreSchema),
}) satisfies z.ZodType<EntityScores>;

export const splitScoresSchema = z.strictObject({
  sentences: count,
  tokens: count,
  accuracy: percent,
  lenient: entityScoresSchema,
  strict: entityScoresSchema,
  discarded: count,
}) satisfies z.ZodType<SplitScores>;
