// Selects the files of a folder that make up a model, and recognises those that are not what their names say.
import { LabError } from '../../util/labError.ts';
import { ownValue } from '../../util/validate.ts';
import { shortened } from '../../util/wording.ts';
import { familyList, familyNames, isFamilyName, type FamilyName } from '../pieces/encoderFacts.ts';

/** How weights are stored in files. */
export type WeightsForm = 'safetensors' | 'safetensors shards' | 'torch' | 'torch shards' | 'tensorflow';

/** The files that a model is read from; of several forms of the same thing, one. */
export interface ModelFiles {
  /** `config.json`, or TensorFlow's `xlnet_config.json` or `bert_config.json`. */
  readonly config: string | null;
  readonly form: WeightsForm | null;
  /** Files of that form; an index of shards comes first. */
  readonly weights: readonly string[];
  /** `tokenizer.json`, or the `spiece.model`, `spm.model`, `vocab.txt` or `vocab.json` it can be made from. */
  readonly tokenizer: string | null;
  readonly tokenizerConfig: string | null;
  /** Further files with settings of the tokenizer: names of specials, added tokens, and the merges that belong to `vocab.json`. */
  readonly tokenizerSettings: readonly string[];
  /** `bioner_lab.json`, which makes it a trained tagger. */
  readonly tagger: string | null;
  /** Descriptions of what a model needs and the folder lacks. */
  readonly missing: readonly string[];
}

/** A description of the files that make up a model. */
export const neededModelFiles =
  'config.json, xlnet_config.json or bert_config.json; model.safetensors, pytorch_model.bin or a TensorFlow checkpoint; tokenizer.json, spiece.model, spm.model, vocab.txt, or vocab.json and merges.txt';

const tensorflowData = /\.data-\d{5}-of-\d{5}$/;
const tensorflowIndex = /\.index$/;

/** Names of files that trainers and other programs write beside weights or in their place, and what they are. */
const foreignNames: readonly (readonly [RegExp, string])[] = [
  [/^optim(izer)?[\w-]*\.(pt|pth|bin|ckpt|safetensors)$|optim_states\.pt$/, 'the state of an optimizer'],
  [/^(lr_)?scheduler[\w-]*\.(pt|pth|bin)$/, 'the state of a learning rate scheduler'],
  [/^(grad_)?scaler\.(pt|pth)$/, 'the state of a gradient scaler'],
  [/^(rng_state|random_states)[\w-]*\.(pth?|pkl)$/, 'the state of random number generators'],
  [/^trainer_state\.json$/, 'the log of a training run'],
  [/^events\.out\.tfevents\./, 'the log of a training run, for TensorBoard'],
  [/^training_args\.(bin|json)$/, 'the settings of a training run'],
  [/^adapter_(model\.(safetensors|bin|pt)|config\.json)$/, 'a part of an adapter (LoRA or the like), which is to be merged into its model first'], // prettier-ignore
  [/\.distcp$/, 'a part of a distributed checkpoint, which is to be saved as one state dict first'],
  [/\.h5$/, 'weights in a Keras file'],
  [/\.msgpack$/, 'weights of Flax'],
  [/\.(onnx|tflite|gguf|ggml|mlmodel|ot)$/, 'a model converted for another program'],
];

