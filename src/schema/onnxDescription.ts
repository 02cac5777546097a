// Describes a tagger exported as ONNX: the precision of its weights, its files, and its CRF.
import * as z from '../util/zod.ts';

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
