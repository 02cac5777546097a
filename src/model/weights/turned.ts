// The transpose of a stored matrix, made when it is read.
import { transposed } from '../pretrained.ts';
import type { StoredTensor } from '../storedTensor.ts';

export function turned(matrix: StoredTensor): StoredTensor {
  const [rows = 0, columns = 0] = matrix.shape;
  return {
    dtype: matrix.dtype,
    shape: [columns, rows],
    read: () => transposed(Float32Array.from(matrix.read()), [columns, rows]),
  };
}