/** Says what a file is that is beside a model's files and no part of it, by its name without folders; null for any other. */
export function foreignFileOf(name: string): string | null {
  return foreignNames.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** Whether a file belongs to a model, by its name without folders. */
export function isModelFile(name: string): boolean {
  return (
    otherNames.has(name) ||
    /\.(safetensors|safetensors\.index\.json|pt|pth|ckpt)$/.test(name) ||
    /^pytorch_model-\d+-of-\d+\.bin$/.test(name) ||
    /\.ckpt(-\d+)?\.(index|meta)$/.test(name) ||
    tensorflowData.test(name)
  );
}

const tokenizerSettings = ['special_tokens_map.json', 'added_tokens.json'];
/** The merges of byte-level BPE, in a file beside its pieces. */
export const MERGES_FILE = 'merges.txt';

const otherNames = new Set([
  'config.json',
  'xlnet_config.json',
  'bioner_lab.json',
  'bert_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'generation_config.json',
  ...tokenizerSettings,
  'model.safetensors.index.json',
  'spiece.model',
  'spm.model',
  'vocab.txt',
  'vocab.json',
  MERGES_FILE,
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
  'tf_model.h5',
]);

/** Selects among the file names of one folder, given without folders. */
export function modelFiles(names: readonly string[]): ModelFiles {
  const first = (...candidates: readonly string[]) => candidates.find((name) => names.includes(name)) ?? null;
  const config = first('config.json', 'xlnet_config.json', 'bert_config.json');
  const hasMerges = names.includes(MERGES_FILE);
  const tokenizer = first(
    'tokenizer.json',
    'spiece.model',
    'spm.model',
    'vocab.txt',
    ...(hasMerges ? ['vocab.json'] : []),
  );
  const settings = [...tokenizerSettings, ...(tokenizer === 'vocab.json' ? [MERGES_FILE] : [])];
  const { form, weights } = chooseWeights(names);
  const missing = [
    ...(config === null ? ['config.json'] : []),
    ...(form === null ? [missingWeights(names)] : []),
    ...(form?.endsWith('shards') && weights.length === 1 ? [`the files of weights that ${weights[0]} is only a list of`] : []), // prettier-ignore
    ...(tokenizer === null ? [names.includes('vocab.json') ? MERGES_FILE : 'tokenizer.json'] : []),
  ];
  return {
    config,
    form,
    weights,
    tokenizer,
    tokenizerConfig: first('tokenizer_config.json'),
    tokenizerSettings: settings.filter((name) => names.includes(name)),
    tagger: first('bioner_lab.json'),
    missing,
  };
}

/** Returns the names selected. */
export function chosenNames(files: ModelFiles): readonly string[] {
  const { config, weights, tokenizer, tokenizerConfig, tokenizerSettings, tagger } = files;
  return [config, ...weights, tokenizer, tokenizerConfig, ...tokenizerSettings, tagger].filter((name) => name !== null);
}

function chooseWeights(names: readonly string[]): Pick<ModelFiles, 'form' | 'weights'> {
  const matching = (pattern: RegExp) => names.filter((name) => pattern.test(name)).sort();
  const has = (name: string) => names.includes(name);
  const lone = matching(/\.safetensors$/).filter((name) => foreignFileOf(name) === null);
  if (has('model.safetensors')) return { form: 'safetensors', weights: ['model.safetensors'] };
  const indexes = matching(/\.safetensors\.index\.json$/);
  const index = has('model.safetensors.index.json') ? 'model.safetensors.index.json' : indexes[0];
  if (index !== undefined && (indexes.length === 1 || index === 'model.safetensors.index.json')) {
    return { form: 'safetensors shards', weights: [index, ...lone] };
  }
  if (lone.length === 1) return { form: 'safetensors', weights: lone };
  if (has('pytorch_model.bin')) return { form: 'torch', weights: ['pytorch_model.bin'] };
  if (has('pytorch_model.bin.index.json')) {
    const shards = matching(/^pytorch_model-.*\.bin$/);
    return { form: 'torch shards', weights: ['pytorch_model.bin.index.json', ...shards] };
  }
  const prefix = tensorflowPrefix(names);
  const [saved, ...others] = savedByTrainers(names);
  if (prefix === null && saved !== undefined && others.length === 0) return { form: 'torch', weights: [saved] };
  if (prefix === null) return { form: null, weights: [] };
  const data = names.filter((name) => name.startsWith(`${prefix}.data-`) && tensorflowData.test(name)).sort();
  return { form: 'tensorflow', weights: [`${prefix}.index`, ...data] };
}

/** Lists the files that may be PyTorch weights under a name of the trainer's choice, such as Lightning's `epoch=3.ckpt`. */
function savedByTrainers(names: readonly string[]): readonly string[] {
  return names.filter((name) => /\.(pt|pth|ckpt|bin)$/.test(name) && !/-\d+-of-\d+\.bin$/.test(name) && foreignFileOf(name) === null); // prettier-ignore
}

/** Finds the common prefix of the files of a TensorFlow checkpoint: the official release's, or the only one there is. */
function tensorflowPrefix(names: readonly string[]): string | null {
  const prefixes = names.filter((name) => tensorflowIndex.test(name)).map((name) => name.replace(tensorflowIndex, ''));
  const withData = new Set(
    names.flatMap((name) => (tensorflowData.test(name) ? name.replace(tensorflowData, '') : [])),
  );
  const whole = prefixes.filter((prefix) => withData.has(prefix));
  const released = ['xlnet_model.ckpt', 'bert_model.ckpt'].find((prefix) => whole.includes(prefix));
  if (released !== undefined) return released;
  return whole.length === 1 ? (whole[0] ?? null) : null;
}

function missingWeights(names: readonly string[]): string {
  if (names.some((name) => /-\d+-of-\d+\.safetensors$/.test(name))) return 'model.safetensors.index.json';
  if (names.some((name) => /^pytorch_model-.*\.bin$/.test(name))) return 'pytorch_model.bin.index.json';
  const prefixes = names.filter((name) => tensorflowIndex.test(name)).map((name) => name.replace(tensorflowIndex, ''));
  if (prefixes.length > 1) return 'a single TensorFlow checkpoint';
  if (prefixes.length === 1) return `${prefixes[0]}.data-00000-of-00001`;
  const data = names.find((name) => tensorflowData.test(name));
  if (data !== undefined) return `${data.replace(tensorflowData, '')}.index`;
  const saved = savedByTrainers(names);
  if (saved.length > 1) return `a single file of weights (there are ${[...saved].sort().slice(0, 3).join(', ')})`;
  return names.some((name) => /\.h5$/.test(name))
    ? 'model.safetensors (weights in Keras files are not read)'
    : 'model.safetensors';
}

/** How those that people try are written. */
const FAMILY_NAMES: Readonly<Record<string, string>> = {
  albert: 'ALBERT',
  deberta: 'DeBERTa of the first version',
  distilbert: 'DistilBERT',
  gemma: 'Gemma',
  gpt2: 'GPT-2',
  llama: 'LLaMA',
  longformer: 'Longformer',
  mistral: 'Mistral',
  qwen2: 'Qwen2',
  t5: 'T5',
  'xlm-roberta': 'XLM-RoBERTa',
};

/** Returns the family of a `model_type` of config.json. Throws LabError `model/config` unless it is one that the lab trains. */
export function familyOfType(type: string): FamilyName {
  if (isFamilyName(type)) return type;
  const name = ownValue(FAMILY_NAMES, type) ?? shortened(type);
  throw new LabError(
    'model/config',
    `This is a model of another family, ${name}: the lab trains ${familyList()} encoders, named by model_type in config.json.`,
    {
      expected: familyNames.join(' or '),
      got: JSON.stringify(type),
    },
  );
}

/** Does so for a whole config.json, if it names a family; what else is wrong with it is for those who read it all. */
export function refuseNamedFamily(config: Uint8Array): void {
  const type = /"model_type"\s*:\s*"([^"]*)"/.exec(new TextDecoder().decode(config))?.[1];
  if (type !== undefined) familyOfType(type);
}

