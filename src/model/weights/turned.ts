// The transpose of a stored matrix, made when it is read.
import { transposed } from '../storedTensor.ts';
import type { StoredTensor } from '../storedTensor.ts';

/** What is no matrix stays as it is, so that its shape is refused where it is compared. */
export function turned(matrix: StoredTensor): StoredTensor {
  if (matrix.shape.length !== 2) return matrix;
  const [rows = 0, columns = 0] = matrix.shape;
  return {
    dtype: matrix.dtype,
    shape: [columns, rows],
    read: () => transposed(Float32Array.from(matrix.read()), [columns, rows]),
  };
}
