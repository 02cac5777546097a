// A TensorFlow checkpoint (format V2): a table of variables, and their numbers in data files beside it.
import { LabError } from '../../util/labError.ts';
import { readProtobuf, type ProtobufField } from '../../util/protobuf.ts';
import { storedElementBytes, storedValues, type StoredTensor } from '../storedTensor.ts';
import { damagedIndex, maskedChecksum, readTensorflowTable } from './tensorflowTable.ts';
import type { WeightsFile } from './weightsFile.ts';

/** Numbers of types.proto by safetensors' names; others may be there and are not read. */
const elementTypes: ReadonlyMap<number, string> = new Map([[1, 'F32'], [3, 'I32'], [14, 'BF16'], [19, 'F16']]); // prettier-ignore

/** BundleEntryProto, as far as dense variables have it. */
interface BundleEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly shard: number;
  readonly from: number;
  readonly size: number;
  /** Masked CRC-32C of the bytes; null where none was written. */
  readonly checksum: number | null;
  readonly isSliced: boolean;
}

/**
 * The variables of a checkpoint by their names in TensorFlow. Sizes are verified at once, checksums when numbers are read.
 * Throws LabError `tensorflow/index` for a damaged index, `tensorflow/data` for data files that are missing, cut off or altered,
 * `tensorflow/type` when a variable of other elements, or a partitioned one, is read.
 */
export function openTensorflowCheckpoint(
  index: WeightsFile,
  dataFiles: readonly WeightsFile[],
): ReadonlyMap<string, StoredTensor> {
  const table = readTensorflowTable(index.bytes);
  const header = table.get('');
  if (header === undefined) throw damagedIndex("a checkpoint's header", 'a table without one');
  const { shards, isLittleEndian } = readHeader(header);
  if (!isLittleEndian) throw damagedIndex('numbers in little-endian order', 'big-endian ones');
  const prefix = index.name.replace(/\.index$/, '');
  const nameOf = (shard: number): string => `${prefix}.data-${padded(shard)}-of-${padded(shards)}`;
  const variables = new Map<string, StoredTensor>();
  for (const [name, value] of table) {
    if (name === '') continue;
    const entry = readEntry(value);
    const file = dataFiles.find((candidate) => candidate.name === nameOf(entry.shard));
    if (file === undefined) {
      throw new LabError('tensorflow/data', 'A data file of the TensorFlow checkpoint is not there.', {
        expected: nameOf(entry.shard),
        got: dataFiles.map((candidate) => candidate.name).join(', ') || 'none',
      });
    }
    variables.set(name, openVariable(name, entry, file));
  }
  return variables;
}

function openVariable(name: string, entry: BundleEntry, file: WeightsFile): StoredTensor {
  const { dtype, shape, from, size, checksum, isSliced } = entry;
  const elementBytes = storedElementBytes.get(dtype);
  const elements = shape.reduce((product, count) => product * count, 1);
  if (
    from + size > file.bytes.byteLength ||
    (elementBytes !== undefined && !isSliced && size !== elements * elementBytes)
  ) {
    throw new LabError('tensorflow/data', `Variable ${name} does not lie in ${file.name}; the file may be truncated.`, {
      expected: elementBytes === undefined ? `${size} bytes` : `${elements * elementBytes} bytes for ${dtype} [${shape.join(', ')}]`, // prettier-ignore
      got: `bytes ${from} to ${from + size} of ${file.bytes.byteLength}`,
    });
  }
  return {
    dtype,
    shape,
    read() {
      if (elementBytes === undefined || isSliced) {
        throw new LabError('tensorflow/type', `Variable ${name} is kept in a way this lab does not read.`, {
          expected: `one piece of ${[...elementTypes.values()].join(', ')}`,
          got: isSliced ? 'a partitioned variable' : dtype,
        });
      }
      const bytes = file.bytes.subarray(from, from + size);
      if (checksum !== null && maskedChecksum(bytes) !== checksum) {
        throw new LabError('tensorflow/data', `The numbers of variable ${name} in ${file.name} were altered.`, {
          expected: `checksum ${checksum.toString(16)}`,
          got: maskedChecksum(bytes).toString(16),
        });
      }
      return storedValues(dtype, bytes.slice());
    },
  };
}

/** BundleHeaderProto: num_shards (1), endianness (2, 0 for little). */
function readHeader(bytes: Uint8Array<ArrayBuffer>): { readonly shards: number; readonly isLittleEndian: boolean } {
  const fields = readProtobuf(bytes, brokenMessage);
  return { shards: numberIn(fields, 1) ?? 1, isLittleEndian: (numberIn(fields, 2) ?? 0) === 0 };
}

/** BundleEntryProto: dtype (1), shape (2), shard_id (3), offset (4), size (5), crc32c (6), slices (7). */
function readEntry(bytes: Uint8Array<ArrayBuffer>): BundleEntry {
  const fields = readProtobuf(bytes, brokenMessage);
  const type = numberIn(fields, 1) ?? 0;
  return {
    dtype: elementTypes.get(type) ?? `TensorFlow type ${type}`,
    shape: fields.flatMap((field) => (field.number === 2 ? readShape(field) : [])),
    shard: numberIn(fields, 3) ?? 0,
    from: numberIn(fields, 4) ?? 0,
    size: numberIn(fields, 5) ?? 0,
    checksum: numberIn(fields, 6) ?? null,
    isSliced: fields.some(({ number }) => number === 7),
  };
}

/** TensorShapeProto: dims (2), each with its size (1). */
function readShape(field: ProtobufField): readonly number[] {
  return messageIn(field).flatMap((dimension) =>
    dimension.number === 2 ? [numberIn(messageIn(dimension), 1) ?? 0] : [],
  );
}

function messageIn(field: ProtobufField): readonly ProtobufField[] {
  if (field.kind === 'bytes') return readProtobuf(field.value, brokenMessage);
  throw brokenMessage(`a number in field ${field.number}`);
}

function numberIn(fields: readonly ProtobufField[], wanted: number): number | undefined {
  const value = fields.findLast(({ number }) => number === wanted)?.value;
  if (value === undefined) return undefined;
  if (typeof value === 'bigint' && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw brokenMessage(`no usable number in field ${wanted}`);
}

function padded(number: number): string {
  return String(number).padStart(5, '0');
}

function brokenMessage(got: string): LabError {
  return damagedIndex('a whole entry', got);
}
