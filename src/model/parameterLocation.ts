// Where in the tagger a named parameter sits, and how it lies in a Hugging Face checkpoint.
import type { EncoderSizes } from './config/encoderSizes.ts';

/** For layer-wise rates and layer slicing. */
export type ParameterLocation =
  { readonly part: 'embedding' } | { readonly part: 'layer'; readonly layer: number } | { readonly part: 'head' };

/** The word embedding; whatever else comes before the first layer is named `embedding.…`. */
export const EMBEDDING = 'embedding';

/** The part of the tagger a parameter belongs to. */
export function locationOf(name: string): ParameterLocation {
  if (name === EMBEDDING || name.startsWith(`${EMBEDDING}.`)) return { part: 'embedding' };
  const match = /^layer\.(\d+)\./.exec(name);
  return match === null ? { part: 'head' } : { part: 'layer', layer: Number(match[1]) };
}

/** Relative to `layer.<l>.`, in a fixed order; d hidden, i inner size. */
export function residualShapes({ hiddenSize: d, innerSize: i }: Pick<EncoderSizes, 'hiddenSize' | 'innerSize'>) {
  return [
    ['attention.norm.scale', [d]],
    ['attention.norm.shift', [d]],
    ['feedForward.inner.kernel', [d, i]],
    ['feedForward.inner.bias', [i]],
    ['feedForward.outer.kernel', [i, d]],
    ['feedForward.outer.bias', [d]],
    ['feedForward.norm.scale', [d]],
    ['feedForward.norm.shift', [d]],
  ] as const;
}

/** The tensor's name there and its layout: same numbers in the same order, or the transpose of a matrix. */
export interface Correspondence {
  readonly name: string;
  readonly shape: readonly number[];
  readonly transposed: boolean;
}
