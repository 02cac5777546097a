// Describes taggers in files: the one that comes with the lab, with its scores, and those exported as ONNX.
import type { LabErrorData } from '../util/labError.ts';
import * as z from '../util/zod.ts';

const percentSchema = z.number().check(z.gte(0), z.lte(100));

/** `taggers/catalogue.json`: what the shipped tagger is, and its files. */
export const shippedTaggerSchema = z.strictObject({
  version: z.literal(1),
  name: z.string().check(z.minLength(1)),
  /** The run that trained it, in `results/`. */
  runId: z.string(),
  licence: z.string(),
  /** Paths in `public/`; the vocabulary is that of the built-in model. `sha256` of the whole file. */
  files: z.array(
    z.strictObject({
      name: z.string(),
      path: z.string(),
      sizeBytes: z.int().check(z.gte(1)),
      sha256: z.string().check(z.length(64)),
    }),
  ),
  /** Scores on the annotated test set of each corpus, exact mentions, in percent. */
  tests: z.array(
    z.strictObject({
      type: z.string(),
      corpus: z.string(),
      sentences: z.int().check(z.gte(1)),
      precision: percentSchema,
      recall: percentSchema,
      f1: percentSchema,
    }),
  ),
});
/** What the card of the shipped tagger says. */
export type ShippedTaggerCard = z.infer<typeof shippedTaggerSchema>;

/** What the lab knows of the tagger that comes with it. */
export type ShippedTagger =
  | { readonly status: 'unwanted' }
  /** `ofBytes` is 0 until it is known. */
  | { readonly status: 'fetching'; readonly doneBytes: number; readonly ofBytes: number }
  /** `installed` is false where a person removed it from the library. */
  | { readonly status: 'known'; readonly installed: boolean; readonly card: ShippedTaggerCard }
  | { readonly status: 'failed'; readonly problem: LabErrorData };

/** Which one was installed here: one that a person removed does not come back by itself. */
export const shippedNoteSchema = z.strictObject({ runId: z.string() });

// Describes a tagger exported as ONNX: the precision of its weights, its files, and its CRF.

/**
 * How the weights of an ONNX graph are stored. `f16`: rounded to halves, which the runtime widens when it opens the model, so that it computes
 * in f32 on any device; `int8`: products of 8-bit integers, with the range of their left side found while they run, and embeddings in 8 bits.
 */
export const ONNX_PRECISIONS = ['f32', 'f16', 'int8'] as const;
export type OnnxPrecision = (typeof ONNX_PRECISIONS)[number];

const tagWeights = z.nullable(z.array(z.number()));

export const onnxFileSchema = z.strictObject({
  format: z.literal('bioner-lab-onnx'),
  version: z.literal(1),
  precision: z.enum(ONNX_PRECISIONS),
  /** Names of files beside it; `data` is null where the graph has all weights. */
  model: z.string(),
  data: z.nullable(z.string()),
  /** Weights of the CRF as the graph has them: [from][to], and of each tag, null without such states; null for softmax. */
  crf: z.nullable(z.strictObject({ transitions: z.array(z.array(z.number())), start: tagWeights, end: tagWeights })),
});
/** onnx.json: describes a tagger exported as ONNX to programs that decode its tags themselves. */
export type OnnxFile = z.infer<typeof onnxFileSchema>;
