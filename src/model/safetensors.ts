// The safetensors file format: named float tensors behind a JSON header.
import { z } from 'zod';
import { LabError } from '../util/labError.ts';

/** A tensor of a safetensors file. Integers and halves are widened to the array type given. */
export interface FileTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

const BYTES_PER_ELEMENT: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2, I32: 4 };
const LARGEST_HEADER_BYTES = 100_000_000;

/**
 * Reads every tensor whose name passes `wanted`. Throws LabError `safetensors/...` with expected and got for a file that is
 * truncated, has a broken header, offsets outside the file, a size that does not match its shape, or an element type not read here.
 */
export function readSafetensors(
  bytes: Uint8Array<ArrayBuffer>,
  wanted: (name: string) => boolean = () => true,
): ReadonlyMap<string, FileTensor> {
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
  const tensors = new Map<string, FileTensor>();
  for (const [name, raw] of Object.entries(header)) {
    if (name === '__metadata__' || !wanted(name)) continue;
    tensors.set(name, readTensor(name, raw, data));
  }
  return tensors;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  } catch {
    // falls through to the refusal below
  }
  throw new LabError('safetensors/header', 'The header of the safetensors file is broken.', {
    expected: 'a JSON object of tensor names',
  });
}

function readTensor(name: string, raw: unknown, data: Uint8Array<ArrayBuffer>): FileTensor {
  const entry = entrySchema.safeParse(raw);
  if (!entry.success) throw new LabError('safetensors/header', `The header entry of tensor ${name} is broken.`);
  const { dtype, shape, data_offsets: offsets } = entry.data;
  const elementBytes = BYTES_PER_ELEMENT[dtype];
  if (elementBytes === undefined) {
    throw new LabError('safetensors/type', `Tensor ${name} has an element type this lab does not read.`, {
      expected: Object.keys(BYTES_PER_ELEMENT).join(', '),
      got: dtype,
    });
  }
  const expectedBytes = elementBytes * shape.reduce((product, size) => product * size, 1);
  const [from, to] = offsets;
  if (to - from !== expectedBytes || to > data.byteLength) {
    throw new LabError('safetensors/size', `Tensor ${name} does not lie inside the file; the file may be truncated.`, {
      expected: `${expectedBytes} bytes for ${dtype} [${shape.join(', ')}]`,
      got: `bytes ${from} to ${to} of ${data.byteLength}`,
    });
  }
  const bytes = data.slice(from, to);
  if (dtype === 'I32') return { dtype, shape, values: new Int32Array(bytes.buffer) };
  if (dtype === 'F32') return { dtype, shape, values: new Float32Array(bytes.buffer) };
  const halves = new Uint16Array(bytes.buffer);
  return { dtype, shape, values: dtype === 'F16' ? widenHalf(halves) : widenBrainHalf(halves) };
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
