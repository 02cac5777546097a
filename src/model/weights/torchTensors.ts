// Reads weights written by torch.save: a zip archive, or before 1.6 consecutive pickles followed by the numbers.
import { crc32 } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import { readZipDirectory } from '../../util/zipDirectory.ts';
import { PickleGlobal, readPickle, type PickleNames, type PickleValue } from './pickle.ts';
import { storedElementBytes, storedValues, unreadElementBytes, type StoredTensor } from './storedTensor.ts';

/** Returns the content of an entry, a view of the archive. Throws LabError `torch/archive` if its checksum does not match. */
type StoredZip = ReadonlyMap<string, () => Uint8Array<ArrayBuffer>>;

/**
 * Reads the entries of an archive by name. Throws LabError `torch/archive` for a directory that is damaged or truncated, an entry
 * outside the file, one that is compressed or encrypted, or a repeated name.
 */
export function readStoredZip(bytes: Uint8Array<ArrayBuffer>): StoredZip {
  const entries = new Map<string, () => Uint8Array<ArrayBuffer>>();
  for (const { name, method, isEncrypted, size, packedSize, checksum, packed } of readZipDirectory(bytes, damaged)) {
    if (entries.has(name)) throw damaged('entries of different names', `${name} twice`);
    if (isEncrypted || method !== 0 || size !== packedSize) {
      throw damaged('entries stored as they are, as torch.save does', `${name} compressed or encrypted`);
    }
    const content = packed();
    entries.set(name, () => {
      const found = crc32(content);
      if (found === checksum) return content;
      throw damaged(`${name} with checksum ${checksum.toString(16)}`, found.toString(16));
    });
  }
  return entries;
}

function damaged(expected: string, got: string): LabError {
  return new LabError('torch/archive', 'The zip archive of a PyTorch file is damaged.', { expected, got });
}

/** Element types of torch's storages, by safetensors' names. Those not in `storedElementBytes` may occur and are not read. */
const storageTypes: ReadonlyMap<string, string> = new Map([
  ['torch FloatStorage', 'F32'],
  ['torch HalfStorage', 'F16'],
  ['torch BFloat16Storage', 'BF16'],
  ['torch IntStorage', 'I32'],
  ['torch DoubleStorage', 'F64'],
  ['torch LongStorage', 'I64'],
  ['torch ShortStorage', 'I16'],
  ['torch CharStorage', 'I8'],
  ['torch ByteStorage', 'U8'],
  ['torch BoolStorage', 'BOOL'],
]);

/** The maximum for torch's tensors. */
const mostAxes = 64;

/** Pickled as a ten-byte long at the start of the older form. */
const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;

/** Elements that tensors are views of. Its bytes are known once the whole file is read. */
class TorchStorage {
  readonly key: string;
  readonly dtype: string;
  readonly elements: number;

  constructor(key: string, dtype: string, elements: number) {
    this.key = key;
    this.dtype = dtype;
    this.elements = elements;
  }
}

class TorchTensor {
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: TorchStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/**
 * Reads the tensors of a pickled dict by name; ignores anything else in it, and refuses other element types when they are read.
 * Non-contiguous views are gathered. Nothing in the pickle is executed: torch's storages, `_rebuild_tensor_v2`,
 * `_rebuild_parameter` and OrderedDict are interpreted here, any other name refuses the file. Throws LabError `torch/archive`,
 * `torch/pickle`, `torch/tensor` or `torch/type` with expected and got.
 */
export function torchTensors(bytes: Uint8Array<ArrayBuffer>): ReadonlyMap<string, StoredTensor> {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const { content, bytesOf } = isZip ? openZip(bytes) : openLegacy(bytes);
  if (!(content instanceof Map)) {
    throw new LabError('torch/pickle', 'The PyTorch file does not hold a dict of tensors.', {
      expected: 'a state dict',
      got: content instanceof TorchTensor ? 'a tensor' : typeof content,
    });
  }
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of content) {
    if (typeof name !== 'string' || !(tensor instanceof TorchTensor)) continue;
    const { dtype, key } = tensor.storage;
    tensors.set(name, { dtype, shape: tensor.shape, read: () => readTensor(name, tensor, () => bytesOf(key)) });
  }
  return tensors;
}

/** The pickled value, and the bytes of each storage by its key. */
interface OpenedFile {
  readonly content: PickleValue;
  readonly bytesOf: (key: string) => Uint8Array<ArrayBuffer>;
}