// Recognises by their content files that are not what their names say: pointers, web pages and messages that were saved for a model's files.

/** Pointers, pages and messages show what they are at once; a vocabulary or configuration may be any text after that. */
const headBytes = 4096;

/** What came in place of a file, and what to do about it. */
interface Placeholder {
  readonly got: string;
  readonly expected: string;
}

/**
 * Refuses a file of a model that is empty, a pointer of Git LFS or the like, a web page, a server's message, or a file of another
 * format under its name. Throws LabError `model/placeholder` that says which.
 */
export function refusePlaceholder({ name, bytes }: { readonly name: string; readonly bytes: Uint8Array }): void {
  const found = placeholderOf(name, bytes);
  if (found === null) return;
  throw new LabError('model/placeholder', `${name} is not the file that its name says: it is ${found.got}.`, {
    expected: found.expected,
    got: bytes.byteLength === 0 ? '0 bytes' : `${bytes.byteLength} bytes that begin with ${JSON.stringify(beginning(bytes))}`,
  }); // prettier-ignore
}

function placeholderOf(name: string, bytes: Uint8Array): Placeholder | null {
  if (bytes.byteLength === 0) return { got: 'empty', expected: 'the whole file; download it again' };
  const text = new TextDecoder('utf-8').decode(bytes.subarray(0, headBytes)).trimStart();
  return pointer(text) ?? page(text) ?? message(name, text, bytes.byteLength) ?? otherFormat(name, bytes);
}

