// Reads weights written by torch.save, a zip archive or consecutive pickles, and the language models over characters that flair saved so.
import { crc32 } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import { spellValue } from '../../util/wording.ts';
import { readZipDirectory } from '../../util/zipDirectory.ts';
import { LANGUAGE, type HostParameters, type HostTensor } from '../blocks/parameterLocation.ts';
import { LINE_START, SPACE, type DIRECTIONS, type LanguageSizes } from '../families/words/languageModels.ts';
import { PickledObject, PickleGlobal, readPickle, type PickleNames, type PickleValue } from './pickle.ts';
import { storedElementBytes, storedValues, transposed, unreadElementBytes, type StoredTensor } from './safetensors.ts';
import { torchNames, TorchTensor, type TorchStorage } from './torchNames.ts';

/** Entries by name: each call returns the content, a view of the archive, or throws LabError `torch/archive` if its checksum does not match. */
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

/** Pickled as a ten-byte long at the start of the older form. */
const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;

/** Dicts of weights are nested once or twice (`{'model': {'state_dict': …}}`); a pickle may nest them endlessly. */
const DEEPEST = 4;

/**
 * Reads the tensors of a pickled dict by name; those of dicts inside it, as trainers save them (`{'state_dict': …, 'epoch': 3}`),
 * after the key of their dict and a dot. Ignores anything else in it, and refuses other element types when they are read.
 * Non-contiguous views are gathered. Nothing in the pickle is executed: torch's storages and tensors and OrderedDict are interpreted
 * here, settings and counts beside weights are dropped, any other name refuses the file. Throws LabError `torch/archive`,
 * `torch/pickle`, `torch/tensor`, `torch/type`, or `torch/state` for a file of other states than weights, with expected and got.
 */
export function torchTensors(bytes: Uint8Array<ArrayBuffer>): ReadonlyMap<string, StoredTensor> {
  return torchFile(bytes, (names) => names).tensors;
}

/** Like `torchTensors`, with the dict itself; `read` adds what the caller reads beside tensors. */
export function torchFile(
  bytes: Uint8Array<ArrayBuffer>,
  read: (names: PickleNames) => PickleNames,
): {
  readonly content: ReadonlyMap<PickleValue, PickleValue>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
} {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const { content, bytesOf } = isZip ? openZip(bytes, read) : openLegacy(bytes, read);
  if (!(content instanceof Map)) {
    throw new LabError('torch/pickle', 'The PyTorch file does not hold a dict of tensors.', {
      expected: 'a state dict',
      got: content instanceof TorchTensor ? 'a tensor' : typeof content,
    });
  }
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of tensorsIn(content)) {
    const { dtype, shape, storage } = tensor;
    tensors.set(name, { dtype, shape, read: () => readTensor(name, tensor, () => bytesOf(storage.key)) });
  }
  refuseOtherStates(content, tensors.size);
  return { content, tensors };
}

/** Lists the tensors of a dict and of dicts in it, each dict once: a pickle may put one into another any number of times. */
function tensorsIn(content: ReadonlyMap<PickleValue, PickleValue>): [name: string, tensor: TorchTensor][] {
  const found: [string, TorchTensor][] = [];
  const visited = new Set<PickleValue>();
  const walk = (dict: ReadonlyMap<PickleValue, PickleValue>, prefix: string, depth: number): void => {
    if (visited.has(dict)) return;
    visited.add(dict);
    for (const [key, value] of dict) {
      if (typeof key !== 'string') continue;
      if (value instanceof TorchTensor) found.push([prefix + key, value]);
      else if (value instanceof Map && depth < DEEPEST) walk(value, `${prefix}${key}.`, depth + 1);
    }
  };
  walk(content, '', 1);
  return found;
}

/** Names what trainers save beside weights. */
function refuseOtherStates(content: ReadonlyMap<PickleValue, PickleValue>, count: number): void {
  const has = (...keys: readonly string[]): boolean => keys.every((key) => content.has(key));
  const refuse = (state: string): never => {
    const keys = [...content.keys()].filter((key) => typeof key === 'string').slice(0, 4);
    throw new LabError('torch/state', `The PyTorch file holds ${state}, not the weights of a model.`, {
      expected: 'a state dict: a tensor for each name',
      got: keys.length === 0 ? 'an empty dict' : `a dict of ${keys.join(', ')}`,
    });
  };
  if (has('state', 'param_groups')) refuse('the state of an optimizer');
  if (has('last_epoch') && (has('base_lrs') || has('_step_count'))) refuse('the state of a learning rate scheduler');
  if (has('python', 'cpu') || has('torch_rng_state')) refuse('the state of random number generators');
  if (has('scale', 'growth_factor')) refuse('the state of a gradient scaler');
  if (count === 0 && content.size > 0) refuse('something else');
}

