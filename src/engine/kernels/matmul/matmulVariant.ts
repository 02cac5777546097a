// The variants of computing a matrix product.
interface Blocks {
  /** Rows and columns of the output that an invocation computes: multiples of 4, at most 16. */
  readonly rows: number;
  readonly columns: number;
  /** Invocations of a workgroup along columns, and along rows. */
  readonly across: number;
  readonly down: number;
  /** Parts of the inner dimension, computed separately and then summed; 1 for none. */
  readonly splits: number;
}

/** Each invocation computes its block directly from global memory, without a barrier. */
export interface DirectVariant extends Blocks {
  readonly family: 'direct';
}

/** A workgroup loads a tile of A and one of B into workgroup memory, then each invocation computes its block from there. */
export interface TiledVariant extends Blocks {
  readonly family: 'tiled';
  /** Inner length of the tiles, a multiple of 4. */
  readonly depth: number;
  /** Whether tiles are stored in f16; products are always computed and summed in f32. */
  readonly f16: boolean;
}

export type MatmulVariant = DirectVariant | TiledVariant;

/** Rows and columns of the output that a workgroup computes. */
export function tileOf({ rows, columns, across, down }: MatmulVariant): {
  readonly rows: number;
  readonly columns: number;
} {
  return { rows: rows * down, columns: columns * across };
}

/** A short text that identifies the variant: `tiled 64x64 deep 16, 4x4 each`. */
export function variantName(variant: MatmulVariant): string {
  const { family, rows, columns, splits } = variant;
  const tile = tileOf(variant);
  const depth = variant.family === 'tiled' ? ` deep ${variant.depth}${variant.f16 ? ' in f16' : ''}` : '';
  return `${family} ${tile.rows}x${tile.columns}${depth}, ${rows}x${columns} each${splits > 1 ? `, ${splits} splits` : ''}`;
}

const LARGEST_BLOCK = 16;
const LARGEST_DEPTH = 64;
const LARGEST_WORKGROUP = 256;
const WORKGROUP_BYTES = 16384;
export const LARGEST_SPLITS = 64;

/** Whether a kernel of the variant can be built and runs on every adapter (f16 on those with `shader-f16`). */
export function isUsableVariant(variant: MatmulVariant): boolean {
  const { rows, columns, across, down, splits } = variant;
  const between = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
  const blocks =
    [rows, columns].every((length) => between(length, 4, LARGEST_BLOCK) && length % 4 === 0) &&
    between(across, 1, LARGEST_WORKGROUP) &&
    between(down, 1, LARGEST_WORKGROUP) &&
    across * down <= LARGEST_WORKGROUP &&
    between(splits, 1, LARGEST_SPLITS);
  if (!blocks || variant.family === 'direct') return blocks;
  return (
    between(variant.depth, 4, LARGEST_DEPTH) && variant.depth % 4 === 0 && tileBytes(variant, 0) <= WORKGROUP_BYTES
  );
}

/** Vec4s of padding between lines of a tile: avoids bank conflicts of transposed writes if there is room. */
export function tilePadding(variant: TiledVariant): number {
  return tileBytes(variant, 1) <= WORKGROUP_BYTES ? 1 : 0;
}

function tileBytes(variant: TiledVariant, padding: number): number {
  const tile = tileOf(variant);
  return variant.depth * (tile.rows + tile.columns + 8 * padding) * (variant.f16 ? 2 : 4);
}
