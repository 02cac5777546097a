// The sentences of one split as they are stored.
import { z } from 'zod';
import type { Sentence } from '../data/corpus.ts';

const mentionSchema = z.strictObject({ type: z.string(), start: z.int().min(0), end: z.int().min(1) });

const sentenceSchema = z
  .strictObject({ tokens: z.array(z.string()), mentions: z.array(mentionSchema) })
  .refine(({ tokens, mentions }) => mentions.every(({ start, end }) => start < end && end <= tokens.length), {
    path: ['mentions'],
    message: 'a mention must lie within its sentence',
  });

export const sentencesSchema: z.ZodType<readonly Sentence[]> = z.array(sentenceSchema);
