// Interprets what the pickles of torch.save refer to: storages, tensors and dicts; other objects beside weights stay unread.
import { LabError } from '../../util/labError.ts';
import { InertObject, PickleGlobal, type PickleNames, type PickleValue } from './pickle.ts';
import { mostTensors } from './safetensors.ts';

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
  ['torch ComplexFloatStorage', 'C64'],
  ['torch ComplexDoubleStorage', 'C128'],
  ['torch QInt8Storage', 'I8'],
  ['torch QUInt8Storage', 'U8'],
  ['torch QInt32Storage', 'U32'],
  // Holds the types that have no class for their storage, such as float8.
  ['torch.storage UntypedStorage', 'U8'],
]);

/** The maximum for torch's tensors. */
const mostAxes = 64;

/** Elements that tensors are views of. Its bytes are known once the whole file is read. */
export class TorchStorage {
  readonly key: string;
  readonly dtype: string;
  readonly elements: number;

  constructor(key: string, dtype: string, elements: number) {
    this.key = key;
    this.dtype = dtype;
    this.elements = elements;
  }
}

export class TorchTensor {
  readonly storage: TorchStorage;
  readonly dtype: string;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(
    storage: TorchStorage,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
    dtype = storage.dtype,
  ) {
    this.storage = storage;
    this.dtype = dtype;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/**
 * Names of what trainers save beside weights: settings, counts and paths. Their values are not needed and nothing of them is run; a
 * name that is not listed refuses the file.
 */
const inertNames = [
  /^(builtins|__builtin__) (set|frozenset|dict|list|tuple|int|float|bool|str|complex|bytearray|slice|range)$/,
  /^collections (Counter|deque)$/,
  /^argparse Namespace$/,
  /^copyreg __newobj__$/,
  /^_codecs encode$/,
  /^datetime (date|datetime|time|timedelta|timezone)$/,
  /^pathlib(\._local)? (Pure)?(Posix|Windows)?Path$/,
  /^numpy (ndarray|dtype|bool_?|float(16|32|64)|u?int(8|16|32|64))$/,
  /^numpy(\._?core)\.(multiarray (scalar|_reconstruct)|numeric _frombuffer)$/,
  /^torch (strided|sparse_\w+|per_(tensor|channel)_\w+)$/,
  /^torch (Size|device|[a-z]+\d+[a-z\d_]*|bool)$/,
  /^torch\._utils (_rebuild_qtensor|_rebuild_sparse_tensor|_rebuild_meta_tensor_no_storage)$/,
  /^torch\.(serialization _get_layout|torch_version TorchVersion)$/,
  /^(pytorch_lightning|lightning)\.[\w.]+ (AttributeDict|[A-Z]\w*(Checkpoint|Stopping|Callback|Monitor|ProgressBar))$/,
];

function inertGlobal(name: string): PickleGlobal | undefined {
  if (!inertNames.some((pattern) => pattern.test(name))) return undefined;
  return new PickleGlobal(name, () => new InertObject(name));
}

/**
 * Returns the names used in state dicts, and fills `storages` from their persistent ids. A pickle of `sizeBytes` that makes dicts
 * of one list over and over could fill any memory: charging bytes for each pair allows no more pairs than there are bytes.
 */
export function torchNames(storages: Map<string, TorchStorage>, sizeBytes: number): PickleNames {
  let pairs = 0;
  let tensors = 0;
  const counted =
    (rebuild: PickleGlobal['call']): PickleGlobal['call'] =>
    (given) => {
      if (++tensors <= mostTensors) return rebuild?.(given);
      throw new LabError('torch/pickle', 'The PyTorch file lists more tensors than any encoder and its states have.', {
        expected: `at most ${mostTensors} tensors`,
        got: 'more',
      });
    };
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
    ['torch._utils _rebuild_tensor_v2', new PickleGlobal('_rebuild_tensor_v2', counted(rebuildTensor))],
    ['torch._utils _rebuild_tensor_v3', new PickleGlobal('_rebuild_tensor_v3', counted(rebuildOtherTensor))],
    ['torch._utils _rebuild_parameter', new PickleGlobal('_rebuild_parameter', rebuildParameter)],
    ['torch._utils _rebuild_parameter_with_state', new PickleGlobal('_rebuild_parameter_with_state', rebuildParameter)],
    ['collections defaultdict', new PickleGlobal('defaultdict', () => new Map())],
    ...[...storageTypes].map(([name, dtype]): [string, PickleGlobal] => [name, new PickleGlobal(dtype)]),
  ]);
  return {
    global: (name) => globals.get(name) ?? inertGlobal(name),
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

/** Rebuilds a tensor of a type without a class for its storage: none is read, and its storage is counted in bytes. */
function rebuildOtherTensor([storage, offset, sizes, steps, , , type]: readonly PickleValue[]): TorchTensor {
  const [shape, strides] = [copyOfCounts(sizes), copyOfCounts(steps)];
  if (!(storage instanceof TorchStorage) || !isCount(offset) || shape === null || strides === null) {
    throw new LabError('torch/tensor', 'A tensor of the PyTorch file is described in a way not read here.', {
      expected: 'a storage, an offset, sizes and strides',
      got: 'something else',
    });
  }
  const dtype = type instanceof PickleGlobal ? type.name.replace(/^torch /, '') : 'another type';
  return new TorchTensor(storage, offset, shape, strides, dtype);
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
