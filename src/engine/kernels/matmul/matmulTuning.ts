// Selects the variant that computes each matrix product.
import type { Precision } from '../../../schema/machineSettings.ts';
import type { MatmulTable } from '../../../schema/matmulTable.ts';
import type { MatrixUnit } from '../../gpu/device.ts';
import { hasVectors, matmulClass, outputsOf, type MatmulShape } from './matmulShape.ts';
import {
  isUsableVariant,
  matrixVariant,
  tileOf,
  type DirectVariant,
  type MatmulVariant,
  type OwnVariant,
  type TiledVariant,
} from './matmulVariant.ts';

export interface MatmulTuning {
  variantFor(shape: MatmulShape): MatmulVariant;
}

function direct(rows: number, columns: number, across: number, down: number): DirectVariant {
  return { family: 'direct', rows, columns, across, down, splits: 1 };
}

function tiled(rows: number, columns: number, across: number, down: number, depth: number): TiledVariant {
  return { family: 'tiled', rows, columns, across, down, depth, splits: 1, f16: false };
}

const TILE_32 = tiled(4, 4, 8, 8, 16);
const TILE_64 = tiled(4, 4, 16, 16, 16);

/** Candidates for products of any lengths. */
export const MATMUL_VARIANTS: readonly OwnVariant[] = [
  TILE_32,
  TILE_64,
  tiled(8, 8, 8, 8, 16),
  tiled(8, 4, 16, 16, 16),
  tiled(8, 8, 16, 16, 8),
  direct(4, 4, 8, 8),
  direct(8, 4, 8, 8),
  direct(8, 8, 8, 8),
];

/** Candidates to tune for a product: tiles not much larger than the output, also with splits if tiles are few, and in f16 if `mixed`. */
export function matmulCandidates(shape: MatmulShape, precision: Precision): readonly MatmulVariant[] {
  return MATMUL_VARIANTS.flatMap((variant): MatmulVariant[] => {
    const tile = tileOf(variant);
    if (tile.rows >= 2 * shape.rows || tile.columns >= 2 * shape.columns) return variant === TILE_32 ? [variant] : [];
    const splits = splitsFor(shape, tile);
    const compute: MatmulVariant[] = splits > 1 ? [variant, { ...variant, splits }] : [variant];
    if (precision === 'f32') return compute;
    return compute.flatMap((way): MatmulVariant[] => (way.family === 'tiled' ? [way, { ...way, f16: true }] : [way]));
  });
}

/** For lengths that are not multiples of 4: little work in these networks (one column per tag). */
export function wordsVariant(shape: MatmulShape): DirectVariant {
  const across = shape.columns > 16 ? 8 : shape.columns > 4 ? 4 : 1;
  return {
    ...direct(4, 4, across, 64 / across),
    splits: splitsFor(shape, { rows: 256 / across, columns: across * 4 }),
  };
}

/** With fewer workgroups, a product leaves an ordinary GPU idle. */
const ENOUGH_GROUPS = 64;
/** Below this inner length, a split is not worth its second pass. */
const LEAST_SPLIT = 256;

function groupsOf(shape: MatmulShape, tile: { readonly rows: number; readonly columns: number }): number {
  return Math.ceil(shape.rows / tile.rows) * Math.ceil(shape.columns / tile.columns) * outputsOf(shape);
}

/** Number of parts of a long inner dimension that give a small output enough workgroups. */
function splitsFor(shape: MatmulShape, tile: { readonly rows: number; readonly columns: number }): number {
  const wanted = Math.ceil(ENOUGH_GROUPS / groupsOf(shape, tile));
  return Math.max(1, Math.min(16, wanted, Math.floor(shape.inner / LEAST_SPLIT)));
}

/**
 * For unmeasured graphics hardware: large tiles if they give enough workgroups, else small ones, and splits. `mixed` stores tiles in
 * f16, and uses the adapter's matrix unit if there is one.
 */
export function hardwareTuning(precision: Precision = 'f32', unit: MatrixUnit | null = null): MatmulTuning {
  const own = precision === 'mixed' && unit !== null ? matrixVariant(unit) : null;
  const matrix = own !== null && isUsableVariant(own) ? own : null;
  return {
    variantFor(shape) {
      if (!hasVectors(shape)) return wordsVariant(shape);
      if (matrix !== null) return { ...matrix, splits: splitsFor(shape, tileOf(matrix)) };
      const variant = groupsOf(shape, tileOf(TILE_64)) >= ENOUGH_GROUPS ? TILE_64 : TILE_32;
      return { ...variant, splits: splitsFor(shape, tileOf(variant)), f16: precision === 'mixed' };
    },
  };
}

/** Blocks by the minimum work (multiplications and additions per output) that repays compiling them. */
const SOFTWARE_BLOCKS = [
  { work: 8e6, variant: direct(16, 16, 4, 2) },
  { work: 1e6, variant: direct(8, 8, 4, 4) },
  { work: 0, variant: direct(4, 4, 4, 4) },
] as const;

/** For adapters that compute on the CPU, where barriers are expensive and large blocks pay off (measured on SwiftShader). */
export function softwareTuning(): MatmulTuning {
  return {
    variantFor(shape) {
      if (!hasVectors(shape)) return { ...wordsVariant(shape), splits: 1 };
      const work = 2 * shape.rows * shape.columns * shape.inner;
      const fitting = SOFTWARE_BLOCKS.find(
        ({ work: least, variant }) => work >= least && variant.rows <= shape.rows && variant.columns <= shape.columns,
      );
      return (fitting ?? SOFTWARE_BLOCKS[2]).variant;
    },
  };
}

/** For machines with separate kernels of products: one launch a product, whatever its lengths. */
export function wholeTuning(): MatmulTuning {
  const variant = direct(4, 4, 4, 4);
  return { variantFor: () => variant };
}

/** Uses tuned variants; `untuned` covers everything else, and variants that the device or the precision does not allow. */
export function tableTuning(
  table: MatmulTable,
  untuned: MatmulTuning,
  precision: Precision,
  unit: MatrixUnit | null = null,
): MatmulTuning {
  const allowed = (variant: MatmulVariant): boolean => {
    if (!isUsableVariant(variant)) return false;
    if (variant.family === 'matrix') return precision === 'mixed' && unit !== null && isSameUnit(variant.unit, unit);
    return precision === 'mixed' || variant.family === 'direct' || !variant.f16;
  };
  const found = new Map(table.entries.map(({ key, variant }) => [key, variant]));
  return {
    variantFor(shape) {
      const variant = found.get(matmulClass(shape)?.key ?? '');
      return variant !== undefined && allowed(variant) ? variant : untuned.variantFor(shape);
    },
  };
}

function isSameUnit(left: MatrixUnit, right: MatrixUnit): boolean {
  const sizes = ({ rows, columns, inner, lanes }: MatrixUnit): string => [rows, columns, inner, lanes].join(' ');
  return sizes(left) === sizes(right);
}
