// The ways a matrix product can be computed.

/** Each invocation computes a block of the output straight from global memory, without a barrier. */
export interface DirectVariant {
  readonly family: 'direct';
  /** Rows and columns of the block of an invocation; columns are a multiple of 4. */
  readonly rows: number;
  readonly columns: number;
  /** Invocations of a workgroup side by side over columns, and over rows. */
  readonly across: number;
  readonly down: number;
  /** Parts of the inner dimension, computed apart and then added; 1 for none. */
  readonly splits: number;
}

export type MatmulVariant = DirectVariant;

/** Rows and columns of the output that a workgroup computes. */
export function tileOf(variant: MatmulVariant): { readonly rows: number; readonly columns: number } {
  return { rows: variant.rows * variant.down, columns: variant.columns * variant.across };
}

/** The variant as a short text, different for different variants: `direct 4x4 by 8x8`. */
export function variantName({ family, rows, columns, across, down, splits }: MatmulVariant): string {
  return `${family} ${rows}x${columns} by ${down}x${across}${splits > 1 ? ` in ${splits}` : ''}`;
}
