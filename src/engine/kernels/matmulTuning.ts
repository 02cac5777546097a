// Which variant computes which matrix product.
import type { MatmulShape } from './matmulShape.ts';
import { hasVectors, outputsOf } from './matmulShape.ts';
import type { DirectVariant, MatmulVariant, TiledVariant } from './matmulVariant.ts';
import { tileOf } from './matmulVariant.ts';

export interface MatmulTuning {
  variantFor(shape: MatmulShape): MatmulVariant;
}

/** `mixed` lets tiles be kept in f16, which the device must have been opened with. */
export type MatmulPrecision = 'f32' | 'mixed';

function direct(rows: number, columns: number, across: number, down: number): DirectVariant {
  return { family: 'direct', rows, columns, across, down, splits: 1 };
}

function tiled(rows: number, columns: number, across: number, down: number, depth: number): TiledVariant {
  return { family: 'tiled', rows, columns, across, down, depth, splits: 1, f16: false };
}

const TILE_32 = tiled(4, 4, 8, 8, 16);
const TILE_64 = tiled(4, 4, 16, 16, 16);

/** What the autotuner tries. */
export const MATMUL_CANDIDATES: readonly MatmulVariant[] = [
  TILE_32,
  TILE_64,
  tiled(8, 8, 8, 8, 16),
  tiled(8, 4, 16, 16, 16),
  tiled(4, 8, 16, 16, 16),
  tiled(8, 8, 16, 16, 8),
  direct(4, 4, 8, 8),
  direct(8, 4, 8, 8),
  direct(8, 8, 8, 8),
];

/** For lengths that are no multiples of 4: little work in the networks here (a column a tag). */
export function wordsVariant(shape: MatmulShape): DirectVariant {
  const across = shape.columns > 16 ? 8 : shape.columns > 4 ? 4 : 1;
  return {
    ...direct(4, 4, across, 64 / across),
    splits: splitsFor(shape, { rows: 256 / across, columns: across * 4 }),
  };
}

/** Workgroups below which a product leaves an ordinary GPU idle. */
const ENOUGH_GROUPS = 64;
/** Inner length below which a split is not worth its second pass. */
const LEAST_SPLIT = 256;

function groupsOf(shape: MatmulShape, tile: { readonly rows: number; readonly columns: number }): number {
  return Math.ceil(shape.rows / tile.rows) * Math.ceil(shape.columns / tile.columns) * outputsOf(shape);
}

/** Parts of a long inner dimension that give a small output enough workgroups. */
function splitsFor(shape: MatmulShape, tile: { readonly rows: number; readonly columns: number }): number {
  const wanted = Math.ceil(ENOUGH_GROUPS / groupsOf(shape, tile));
  return Math.max(1, Math.min(16, wanted, Math.floor(shape.inner / LEAST_SPLIT)));
}

/** For graphics hardware that was not measured: large tiles where they give enough workgroups, else small ones, else splits. */
export function hardwareTuning(precision: MatmulPrecision = 'f32'): MatmulTuning {
  return {
    variantFor(shape) {
      if (!hasVectors(shape)) return wordsVariant(shape);
      const variant = groupsOf(shape, tileOf(TILE_64)) >= ENOUGH_GROUPS ? TILE_64 : TILE_32;
      return { ...variant, splits: splitsFor(shape, tileOf(variant)), f16: precision === 'mixed' };
    },
  };
}

/** For adapters that compute on the processor, where barriers are dear and blocks may be large. */
export function softwareTuning(): MatmulTuning {
  return {
    variantFor(shape) {
      if (!hasVectors(shape)) return { ...wordsVariant(shape), splits: 1 };
      return direct(8, 8, 4, 4);
    },
  };
}