function pointer(text: string): Placeholder | null {
  if (/^version https?:\/\/(git-lfs\.github\.com|hawser\.github\.com|git-media\.io)\//.test(text)) {
    const size = /^size (\d+)\s*$/m.exec(text)?.[1];
    return {
      got: 'a pointer of Git LFS, which only says where the file is',
      expected: `the file itself${size === undefined ? '' : `, of ${size} bytes`}: run git lfs pull, or download this file by itself`,
    };
  }
  if (/^# xet version/.test(text)) {
    return { got: 'a pointer of Git Xet', expected: 'the file itself: download this file by itself' };
  }
  // Copies of a cache or of an annex where links became texts.
  if (/^[^\n]{0,200}(blobs\/[0-9a-f]{40,64}|\.git\/annex\/objects\/[^\n]*|annex\/objects\/[^\n]*)\s*$/.test(text)) {
    return { got: 'a link to the file, written as text', expected: 'the file itself: copy it with its links followed' };
  }
  return null;
}

function page(text: string): Placeholder | null {
  // A vocabulary may begin with a piece like <html>, but no page is without another of these.
  const isHtml =
    /^(<!--.*?-->\s*)?(<!doctype html|<html[^\n<>]*>.*<(head|body|title|meta|script)\b|<head>.*<title)/is.test(text);
  if (isHtml) {
    const title = /<title[^>]*>\s*([^<]+?)\s*</i.exec(text)?.[1];
    return {
      got: `a web page${title === undefined ? '' : ` (“${shortened(title).slice(0, 100)}”)`}`,
      expected: 'the file itself: use its download link, not the address of the page about it',
    };
  }
  if (!/^<\?xml/.test(text)) return null;
  return { got: "an answer in XML, such as a server's error", expected: 'the file itself; download it again' };
}

/** Recognises what a server says instead of a file: `Entry not found`, or JSON of an error alone. */
function message(name: string, text: string, sizeBytes: number): Placeholder | null {
  if (sizeBytes > headBytes) return null;
  const expected = 'the file itself; download it again, with a login if it needs one';
  if (name.endsWith('.json')) {
    const said = errorIn(text);
    return said === null ? null : { got: `a server's message (“${said}”)`, expected };
  }
  const isBinary = isWeights(name) || /^(spiece|spm)\.model$/.test(name);
  // Weights and pieces have control characters, or bytes that are no text, among their first.
  if (!isBinary || /[\0-\x08\x0e-\x1f\x7f\ufffd]/.test(text.slice(0, 64))) return null;
  return { got: `a text (“${text.trim().split(/\r?\n/)[0]?.slice(0, 100) ?? ''}”)`, expected };
}

const messageKeys = new Set(['error', 'errors', 'message', 'detail', 'status', 'statusCode', 'code', 'path', 'timestamp', 'reason', 'success', 'documentation_url', 'request_id', 'requestId']); // prettier-ignore

function errorIn(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    const entries = Object.entries(value);
    if (!entries.every(([key]) => messageKeys.has(key))) return null;
    const said = entries.find(([key]) => ['error', 'message', 'detail', 'errors'].includes(key))?.[1] as unknown;
    if (said === undefined) return null;
    return (typeof said === 'string' ? said : JSON.stringify(said)).slice(0, 100);
  } catch {
    return null;
  }
}

function isWeights(name: string): boolean {
  return /\.(safetensors|bin|pt|pth|ckpt)$/.test(name);
}

/** Recognises weights under the name of another format. */
function otherFormat(name: string, bytes: Uint8Array): Placeholder | null {
  if (!isWeights(name)) return null;
  const starts = (...magic: readonly number[]): boolean => magic.every((byte, index) => bytes[index] === byte);
  const isTorch = starts(0x50, 0x4b) || (starts(0x80, 2) && bytes[2] === 0x8a);
  const isSafetensors = bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0);
  const named = name.endsWith('.safetensors') ? 'safetensors' : 'torch';
  if (named === 'safetensors' && isTorch) {
    return { got: 'a PyTorch file', expected: 'safetensors under this name; rename it to pytorch_model.bin' };
  }
  if (named === 'torch' && isSafetensors) {
    return { got: 'a safetensors file', expected: 'a PyTorch file under this name; rename it to model.safetensors' };
  }
  if (starts(0x1f, 0x8b)) return { got: 'packed with gzip', expected: 'the unpacked file' };
  if (starts(0x89, 0x48, 0x44, 0x46)) return { got: 'weights of Keras (HDF5)', expected: 'safetensors or PyTorch' };
  if (starts(0x47, 0x47, 0x55, 0x46)) return { got: 'a GGUF file of llama.cpp', expected: 'safetensors or PyTorch' };
  return null;
}

function beginning(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes.subarray(0, 40));
}
