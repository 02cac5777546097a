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
