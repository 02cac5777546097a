// Which variant computes which matrix product.
import type { MatmulShape } from './matmulShape.ts';
import type { MatmulVariant } from './matmulVariant.ts';

export interface MatmulTuning {
  variantFor(shape: MatmulShape): MatmulVariant;
}

const BLOCK: MatmulVariant = { family: 'direct', rows: 4, columns: 4, across: 8, down: 8, splits: 1 };

/** For adapters that compute on the processor, where barriers are dear. */
export function softwareTuning(): MatmulTuning {
  return { variantFor: () => BLOCK };
}

/** For graphics hardware that was not measured. */
export function hardwareTuning(): MatmulTuning {
  return { variantFor: () => BLOCK };
}
