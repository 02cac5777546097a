// Reads a language model over characters that flair saved: sizes, the dictionary of characters, and the weights.
import { LabError } from '../../util/labError.ts';
import { spellValue } from '../../util/wording.ts';
import type { HostParameters, HostTensor } from '../blocks/hostParameters.ts';
import { LANGUAGE } from '../blocks/parameterLocation.ts';
import { LINE_START, SPACE, type DIRECTIONS, type LanguageSizes } from '../families/words/languageModels.ts';
import { PickledObject, PickleGlobal, type PickleNames, type PickleValue } from './pickle.ts';
import { transposed, type StoredTensor } from './storedTensor.ts';
import { torchFile } from './torchTensors.ts';

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