function openZip(bytes: Uint8Array<ArrayBuffer>): OpenedFile {
  const entries = readStoredZip(bytes);
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    throw new LabError('torch/archive', 'The zip archive is not one that torch.save wrote.', {
      expected: 'one data.pkl in it',
      got: pickle === undefined ? [...entries.keys()].slice(0, 3).join(', ') || 'no file' : `${pickles.length} of them`,
    });
  }
  const folder = pickle.slice(0, -'data.pkl'.length);
  const entry = (name: string): Uint8Array<ArrayBuffer> | undefined => entries.get(folder + name)?.();
  const order = new TextDecoder().decode(entry('byteorder') ?? new TextEncoder().encode('little'));
  if (order !== 'little') throw otherOrder(order);
  const storages = new Map<string, TorchStorage>();
  const content = entry('data.pkl') as Uint8Array<ArrayBuffer>;
  const { value } = readPickle(content, 0, torchNames(storages, content.byteLength));
  return {
    content: value,
    bytesOf(key) {
      const content = entry(`data/${key}`);
      if (content !== undefined) return content;
      throw new LabError('torch/archive', 'The numbers of a tensor are not in the archive.', {
        expected: `${folder}data/${key}`,
        got: `${entries.size} other entries`,
      });
    },
  };
}

function openLegacy(bytes: Uint8Array<ArrayBuffer>): OpenedFile {
  const storages = new Map<string, TorchStorage>();
  const names = torchNames(storages, bytes.byteLength);
  let at = 0;
  const next = (): PickleValue => {
    const { value, end } = readPickle(bytes, at, names);
    at = end;
    return value;
  };
  if (bytes[0] !== 0x80 || next() !== legacyMagic) {
    throw new LabError('torch/archive', 'This is not a file that torch.save wrote.', {
      expected: "a zip archive or torch's magic number",
      got: `bytes ${[...bytes.subarray(0, 4)].join(' ')}`,
    });
  }
  const protocol = next();
  if (protocol !== legacyProtocol) {
    throw new LabError('torch/archive', 'The PyTorch file is of another version.', {
      expected: `protocol ${legacyProtocol}`,
      got: typeof protocol === 'number' ? String(protocol) : 'something else',
    });
  }
  const system = next();
  if (system instanceof Map && system.get('little_endian') === false) throw otherOrder('big');
  const content = next();
  const keys = next();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const key of Array.isArray(keys) ? (keys as PickleValue[]) : []) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    // Only torch knows the sizes of element types not read here, so what follows them could not be located.
    const elementBytes = storage === undefined ? undefined : (storedElementBytes.get(storage.dtype) ?? unreadElementBytes.get(storage.dtype)); // prettier-ignore
    const elements = at + 8 > bytes.byteLength ? undefined : Number(view.getBigUint64(at, true));
    const from = at + 8;
    at = from + (elements ?? 0) * (elementBytes ?? 0);
    if (storage === undefined || elementBytes === undefined || elements !== storage.elements || at > bytes.byteLength) {
      throw new LabError('torch/archive', 'The numbers of a tensor are not in the file; it may be truncated.', {
        expected: storage === undefined ? 'a storage that a tensor names' : `${storage.elements} elements`,
        got: elements === undefined || at > bytes.byteLength ? 'the end of the file' : `${elements} elements`,
      });
    }
    places.set(storage.key, bytes.subarray(from, at));
  }
  return {
    content,
    bytesOf(key) {
      const place = places.get(key);
      if (place !== undefined) return place;
      throw new LabError('torch/archive', 'The numbers of a tensor are not in the file.', {
        expected: `storage ${key}`,
        got: `${places.size} others`,
      });
    },
  };
}

/**
 * Returns the names used in state dicts, and fills `storages` from their persistent ids. A pickle of `sizeBytes` that makes dicts
 * of one list over and over could fill any memory: charging bytes for each pair allows no more pairs than there are bytes.
 */
function torchNames(storages: Map<string, TorchStorage>, sizeBytes: number): PickleNames {
  let pairs = 0;
  const orderedDict = ([given = []]: readonly PickleValue[]): Map<PickleValue, PickleValue> => {
    if (!Array.isArray(given) || !given.every((pair) => Array.isArray(pair) && pair.length === 2)) {
      throw new LabError('torch/pickle', 'An OrderedDict of the PyTorch file is broken.', {
        expected: 'keys and values',
        got: Array.isArray(given) ? 'a list of other things' : typeof given,
      });
    }
    pairs += given.length;
    if (pairs <= sizeBytes) return new Map(given as [PickleValue, PickleValue][]);
    throw new LabError('torch/pickle', 'The PyTorch file makes dicts of the same list again and again.', {
      expected: `at most ${sizeBytes} keys and values in all`,
      got: String(pairs),
    });
  };
  const globals = new Map<string, PickleGlobal>([
    ['collections OrderedDict', new PickleGlobal('OrderedDict', orderedDict)],
    ['torch._utils _rebuild_tensor_v2', new PickleGlobal('_rebuild_tensor_v2', rebuildTensor)],
    ['torch._utils _rebuild_parameter', new PickleGlobal('_rebuild_parameter', rebuildParameter)],
    ...[...storageTypes].map(([name, dtype]): [string, PickleGlobal] => [name, new PickleGlobal(dtype)]),
  ]);
  return {
    global: (name) => globals.get(name),
    persistent(id) {
      const [kind, type, key, , elements, view = null] = Array.isArray(id) ? (id as PickleValue[]) : [];
      const dtype = type instanceof PickleGlobal && type.call === null ? type.name : '';
      if (kind !== 'storage' || typeof key !== 'string' || !isCount(elements) || view !== null || dtype === '') {
        throw new LabError('torch/pickle', 'The PyTorch file refers to numbers in a way not read here.', {
          expected: 'storages by type, key and number of elements',
          got: kind === 'storage' ? 'a storage described otherwise' : 'something else',
        });
      }
      const known = storages.get(key) ?? new TorchStorage(key, dtype, elements);
      storages.set(key, known);
      if (known.dtype === dtype && known.elements === elements) return known;
      throw new LabError('torch/pickle', `Storage ${key} of the PyTorch file has two descriptions.`, {
        expected: `${known.elements} of ${known.dtype}`,
        got: `${elements} of ${dtype}`,
      });
    },
  };
}

