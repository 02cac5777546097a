// What the lab keeps about a pretrained model beside its files.
import { z } from 'zod';
import { taggerHeadSchema } from './taggerHead.ts';

export const modelFileSchema = z.strictObject({ name: z.string(), sizeBytes: z.int().min(0) });

/** What the families of encoders are called. */
export const familyNames = { xlnet: 'XLNet', bert: 'BERT' } as const;

/** Where a model was downloaded. */
export const modelSourceSchema = z.strictObject({
  repository: z.string(),
  /** As it was asked for, and the commit that it was. */
  revision: z.string(),
  commit: z.string(),
});
export type ModelSource = z.infer<typeof modelSourceSchema>;

export const modelRecordSchema = z.strictObject({
  version: z.literal(1),
  /** First 16 hex digits of `fingerprint`. */
  id: z.string(),
  name: z.string().min(1),
  /** SHA-256 over the fingerprints of config, weights and tokenizer. */
  fingerprint: z.string(),
  files: z.array(modelFileSchema),
  parameterCount: z.int().min(1),
  layers: z.int().min(1),
  hiddenSize: z.int().min(1),
  heads: z.int().min(1),
  vocabularySize: z.int().min(1),
  activation: z.string(),
  /** Absent in records from before there was a family beside XLNet. */
  family: z.enum(['xlnet', 'bert']).optional(),
  /** Positions it has embeddings for, and so pieces of its longest sequence; absent where there is no limit. */
  positions: z.int().min(1).optional(),
  /** Of a trained tagger, which can tag as it is; absent for an encoder alone. */
  tagger: taggerHeadSchema.optional(),
  /** Absent for what was dropped. */
  source: modelSourceSchema.optional(),
  builtIn: z.boolean(),
  addedAt: z.iso.datetime(),
});
export type ModelRecord = z.infer<typeof modelRecordSchema>;

/** What a configuration alone tells of a model. */
export type EncoderFacts = Pick<
  ModelRecord,
  'parameterCount' | 'layers' | 'hiddenSize' | 'heads' | 'vocabularySize' | 'activation' | 'family' | 'positions'
>;
