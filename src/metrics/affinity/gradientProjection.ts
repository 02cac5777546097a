// Projects gradients to few dimensions with a sparse random matrix of a seed, so that their inner products survive.
import { hash32, hashWords } from '../../util/random.ts';
import { LabError } from '../../util/labError.ts';

/** Entries of each column of the matrix that are not zero. */
const ENTRIES = 2;
/** Bits of a hash for one entry: a sign, and the row within its block. */
const ENTRY_BITS = 16;

/**
 * The sparse Johnson-Lindenstrauss transform of Kane and Nelson (2014, "Sparser Johnson-Lindenstrauss transforms", the block construction) with two
 * entries a column: coordinate i goes, with random signs over sqrt(2), to one random row of each half. An inner product of projections is unbiased, with a
 * variance of at most (|x|^2 |y|^2 + (x y)^2) / dimensions, as that of the dense random signs of Grad-TAG, at a cost that does not depend on the
 * dimensions. The coordinates of all tensors are numbered in the order of their names, so that the projection depends on the seed and the names alone.
 */
export class GradientProjection {
  readonly dimensions: number;
  private readonly key: number;
  private readonly offsets: ReadonlyMap<string, number>;

  /** `sizes`: the number of values of each tensor. Throws LabError `affinity/dimensions` unless `dimensions` is even, from 2 to 4,096. */
  constructor(dimensions: number, seed: number, sizes: ReadonlyMap<string, number>) {
    if (!Number.isInteger(dimensions / ENTRIES) || dimensions < ENTRIES || dimensions > 4096) {
      throw new LabError('affinity/dimensions', 'Gradients cannot be projected to this number of dimensions.', {
        expected: 'an even number from 2 to 4096',
        got: String(dimensions),
      });
    }
    this.dimensions = dimensions;
    this.key = hashWords(seed >>> 0, dimensions);
    const offsets = new Map<string, number>();
    let next = 0;
    for (const name of [...sizes.keys()].sort()) {
      offsets.set(name, next);
      next += sizes.get(name) ?? 0;
    }
    this.offsets = offsets;
  }

  /** Returns the projection [dimensions] of all tensors together, summed in float64; values are divided by `scale` first. */
  project(tensors: Iterable<readonly [string, ArrayLike<number>]>, scale = 1): Float32Array<ArrayBuffer> {
    const sums = new Float64Array(this.dimensions);
    for (const [name, values] of tensors) {
      const offset = this.offsets.get(name);
      if (offset === undefined) throw new Error(`${name} is not among the tensors that are projected`);
      this.add(values, offset, sums);
    }
    const factor = 1 / (scale * Math.sqrt(ENTRIES));
    return Float32Array.from(sums, (sum) => sum * factor);
  }

  private add(values: ArrayLike<number>, offset: number, sums: Float64Array): void {
    const { key } = this;
    const block = this.dimensions / ENTRIES;
    for (let index = 0; index < values.length; index++) {
      const value = values[index] as number;
      // Most rows of an embedding have no gradient.
      if (value === 0) continue;
      const bits = hash32((key ^ (offset + index)) >>> 0);
      const low = (bits & 0x7fff) % block;
      const high = block + (((bits >>> ENTRY_BITS) & 0x7fff) % block);
      sums[low] = (sums[low] as number) + ((bits & 0x8000) === 0 ? value : -value);
      sums[high] = (sums[high] as number) + (bits >>> 31 === 0 ? value : -value);
    }
  }
}

/** The inner product of two vectors of one length. */
export function innerProduct(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += (left[index] as number) * (right[index] as number);
  return sum;
}
