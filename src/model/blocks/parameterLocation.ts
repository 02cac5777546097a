// Named parameters on the host: their values, where in the tagger each belongs, and how Hugging Face checkpoints store it.

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

/** Name and layout of the Hugging Face tensor: the same numbers in the same order, or a matrix transposed. */
export interface Correspondence {
  readonly name: string;
  readonly shape: readonly number[];
  readonly transposed: boolean;
  /** Where the tensor holds several parameters, one after another along its first dimension: which this is. */
  readonly part?: { readonly index: number; readonly of: number };
}

// Named parameters on the host, the form in which they are read, stored and exchanged.

/** One parameter on the host, row-major float32. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

export type HostParameters = ReadonlyMap<string, HostTensor>;

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Prefixes of the names of first and second moments in a checkpoint. */
export const FIRST = 'adam.first/';
export const SECOND = 'adam.second/';

/** Separates a checkpoint's tensors into weights and moments, each under the parameter's name. */
export function tensorsWithPrefix(tensors: HostParameters): Record<'weights' | 'first' | 'second', HostParameters> {
  const part = (prefix: string): HostParameters =>
    new Map(
      [...tensors]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith(FIRST) && !name.startsWith(SECOND)));
  return { weights, first: part(FIRST), second: part(SECOND) };
}
