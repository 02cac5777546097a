// A tensor in a weights file, whose numbers are read on demand, and the format safetensors: named float tensors after a JSON header.
import { LabError } from '../../util/labError.ts';
import { parseJson, validate } from '../../util/validate.ts';
import * as z from '../../util/zod.ts';

/** Bits of each number in half precision: rounded to nearest, ties to even; beyond 65,504 infinite, below the smallest subnormal 0. */
export function narrowHalf(values: Float32Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(words, halfOf);
}

function halfOf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // not a number
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 65,536 and above
  if (magnitude < 0x33000000) return sign; // below half of the smallest subnormal
  const exponent = magnitude >>> 23;
  // A subnormal half keeps fewer fraction bits, and its leading 1 becomes explicit.
  const dropped = exponent < 113 ? 126 - exponent : 13;
  const significand = exponent < 113 ? 0x800000 | (magnitude & 0x7fffff) : magnitude - 0x38000000;
  const half = significand >>> dropped;
  const rest = significand & ((1 << dropped) - 1);
  const middle = 1 << (dropped - 1);
  // A carry into the exponent gives the next power of two, or infinity.
  return sign | (half + (rest > middle || (rest === middle && (half & 1) === 1) ? 1 : 0));
}

/** Element type of the numbers to write. */
export type WrittenType = 'F32' | 'F16';

/** A safetensors file as a stream: the header first, then one tensor after another, so that the file is never whole in memory. */
interface SafetensorsStream {
  readonly sizeBytes: number;
  /** Yields the file's bytes in order, each chunk in a separate buffer. Throws LabError `safetensors/half` for a number that F16 cannot represent. */
  chunks(): Generator<Uint8Array<ArrayBuffer>, void>;
}

/** Streams a file of these tensors in order; reads one tensor's numbers at a time. */
export function safetensorsStream(tensors: ReadonlyMap<string, StoredTensor>, dtype: WrittenType): SafetensorsStream {
  const elementBytes = storedElementBytes.get(dtype) as number;
  let end = 0;
  const entries = [...tensors].map(([name, { shape }]) => {
    const from = end;
    end += elementBytes * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype, shape, data_offsets: [from, end] }] as const;
  });
  const header = headerBytes({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) });
  return {
    sizeBytes: header.byteLength + end,
    *chunks() {
      yield header;
      for (const [name, tensor] of tensors) yield numbersOf(name, tensor, dtype);
    },
  };
}

function headerBytes(entries: unknown): Uint8Array<ArrayBuffer> {
  // Pad the header with spaces to align the numbers to 8 bytes.
  const unpadded = new TextEncoder().encode(JSON.stringify(entries));
  const bytes = new Uint8Array(8 + 8 * Math.ceil(unpadded.byteLength / 8));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.byteLength - 8), true);
  bytes.fill(0x20, 8).set(unpadded, 8);
  return bytes;
}

function numbersOf(name: string, { read }: StoredTensor, dtype: WrittenType): Uint8Array<ArrayBuffer> {
  const values = Float32Array.from(read());
  if (dtype === 'F32') return new Uint8Array(values.buffer);
  const halves = narrowHalf(values);
  const lost = halves.findIndex((half, index) => (half & 0x7fff) === 0x7c00 && Number.isFinite(values[index]));
  if (lost >= 0) {
    throw new LabError('safetensors/half', `Tensor ${name} holds a number that is too large for F16.`, {
      expected: 'numbers up to 65,504; write F32',
      got: String(values[lost]),
    });
  }
  return new Uint8Array(halves.buffer);
}

/** A tensor of a safetensors file. Integers and halves are widened to the given array type. */
export interface FileTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

/** The maximum for torch's tensors. */
const mostAxes = 64;

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().check(z.gte(0))).check(z.maxLength(mostAxes)),
  data_offsets: z.tuple([z.int().check(z.gte(0)), z.int().check(z.gte(0))]),
});

const LARGEST_HEADER_BYTES = 100_000_000;

/**
 * Reads every tensor whose name passes `wanted`, except those of element types that the lab does not read. Throws LabError
 * `safetensors/...` with expected and got for a file that is truncated, has an invalid header, offsets outside the file or inside
 * another tensor, or a size that does not match its shape.
 */
export function readSafetensors(
  bytes: Uint8Array<ArrayBuffer>,
  wanted: (name: string) => boolean = () => true,
): ReadonlyMap<string, FileTensor> {
  const tensors = [...openSafetensors(bytes, wanted)].filter(([, { dtype }]) => storedElementBytes.has(dtype));
  return new Map(tensors.map(([name, { dtype, shape, read }]) => [name, { dtype, shape, values: read() }]));
}

/**
 * Verifies tensors like `readSafetensors`, without reading their numbers; those that it leaves out throw LabError
 * `safetensors/type` when read. A tensor that was written once for several names (by `save_model` of safetensors) is listed under
 * each. `bytes` must not change.
 */
