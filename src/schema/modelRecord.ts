// What the lab stores about a pretrained model besides its files.
import { z } from 'zod';
import { familyNames } from '../data/pieces/encoderFacts.ts';
import { taggerHeadSchema } from './taggerHead.ts';

export const modelFileSchema = z.strictObject({ name: z.string(), sizeBytes: z.int().min(0) });

/** Where a model was downloaded from. */
export const modelSourceSchema = z.strictObject({
  repository: z.string(),
  /** The requested revision, and the commit it resolved to. */
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
  /** Absent in records from before any family but XLNet was supported. */
  family: z.enum(familyNames).optional(),
  /** Number of position embeddings, and so of pieces in its longest sequence; absent if there is no limit. */
  positions: z.int().min(1).optional(),
  /** Set for a trained tagger, which can tag as it is; absent for an encoder alone. */
  tagger: taggerHeadSchema.optional(),
  /** Absent for dropped files. */
  source: modelSourceSchema.optional(),
  builtIn: z.boolean(),
  addedAt: z.iso.datetime(),
});
export type ModelRecord = z.infer<typeof modelRecordSchema>;

/** What a configuration alone says about a model. */
export type EncoderFacts = Pick<
  ModelRecord,
  'parameterCount' | 'layers' | 'hiddenSize' | 'heads' | 'vocabularySize' | 'activation' | 'family' | 'positions'
>;
