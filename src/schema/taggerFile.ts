// bioner_lab.json: what makes a folder of weights a trained tagger of this lab.
import { z } from 'zod';
import { taggerHeadSchema } from './taggerHead.ts';

export const taggerFileSchema = taggerHeadSchema.extend({
  format: z.literal('bioner-lab-tagger'),
  version: z.literal(1),
});
export type TaggerFile = z.infer<typeof taggerFileSchema>;
