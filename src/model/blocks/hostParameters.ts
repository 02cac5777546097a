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