export function openSafetensors(
  bytes: Uint8Array<ArrayBuffer>,
  wanted: (name: string) => boolean = () => true,
): ReadonlyMap<string, StoredTensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = bytes.byteLength < 8 ? 0 : Number(view.getBigUint64(0, true));
  if (headerBytes < 2 || headerBytes > LARGEST_HEADER_BYTES || 8 + headerBytes > bytes.byteLength) {
    throw new LabError('safetensors/header', 'This is not a safetensors file, or it is truncated.', {
      expected: 'an 8-byte header length that fits the file',
      got: `${headerBytes} in a file of ${bytes.byteLength} bytes`,
    });
  }
  const header = parseHeader(bytes.subarray(8, 8 + headerBytes));
  const data = bytes.subarray(8 + headerBytes);
  const named = Object.entries(header).filter(([name]) => name !== '__metadata__');
  const places = named.filter(([name]) => wanted(name)).map(([name, raw]) => tensorRange(name, raw, data.byteLength));
  refuseOverlaps(places);
  if (places.length === named.length) refuseGaps(places, data.byteLength);
  const tensors = new Map<string, StoredTensor>(
    places.map((range) => [
      range.name,
      { dtype: range.dtype, shape: range.shape, read: () => readTensor(range, data) },
    ]),
  );
  for (const [alias, name] of aliasesIn(header)) {
    const tensor = tensors.get(name);
    if (tensor !== undefined && !tensors.has(alias) && wanted(alias)) tensors.set(alias, tensor);
  }
  return tensors;
}

/** Lists the names that `save_model` removed, each with the name of the tensor that it is the same as. */
function aliasesIn(header: Record<string, unknown>): [alias: string, name: string][] {
  const metadata = header['__metadata__'];
  if (typeof metadata !== 'object' || metadata === null) return [];
  return Object.entries(metadata).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}

/** Byte range of a tensor within the data. */
interface TensorRange {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  const count = countObjects(bytes) - 1;
  if (count > mostTensors) {
    throw new LabError('safetensors/header', 'The safetensors file lists more tensors than any encoder has.', {
      expected: `at most ${mostTensors} tensors`,
      got: String(count),
    });
  }
  try {
    const json: unknown = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  } catch {
    // falls through to the refusal below
  }
  throw new LabError('safetensors/header', 'The header of the safetensors file is broken.', {
    expected: 'a JSON object of tensor names',
  });
}

/** Counts the braces that open an object, outside strings: the header's, and one for each tensor. */
function countObjects(json: Uint8Array): number {
  const [quote, backslash, brace] = [0x22, 0x5c, 0x7b];
  let count = 0;
  let isInString = false;
  for (let index = 0; index < json.length; index++) {
    const byte = json[index];
    if (byte === quote) isInString = !isInString;
    else if (byte === backslash && isInString) index++;
    else if (byte === brace && !isInString) count++;
  }
  return count;
}

function tensorRange(name: string, raw: unknown, dataBytes: number): TensorRange {
  const entry = validate(entrySchema, raw);
  if (!entry.isFit) {
    throw new LabError('safetensors/header', `The header entry of tensor ${name} is broken.`, {
      expected: 'dtype, shape and data_offsets',
      got: `at ${entry.fault.path || 'its top'}: ${entry.fault.message}`,
    });
  }
  const { dtype, shape } = entry.data;
  const [from, to] = entry.data.data_offsets;
  const elementBytes = storedElementBytes.get(dtype) ?? unreadElementBytes.get(dtype);
  // A type that the lab does not know has a size that it does not know either; only its place is verified.
  const elements = shape.reduce((product, size) => product * size, 1);
  const expectedBytes = elementBytes === undefined ? Math.max(0, to - from) : elementBytes * elements;
  if (to - from !== expectedBytes || to > dataBytes) {
    throw new LabError('safetensors/size', `Tensor ${name} does not lie inside the file; the file may be truncated.`, {
      expected: `${expectedBytes} bytes for ${dtype} [${shape.join(', ')}]`,
      got: `bytes ${from} to ${to} of ${dataBytes}`,
    });
  }
  return { name, dtype, shape, from, to };
}

function readTensor({ name, dtype, from, to }: TensorRange, data: Uint8Array<ArrayBuffer>): FileTensor['values'] {
  if (!storedElementBytes.has(dtype)) throw typeError(name, dtype);
  return storedValues(dtype, data.slice(from, to));
}

function typeError(name: string, dtype: string): LabError {
  return new LabError('safetensors/type', `Tensor ${name} has an element type this lab does not read.`, {
    expected: [...storedElementBytes.keys()].join(', '),
    got: dtype,
  });
}

function refuseOverlaps(places: readonly TensorRange[]): void {
  const inOrder = places.filter(({ from, to }) => from < to).sort((left, right) => left.from - right.from);
  for (const [index, { name, from }] of inOrder.entries()) {
    const before = inOrder[index - 1];
    if (before === undefined || before.to <= from) continue;
    throw new LabError('safetensors/overlap', `Tensors ${before.name} and ${name} lie at the same place in the file.`, {
      expected: `${name} from byte ${before.to} on`,
      got: `from byte ${from}`,
    });
  }
}

/** Bytes that belong to no tensor indicate a repeated name, since JSON keeps only the last of its entries. */
function refuseGaps(places: readonly TensorRange[], dataBytes: number): void {
  const described = places.reduce((sum, { from, to }) => sum + to - from, 0);
  if (described === dataBytes) return;
  throw new LabError('safetensors/gap', 'The safetensors file holds bytes that are of no tensor.', {
    expected: `${dataBytes} bytes in tensors of different names`,
    got: String(described),
  });
}

/** Writes a file of these tensors as F32, in order; reads one tensor's numbers at a time. */
export function writeSafetensors(tensors: ReadonlyMap<string, StoredTensor>): Uint8Array<ArrayBuffer> {
  const { sizeBytes, chunks } = safetensorsStream(tensors, 'F32');
  const file = new Uint8Array(sizeBytes);
  let end = 0;
  for (const chunk of chunks()) {
    file.set(chunk, end);
    end += chunk.byteLength;
  }
  return file;
}

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
