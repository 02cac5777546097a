// Names the words of the memory that kernels in JavaScript read and write.

/** The words of the memory, and where each region of a launch begins. */
export interface ChainMemory {
  readonly floats: Float32Array;
  readonly integers: Int32Array;
}

export interface ChainLengths {
  readonly sequences: number;
  readonly positions: number;
  readonly tagCount: number;
}

/** First word of each region, by the name that the GPU's kernels use. */
export type Places = Readonly<Record<string, number>>;

/** A number that is there. */
export const at = (numbers: Float32Array | Int32Array | Float64Array, index: number): number =>
  numbers[index] as number;

export function placeOf(places: Places, name: string): number {
  const place = places[name];
  if (place === undefined) throw new Error(`a launch without ${name}`);
  return place;
}
