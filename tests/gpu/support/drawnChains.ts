// Random chains for tests of the kernels that run over them.
import { Rng } from '../../../src/util/random.ts';

export interface DrawnChains {
  readonly emissions: Float32Array<ArrayBuffer>;
  readonly tags: Int32Array<ArrayBuffer>;
  readonly crfCounts: Int32Array<ArrayBuffer>;
  readonly transitions: Float32Array<ArrayBuffer>;
  readonly start: Float32Array<ArrayBuffer>;
  readonly end: Float32Array<ArrayBuffer>;
}

/** Normal numbers times `size`; emissions [counts, positions, tagCount] are NaN and tags -7 beyond a sequence's count. */
export function drawnChains(
  name: string,
  {
    counts,
    positions,
    tagCount,
    size = 2,
  }: { counts: readonly number[]; positions: number; tagCount: number; size?: number },
): DrawnChains {
  const rng = Rng.seeded(17).fork(name);
  const normals = (length: number, factor: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length }, () => factor * rng.normal());
  const isReal = (row: number): boolean => row % positions < (counts[Math.floor(row / positions)] as number);
  const rows = counts.length * positions;
  const emissions = normals(rows * tagCount, size);
  return {
    emissions: emissions.map((value, at) => (isReal(Math.floor(at / tagCount)) ? value : NaN)),
    tags: Int32Array.from({ length: rows }, (_, row) => (isReal(row) ? rng.integer(tagCount) : -7)),
    crfCounts: Int32Array.from(counts),
    transitions: normals(tagCount ** 2, 1),
    start: normals(tagCount, 1),
    end: normals(tagCount, 1),
  };
}
