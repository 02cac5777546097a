// Describes matrix products and the variants of computing them, and selects one for each product.
import type { MatmulTable, Precision } from '../../../schema/machineSettings.ts';
import type { MatrixUnit } from '../../gpu/device.ts';

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

// Describes a matrix product: kind, lengths, batch, and the use of the output.

export interface MatmulShape {
  /** out = A·B (`nn`: A [M, L], B [L, N]), A·Bᵀ (`nt`: B [N, L]) or Aᵀ·B (`tn`: A [L, M]); row-major, out [M, N]. */
  readonly kind: 'nn' | 'nt' | 'tn';
  /** M. */
  readonly rows: number;
  /** N. */
  readonly columns: number;
  /** L, the length summed over. */
  readonly inner: number;
  /** Matrices in a batch; 1 if absent. */
  readonly batch?: number;
  /** Words between consecutive matrices of a batch; 0 to reuse the same one. Required if batch > 1. */
  readonly strides?: { readonly a: number; readonly b: number; readonly out: number };
  /** Sum over the batch into one output (then strides.out is ignored). */
  readonly sum?: boolean;
  /** `write`: out = product; `add`: out += product; `gradient`: depending on `state` (write, or add for later micro-batches). */
  readonly into: 'write' | 'add' | 'gradient';
}

/** Number of matrices written: 1 if a batch is summed. */
export function outputsOf({ batch = 1, sum = false }: MatmulShape): number {
  return sum ? 1 : batch;
}

/** Whether every row of A, B and out begins at a multiple of 4 words, so that all can be read and written as vec4. */
export function hasVectors({ kind, rows, columns, inner, batch = 1, strides, sum = false }: MatmulShape): boolean {
  const widths = [kind === 'tn' ? rows : inner, kind === 'nt' ? inner : columns, columns];
  const steps = batch > 1 && strides !== undefined ? [strides.a, strides.b, sum ? 0 : strides.out] : [];
  return [...widths, ...steps].every((words) => words % 4 === 0);
}

/** Multiplications and additions. */
export function matmulWork({ rows, columns, inner, batch = 1 }: MatmulShape): number {
  return 2 * batch * rows * columns * inner;
}

/** Classes of matrix products that are tuned together: equal except for the number of rows, which depends on the batch. */
export interface MatmulClass {
  readonly key: string;
  /** The representative product of the class. */
  readonly shape: MatmulShape;
}

/**
 * Returns the class of a product, null if there is nothing to tune (lengths that are not multiples of 4). The length that depends
 * on the batch (rows, the inner length of `tn`) is rounded up to a power of two; matrices of a batch are contiguous or identical.
 */
export function matmulClass(shape: MatmulShape): MatmulClass | null {
  if (!hasVectors(shape)) return null;
  const { kind, columns, batch = 1, strides, sum = false } = shape;
  const rows = kind === 'tn' ? shape.rows : powerOfTwo(shape.rows);
  const inner = kind === 'tn' ? powerOfTwo(shape.inner) : shape.inner;
  const sizes = { kind, rows, columns, inner, into: 'write' } as const;
  const lengths = `${kind} ${rows}x${columns}x${inner}`;
  if (batch === 1 || strides === undefined) return { key: lengths, shape: sizes };
  const apart = {
    a: strides.a === 0 ? 0 : rows * inner,
    b: strides.b === 0 ? 0 : columns * inner,
    out: sum ? 0 : rows * columns,
  };
  const shared = [...(apart.a === 0 ? ['same A'] : []), ...(apart.b === 0 ? ['same B'] : [])];
  const key = [lengths, `${sum ? 'sum' : 'batch'} of ${batch}`, ...shared].join(', ');
  return { key, shape: { ...sizes, batch, strides: apart, sum } };
}

function powerOfTwo(length: number): number {
  return Math.max(4, 2 ** Math.ceil(Math.log2(length)));
}
