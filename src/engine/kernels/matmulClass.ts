// Classes of matrix products that are tuned as one: equal but for the number of rows of the batch at hand.
import type { MatmulShape } from './matmulShape.ts';
import { hasVectors } from './matmulShape.ts';

export interface MatmulClass {
  readonly key: string;
  /** The product that stands for the class. */
  readonly shape: MatmulShape;
}

/**
 * The class of a product, null where nothing is to be tuned (lengths that are no multiples of 4). The length that changes with the batch
 * (rows, the inner length of `tn`) is rounded up to a power of two; matrices of a batch lie close together or are the same.
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