/** The pickled value, and the bytes of each storage by its key. */
interface OpenedFile {
  readonly content: PickleValue;
  readonly bytesOf: (key: string) => Uint8Array<ArrayBuffer>;
}

type Reading = (names: PickleNames) => PickleNames;

function openZip(bytes: Uint8Array<ArrayBuffer>, read: Reading): OpenedFile {
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
  const { value } = readPickle(content, 0, read(torchNames(storages, content.byteLength)));
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

function openLegacy(bytes: Uint8Array<ArrayBuffer>, read: Reading): OpenedFile {
  const storages = new Map<string, TorchStorage>();
  const names = read(torchNames(storages, bytes.byteLength));
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

function readTensor(
  name: string,
  { storage, dtype, offset, shape, strides }: TorchTensor,
  bytesOf: () => Uint8Array<ArrayBuffer>,
): ReturnType<StoredTensor['read']> {
  const elementBytes = storedElementBytes.get(dtype);
  if (elementBytes === undefined) {
    throw new LabError('torch/type', `Tensor ${name} has an element type this lab does not read.`, {
      expected: [...storedElementBytes.keys()].join(', '),
      got: dtype,
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

// Reads a language model over characters that flair saved: sizes, the dictionary of characters, and the weights.

export interface FlairModel {
  readonly direction: (typeof DIRECTIONS)[number];
  readonly sizes: LanguageSizes;
  /** Of the numbers from 2 on, a line's start and a space first; 0 is padding, 1 any other. */
  readonly characters: readonly string[];
  /** The table and the LSTMs, as `languageShapes` names them. */
  readonly weights: HostParameters;
}

const decoder = new TextDecoder('utf-8');

/** flair pickles its dictionary as an object, with characters in bytes. Nothing in the file is run. */
function flairNames(names: PickleNames): PickleNames {
  const latin1 = (text: PickleValue): PickleValue =>
    typeof text === 'string' ? decoder.decode(Uint8Array.from(text, (one) => one.charCodeAt(0))) : null;
  const own = new Map([
    ['flair.data Dictionary', new PickleGlobal('Dictionary', () => new PickledObject())],
    // Bytes in pickles of protocol 2: latin-1 text and the name of that encoding.
    ['_codecs encode', new PickleGlobal('encode', ([text]) => latin1(text))],
    ['torch device', new PickleGlobal('device', () => new PickledObject())],
  ]);
  return {
    ...names,
    global: (name) => own.get(name) ?? names.global(name),
    bytes: (content) => decoder.decode(content),
  };
}

/**
 * Reads what `LanguageModel.save` of flair writes. Throws LabError `language/file` naming what is missing or not supported (a projection of
 * the states, a dictionary without a line's end or a space, other weights), and as `torchTensors` does.
 */
export function flairModel(name: string, bytes: Uint8Array<ArrayBuffer>): FlairModel {
  const { content, tensors } = torchFile(bytes, flairNames);
  const refused = (expected: string, got: string): LabError =>
    new LabError('language/file', `${name} is no language model of flair that this lab reads.`, { expected, got });
  const size = (member: string): number => {
    const value = content.get(member);
    if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
    throw refused(`${member}, a whole number, in the dict that flair saves`, spellValue(value));
  };
  const isForward = content.get('is_forward_lm');
  if (typeof isForward !== 'boolean')
    throw refused('is_forward_lm in the dict that flair saves', spellValue(isForward));
  if (content.get('nout') != null)
    throw refused('states as they are (nout None)', `a projection of them to ${spellValue(content.get('nout'))}`);
  const sizes = { size: size('embedding_size'), hidden: size('hidden_size'), layers: size('nlayers') };
  if (sizes.layers > 8) throw refused('at most 8 layers', String(sizes.layers));
  const delimiter = content.get('document_delimiter') ?? '\n';
  if (delimiter !== '\n') throw refused('a line’s end as the delimiter of documents', spellValue(delimiter));
  const items = itemsOf(content.get('dictionary'));
  if (items === null) throw refused('a dictionary with idx2item', spellValue(content.get('dictionary')));
  const unknown = items.indexOf('<unk>');
  const [start, space] = ['\n', ' '].map((one) => items.indexOf(one)) as [number, number];
  if (unknown < 0 || start < 0 || space < 0) throw refused('a dictionary with <unk>, a line’s end and a space', `${items.length} characters without`); // prettier-ignore
  const others = [...items.keys()].filter((index) => ![unknown, start, space].includes(index));
  const order = [start, space, ...others];
  const tensor = (key: string, shape: readonly number[]): Float32Array => {
    const found = weightOf(tensors, key);
    if (found?.shape.join() === shape.join()) return Float32Array.from(found.read());
    throw refused(
      `${key} of shape [${shape.join(', ')}]`,
      found === undefined ? 'no such tensor' : `[${found.shape.join(', ')}]`,
    );
  };
  const direction = isForward ? 'forward' : 'backward';
  const table = tensor('encoder.weight', [items.length, sizes.size]);
  const rows = new Float32Array((order.length + LINE_START) * sizes.size);
  [null, unknown, ...order].forEach((from, row) => {
    if (from !== null) rows.set(table.subarray(from * sizes.size, (from + 1) * sizes.size), row * sizes.size);
  });
  const weights = new Map<string, HostTensor>([
    [`${LANGUAGE}characters.${direction}`, { shape: [order.length + LINE_START, sizes.size], values: rows }],
  ]);
  for (let layer = 0; layer < sizes.layers; layer++) {
    const gates = 4 * sizes.hidden;
    const width = layer === 0 ? sizes.size : sizes.hidden;
    const matrix = (key: string, columns: number): HostTensor => ({
      shape: [columns, gates],
      values: transposed(tensor(`rnn.${key}_l${layer}`, [gates, columns]) as Float32Array<ArrayBuffer>, [
        columns,
        gates,
      ]),
    });
    const biases = ['bias_ih', 'bias_hh'].map((key) => tensor(`rnn.${key}_l${layer}`, [gates]));
    const prefix = `${LANGUAGE}${layer}.${direction}.`;
    weights.set(`${prefix}kernel`, matrix('weight_ih', width));
    weights.set(`${prefix}recurrent`, matrix('weight_hh', sizes.hidden));
    weights.set(`${prefix}bias`, { shape: [gates], values: Float32Array.from({ length: gates }, (_, index) => (biases[0]?.[index] ?? 0) + (biases[1]?.[index] ?? 0)) }); // prettier-ignore
  }
  if (SPACE !== LINE_START + 1) throw new Error('the numbers of a line’s start and a space changed');
  return { direction, sizes, characters: order.map((index) => items[index] as string), weights };
}

function weightOf(tensors: ReadonlyMap<string, StoredTensor>, key: string): StoredTensor | undefined {
  return tensors.get(`state_dict.${key}`) ?? tensors.get(key);
}

/** The characters of a flair Dictionary, in order. */
function itemsOf(dictionary: PickleValue): readonly string[] | null {
  const attributes = dictionary instanceof PickledObject ? dictionary.attributes : null;
  const items = attributes instanceof Map ? attributes.get('idx2item') : null;
  if (!Array.isArray(items)) return null;
  return items.map((item) => (typeof item === 'string' ? item : ''));
}

/** Both models of one kind, as a network reads them. Throws LabError `language/pair` for two that do not fit. */
export function flairPair(one: FlairModel, other: FlairModel): Omit<FlairModel, 'direction'> {
  const differing =
    one.direction === other.direction
      ? `two ${one.direction} models`
      : JSON.stringify(one.sizes) !== JSON.stringify(other.sizes)
        ? 'models of different sizes'
        : one.characters.join() !== other.characters.join()
          ? 'models of different characters'
          : null;
  if (differing === null) return { ...one, weights: new Map([...one.weights, ...other.weights]) };
  throw new LabError('language/pair', 'The two language models do not belong together.', {
    expected: 'a forward and a backward model of the same sizes and characters',
    got: differing,
  });
}
