// A safetensors file as a stream: the header first, then one tensor after another, so that the whole is never held.
import { LabError } from '../util/labError.ts';
import { narrowHalf } from './narrowHalf.ts';
import { storedElementBytes, type StoredTensor } from './storedTensor.ts';

/** Element type of the numbers that are written. */
export type WrittenType = 'F32' | 'F16';

export interface SafetensorsStream {
  readonly sizeBytes: number;
  /** The file's bytes in order, each chunk in a buffer of its own. Throws LabError `safetensors/half` for a number that F16 cannot hold. */
  chunks(): Generator<Uint8Array<ArrayBuffer>, void>;
}

/** A file of these tensors in their order; one tensor's numbers are read at a time. */
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
  // Spaces behind the header bring the numbers to a multiple of 8 bytes.
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
