// What the lab stores about a pretrained model besides its files.
import * as z from '../util/zod.ts';
import { familyNames } from '../data/pieces/encoderFacts.ts';
import { taggerHeadSchema } from './taggerHead.ts';

export const modelFileSchema = z.strictObject({ name: z.string(), sizeBytes: z.int().check(z.gte(0)) });

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
  name: z.string().check(z.minLength(1)),
  /** SHA-256 over the fingerprints of config, weights and tokenizer. */
  fingerprint: z.string(),
  files: z.array(modelFileSchema),
  parameterCount: z.int().check(z.gte(1)),
  layers: z.int().check(z.gte(1)),
  hiddenSize: z.int().check(z.gte(1)),
  heads: z.int().check(z.gte(1)),
  vocabularySize: z.int().check(z.gte(1)),
  activation: z.string(),
  /** Absent in records from before any family but XLNet was supported. */
  family: z.optional(z.enum(familyNames)),
  /** Number of position embeddings, and so of pieces in its longest sequence; absent if there is no limit. */
  positions: z.optional(z.int().check(z.gte(1))),
  /** Set for a trained tagger, which can tag as it is; absent for an encoder alone. */
  tagger: z.optional(taggerHeadSchema),
  /** Absent for dropped files. */
  source: z.optional(modelSourceSchema),
  builtIn: z.boolean(),
  addedAt: z.iso.datetime(),
});
export type ModelRecord = z.infer<typeof modelRecordSchema>;

/** What a configuration alone says about a model. */
export type EncoderFacts = Pick<
  ModelRecord,
  'parameterCount' | 'layers' | 'hiddenSize' | 'heads' | 'vocabularySize' | 'activation' | 'family' | 'positions'
>;
