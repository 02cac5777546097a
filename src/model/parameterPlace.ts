// Where in the tagger a named parameter sits.

/** For layer-wise rates and layer slicing. */
export type ParameterPlace =
  { readonly part: 'embedding' } | { readonly part: 'layer'; readonly layer: number } | { readonly part: 'head' };

/** The word embedding; whatever else comes before the first layer is named `embedding.…`. */
export const EMBEDDING = 'embedding';

/** The part of the tagger a parameter belongs to. */
export function placeOf(name: string): ParameterPlace {
  if (name === EMBEDDING || name.startsWith(`${EMBEDDING}.`)) return { part: 'embedding' };
  const match = /^layer\.(\d+)\./.exec(name);
  return match === null ? { part: 'head' } : { part: 'layer', layer: Number(match[1]) };
}
