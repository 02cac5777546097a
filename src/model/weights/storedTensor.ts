// A tensor in a weights file: its description is available at once, its numbers are read on demand.
/** One tensor of an opened file. */
export interface StoredTensor {
  /** The element type by its safetensors name (`F32`). */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Returns a copy of its numbers, row-major, halves widened exactly. Throws the LabError of its file's format. */
  read(): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

/** Several times what an encoder of the most layers has: describing a million tensors takes seconds before any is read. */
export const mostTensors = 100_000;

/** Bytes per element of each type that the lab reads. */
export const storedElementBytes: ReadonlyMap<string, number> = new Map([['F32', 4], ['F16', 2], ['BF16', 2], ['I32', 4]]); // prettier-ignore

/** Bytes per element of other types that files may contain; their tensors are listed, but reading their numbers is refused. */
export const unreadElementBytes: ReadonlyMap<string, number> = new Map([
  ['F64', 8],
  ['I64', 8],
  ['U64', 8],
  ['U32', 4],
  ['I16', 2],
  ['U16', 2],
  ['I8', 1],
  ['U8', 1],
  ['BOOL', 1],
  ['F8_E4M3', 1],
  ['F8_E5M2', 1],
  ['F8_E8M0', 1],
  ['C64', 8],
  ['C128', 16],
]);

/** Decodes little-endian bytes of a type in `storedElementBytes`. `bytes` must not share its buffer. */
export function storedValues(dtype: string, bytes: Uint8Array<ArrayBuffer>): ReturnType<StoredTensor['read']> {
  if (dtype === 'I32') return new Int32Array(bytes.buffer);
  if (dtype === 'F32') return new Float32Array(bytes.buffer);
  const halves = new Uint16Array(bytes.buffer);
  return dtype === 'F16' ? widenHalf(halves) : widenBrainHalf(halves);
}

/** IEEE binary16 to binary32, exactly. */
function widenHalf(halves: Uint16Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(halves, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
}

/** bfloat16 to binary32: the upper half of the word. */
function widenBrainHalf(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const words = Uint32Array.from(halves, (half) => half << 16);
  return new Float32Array(words.buffer);
}

/** Returns a matrix of `shape` [rows, columns] from the values of its transpose [columns, rows]. */
export function transposed(values: Float32Array, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const [rows = 0, columns = 0] = shape;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[row * columns + column] = values[column * rows + row] as number;
    }
  }
  return result;
}

/** Anything but a matrix is returned unchanged, so that the shape comparison refuses it. */
export function turned(matrix: StoredTensor): StoredTensor {
  if (matrix.shape.length !== 2) return matrix;
  const [rows = 0, columns = 0] = matrix.shape;
  return {
    dtype: matrix.dtype,
    shape: [columns, rows],
    read: () => transposed(Float32Array.from(matrix.read()), [columns, rows]),
  };
}

/** A dropped file of weights, in memory. */
export interface WeightsFile {
  /** Its name without folders. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}
