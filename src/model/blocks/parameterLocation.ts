// Where in the tagger a named parameter belongs, and how Hugging Face checkpoints store it.
import type { EncoderSizes } from '../config/encoderSizes.ts';

/** Used for layer-wise rates and layer slicing. */
export type ParameterLocation =
  { readonly part: 'embedding' } | { readonly part: 'layer'; readonly layer: number } | { readonly part: 'head' };

/** The word embedding; other parameters before the first layer are named `embedding.…`. */
export const EMBEDDING = 'embedding';

/** Of other taggers that a network reads beside its own layers, and of its language models over characters: what no run trains. */
export const HELPERS = `${EMBEDDING}.helper.`;
export const LANGUAGE = `${EMBEDDING}.language.`;

/** Whether a weight is that of the model or of other runs whatever a run trains: snapshots and checkpoints leave it out. */
export function isFixed(name: string): boolean {
  return name.startsWith(HELPERS) || name.startsWith(LANGUAGE);
}

/** Returns the part of the tagger a parameter belongs to. */
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

/** Name and layout of the Hugging Face tensor: the same numbers in the same order, or a matrix transposed. */
export interface Correspondence {
  readonly name: string;
  readonly shape: readonly number[];
  readonly transposed: boolean;
  /** Where the tensor holds several parameters, one after another along its first dimension: which this is. */
  readonly part?: { readonly index: number; readonly of: number };
}
