// The variants of computing a matrix product.
import type { MatrixUnit } from '../../gpu/device.ts';

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

/** Subgroups of a workgroup multiply matrices from workgroup memory on the adapter's matrix units. */
export interface MatrixVariant {
  readonly family: 'matrix';
  readonly unit: MatrixUnit;
  /** Matrices of a subgroup along rows and columns of the output. */
  readonly rows: number;
  readonly columns: number;
  /** Subgroups along columns, and along rows. */
  readonly across: number;
  readonly down: number;
  /** Inner length of the tiles, a multiple of the unit's and of 4. */
  readonly depth: number;
  readonly splits: number;
}

/** What an invocation computes itself. */
export type OwnVariant = DirectVariant | TiledVariant;
export type MatmulVariant = OwnVariant | MatrixVariant;

/** Rows and columns of the output that a workgroup computes. */
export function tileOf(variant: MatmulVariant): { readonly rows: number; readonly columns: number } {
  const { rows, columns, across, down } = variant;
  const unit = variant.family === 'matrix' ? variant.unit : { rows: 1, columns: 1 };
  return { rows: rows * unit.rows * down, columns: columns * unit.columns * across };
}

export const matrixThreads = ({ across, down, unit }: MatrixVariant): number => across * down * unit.lanes;

/** The variant of a unit: four subgroups, each with as many matrices as make a tile of 64 x 64, or of 32 x 32 for the smallest. */
export function matrixVariant(unit: MatrixUnit): MatrixVariant {
  const side = unit.lanes < 16 ? 16 : 32;
  return {
    family: 'matrix',
    unit,
    rows: Math.max(1, side / unit.rows),
    columns: Math.max(1, side / unit.columns),
    across: 2,
    down: 2,
    depth: Math.max(16, unit.inner),
    splits: 1,
  };
}

/** A short text that identifies the variant: `tiled 64x64 deep 16, 4x4 each`. */
export function variantName(variant: MatmulVariant): string {
  const { family, rows, columns, splits } = variant;
  const tile = tileOf(variant);
  if (variant.family === 'matrix') {
    const { unit, depth } = variant;
    const by = `${unit.rows}x${unit.columns}x${unit.inner} on ${unit.lanes} lanes`;
    return `matrix ${tile.rows}x${tile.columns} deep ${depth}, ${by}${splits > 1 ? `, ${splits} splits` : ''}`;
  }
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
  if (variant.family === 'matrix') return isUsableMatrix(variant);
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

function isUsableMatrix(variant: MatrixVariant): boolean {
  const { unit, depth, rows, columns } = variant;
  const tile = tileOf(variant);
  const bytes = 2 * depth * (tile.rows + tile.columns) + 4 * variant.across * variant.down * unit.rows * unit.columns;
  return (
    [unit.rows, unit.columns, unit.inner].every((length) => length >= 4 && length <= 32 && length % 4 === 0) &&
    rows * columns <= LARGEST_BLOCK &&
    depth % unit.inner === 0 &&
    matrixThreads(variant) <= LARGEST_WORKGROUP &&
    variant.splits <= LARGEST_SPLITS &&
    bytes <= WORKGROUP_BYTES
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
