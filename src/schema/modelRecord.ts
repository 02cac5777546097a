// What the lab stores about a model besides its files, and what a trained tagger is besides its weights.
import { typesOfTags } from '../data/corpus/tagScheme.ts';
import { familyNames } from '../data/pieces/encoderFacts.ts';
import * as z from '../util/zod.ts';
import { trainingConfigSchema } from './config.ts';
import { methodSchema, traitsOf } from './methods.ts';
import { splitScoresSchema, type RunRecord } from './runRecord.ts';

// What a trained tagger is besides its weights: its tags, how it reads text, its provenance.

export const taggerHeadSchema = z.strictObject({
  /** Tag of each index of the head, as numbered by `makeTagSet`. */
  tags: z.array(z.string()).check(z.minLength(2)),
  /** Entity types, in the order of `tags`. */
  types: z.array(z.string()).check(z.minLength(1)),
  config: trainingConfigSchema,
  /** Set where text asks for one of the types, by words before and after it. */
  asked: z.optional(z.literal(true)),
  /** The run this snapshot is from. */
  provenance: z.strictObject({
    runId: z.string(),
    epoch: z.int().check(z.gte(1)),
    method: methodSchema,
    model: z.string(),
    /** Corpus and type names of each task it was trained on. */
    tasks: z.array(z.strictObject({ corpus: z.string(), type: z.nullable(z.string()) })),
    seed: z.int().check(z.gte(0)),
    slicingRate: z.nullable(z.number().check(z.gte(0), z.lte(1))),
    /** Of each task; null if the split is empty or was not scored. */
    devel: z.array(z.nullable(splitScoresSchema)),
    test: z.array(z.nullable(splitScoresSchema)),
  }),
});
export type TaggerHead = z.infer<typeof taggerHeadSchema>;

export const taggerFileSchema = z.extend(taggerHeadSchema, {
  format: z.literal('bioner-lab-tagger'),
  version: z.literal(1),
});
/** bioner_lab.json: marks a folder of weights as a trained tagger of this lab. */
export type TaggerFile = z.infer<typeof taggerFileSchema>;

/** Builds the head of a run; `layers` is that of its model. Scores come from the record: devel after each epoch, test once training is done. */
export function headOfRun({ spec, tags, epochs, snapshots }: RunRecord, epoch: number, layers: number): TaggerHead {
  const saved = snapshots.find((snapshot) => snapshot.epoch === epoch);
  const point = epochs.find((one) => one.epoch === epoch);
  const unscored = spec.tasks.map(() => null);
  return {
    tags,
    types: [...typesOfTags(tags)],
    config: spec.config,
    ...(traitsOf(spec.method).asks && { asked: true as const }),
    provenance: {
      runId: spec.id,
      epoch,
      method: spec.method,
      model: spec.model.name,
      tasks: spec.tasks.map(({ corpus, type }) => ({ corpus: corpus.name, type })),
      seed: spec.seed,
      slicingRate: spec.slicing && spec.slicing.layers / layers,
      devel: saved?.devel ?? point?.devel ?? unscored,
      test: saved?.test ?? unscored,
    },
  };
}

// What the lab stores about a pretrained model besides its files.

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