function rebuildParameter([tensor]: readonly PickleValue[]): PickleValue {
  if (tensor instanceof TorchTensor) return tensor;
  throw new LabError('torch/pickle', 'A parameter of the PyTorch file is broken.', { expected: 'a tensor' });
}

function rebuildTensor([storage, offset, sizes, steps]: readonly PickleValue[]): TorchTensor {
  // Copy them: the pickle may still append to its own.
  const [shape, strides] = [copyOfCounts(sizes), copyOfCounts(steps)];
  if (!(storage instanceof TorchStorage) || !isCount(offset) || shape === null || shape.length !== strides?.length) {
    throw new LabError('torch/tensor', 'A tensor of the PyTorch file is described in a way not read here.', {
      expected: 'a storage, an offset, and a stride for each size',
      got: `sizes [${shape?.join(', ') ?? 'no numbers'}], strides [${strides?.join(', ') ?? 'no numbers'}]`,
    });
  }
  const size = shape.reduce((product, count) => product * count, 1);
  const last = offset + shape.reduce((sum, count, axis) => sum + (count - 1) * (strides[axis] as number), 0);
  // A view that repeats its elements could require any amount of memory.
  if (size > 0 && (last >= storage.elements || size > storage.elements)) {
    throw new LabError('torch/tensor', 'A tensor of the PyTorch file reaches beyond its numbers or repeats them.', {
      expected: `at most ${storage.elements} elements`,
      got: `sizes [${shape.join(', ')}] with strides [${strides.join(', ')}] from ${offset}`,
    });
  }
  return new TorchTensor(storage, offset, shape, strides);
}

function isCount(value: PickleValue): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function copyOfCounts(value: PickleValue): readonly number[] | null {
  return Array.isArray(value) && value.length <= mostAxes && value.every(isCount) ? [...value] : null;
}

function readTensor(
  name: string,
  { storage, offset, shape, strides }: TorchTensor,
  bytesOf: () => Uint8Array<ArrayBuffer>,
): ReturnType<StoredTensor['read']> {
  const elementBytes = storedElementBytes.get(storage.dtype);
  if (elementBytes === undefined) {
    throw new LabError('torch/type', `Tensor ${name} has an element type this lab does not read.`, {
      expected: [...storedElementBytes.keys()].join(', '),
      got: storage.dtype,
    });
  }
  const bytes = bytesOf();
  if (bytes.byteLength !== storage.elements * elementBytes) {
    throw new LabError('torch/tensor', `The numbers of tensor ${name} are cut off.`, {
      expected: `${storage.elements * elementBytes} bytes`,
      got: String(bytes.byteLength),
    });
  }
  const size = shape.reduce((product, count) => product * count, 1);
  const contiguous = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, count) => product * count, 1));
  if (shape.every((count, axis) => count < 2 || strides[axis] === contiguous[axis])) {
    return storedValues(storage.dtype, bytes.slice(offset * elementBytes, (offset + size) * elementBytes));
  }
  const all = storedValues(storage.dtype, bytes.slice());
  const values = all instanceof Int32Array ? new Int32Array(size) : new Float32Array(size);
  for (let index = 0; index < size; index++) {
    let at = offset;
    for (const [axis, count] of shape.entries()) {
      at += (Math.floor(index / (contiguous[axis] as number)) % count) * (strides[axis] as number);
    }
    values[index] = all[at] as number;
  }
  return values;
}

function otherOrder(order: string): LabError {
  return new LabError('torch/archive', 'The PyTorch file was written in another byte order.', {
    expected: 'little',
    got: order,
  });
}
