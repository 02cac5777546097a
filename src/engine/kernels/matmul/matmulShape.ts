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
