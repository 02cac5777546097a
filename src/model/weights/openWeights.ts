// Opens a model's weights in any supported form as the tensors of a Hugging Face checkpoint, TensorFlow's renamed and converted.
import type { WeightsForm } from '../../data/import/modelFiles.ts';
import { LabError } from '../../util/labError.ts';
import { parseJson, validate } from '../../util/validate.ts';
import * as z from '../../util/zod.ts';
import { mostTensors, openSafetensors, turned, type StoredTensor, type WeightsFile } from './safetensors.ts';
import { openTensorflowCheckpoint } from './tensorflowCheckpoint.ts';
import { torchTensors } from './torchTensors.ts';

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/**
 * Opens the tensors listed in an index (`model.safetensors.index.json`, `pytorch_model.bin.index.json`), each from its shard;
 * ignores other shards. Throws LabError `weights/index` for an invalid index, `weights/shards` for a missing shard, a tensor
 * missing in its shard or present in two, and whatever `open` throws.
 */
function shardedTensors(
  index: WeightsFile,
  shards: readonly WeightsFile[],
  open: (bytes: Uint8Array<ArrayBuffer>) => ReadonlyMap<string, StoredTensor>,
): ReadonlyMap<string, StoredTensor> {
  const places = parseIndex(index);
  const named = [...new Set(places.values())].sort();
  const absent = named.filter((name) => !shards.some((shard) => shard.name === name));
  if (absent.length === named.length) {
    throw new LabError(
      'weights/shards',
      `${index.name} is only a list of the files with the weights; none of them is there.`,
      {
        expected: absent.slice(0, 3).join(', ') + (absent.length > 3 ? ', …' : ''),
        got: shards.map(({ name }) => name).join(', ') || 'no other file of weights',
      },
    );
  }
  if (absent.length > 0) {
    throw new LabError('weights/shards', `${absent.length} of the weights' ${named.length} files are not there.`, {
      expected: absent.slice(0, 3).join(', ') + (absent.length > 3 ? ', …' : ''),
      got: shards.map(({ name }) => name).join(', ') || 'no shard',
    });
  }
  const tensors = new Map<string, StoredTensor>();
  const homes = new Map<string, string>();
  for (const { name: shard, bytes } of shards.filter(({ name }) => named.includes(name))) {
    for (const [name, tensor] of open(bytes)) {
      const home = homes.get(name);
      if (home !== undefined) {
        throw new LabError('weights/shards', `Tensor ${name} is in two files.`, {
          expected: `it in ${places.get(name) ?? 'one of them'} alone`,
          got: `it in ${home} and ${shard}`,
        });
      }
      homes.set(name, shard);
      tensors.set(name, tensor);
    }
  }
  for (const [name, shard] of places) {
    if (homes.get(name) === shard) continue;
    throw new LabError('weights/shards', `Tensor ${name} is not where ${index.name} says.`, {
      expected: `it in ${shard}`,
      got: homes.get(name) ?? 'it nowhere',
    });
  }
  return tensors;
}

/** File name by tensor name. */
function parseIndex({ name, bytes }: WeightsFile): ReadonlyMap<string, string> {
  let json: unknown;
  try {
    json = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new LabError('weights/index', `${name} is not JSON.`, { expected: 'a JSON object', cause });
  }
  const count = countNames(json);
  if (count > mostTensors) {
    throw new LabError('weights/index', `${name} lists more tensors than any encoder has.`, {
      expected: `at most ${mostTensors} names`,
      got: String(count),
    });
  }
  const parsed = validate(indexSchema, json);
  if (parsed.isFit) return new Map(Object.entries(parsed.data.weight_map));
  const { path, message } = parsed.fault;
  throw new LabError('weights/index', `${name} is not an index of weights.`, {
    expected: 'weight_map with a file name for each tensor',
    got: `at ${path || 'the top'}: ${message}`,
  });
}

/** Counts the names in an index before each is validated. */
function countNames(json: unknown): number {
  const map = typeof json === 'object' && json !== null && 'weight_map' in json ? json.weight_map : null;
  return typeof map === 'object' && map !== null ? Object.keys(map).length : 0;
}

/**
 * Returns tensors under Hugging Face's names, without reading their numbers; `files` must be those selected by `modelFiles`, the
 * index first if there is one, and must not change. Throws LabError `safetensors/...`, `weights/...`, `torch/...` or
 * `tensorflow/...` with expected and got.
 */
export function openWeights(form: WeightsForm, files: readonly WeightsFile[]): ReadonlyMap<string, StoredTensor> {
  const [first, ...others] = files;
  if (first === undefined) throw new LabError('weights/files', 'There is no file of weights.', { expected: form });
  switch (form) {
    case 'safetensors':
      return openSafetensors(first.bytes);
    case 'safetensors shards':
      return shardedTensors(first, others, openSafetensors);
    case 'torch':
      return torchTensors(first.bytes);
    case 'torch shards':
      return shardedTensors(first, others, torchTensors);
    case 'tensorflow':
      return tensorflowBert(tensorflowXlnet(openTensorflowCheckpoint(first, others)));
  }
}

// Renames the variables of the original BERT and XLNet releases to Hugging Face's tensors, and converts their layout.

/** Biases that the release stacks across layers and Hugging Face stores per layer. */
const stacked = ['r_w_bias', 'r_r_bias', 'r_s_bias', 'seg_embed'];
/** A corrupt file may state any number. */
const mostLayers = 1000;
const parts: readonly (readonly [string, string])[] = [
  ...['q', 'k', 'v', 'r', 'o'].map((part): [string, string] => [`rel_attn/${part}/kernel`, `rel_attn.${part}`]),
  ...['rel_attn', 'ff'].flatMap((part): [string, string][] => [
    [`${part}/LayerNorm/gamma`, `${part}.layer_norm.weight`],
    [`${part}/LayerNorm/beta`, `${part}.layer_norm.bias`],
  ]),
  ...['layer_1', 'layer_2'].flatMap((part): [string, string][] => [
    [`ff/${part}/kernel`, `ff.${part}.weight`],
    [`ff/${part}/bias`, `ff.${part}.bias`],
  ]),
];

/**
 * Maps the encoder's variables like transformers' conversion of TensorFlow's XLNet: splits stacked biases by layer, transposes
 * feed-forward kernels from [in, out] to [out, in]. Variables outside the encoder (heads, Adam's moments, the step) keep their
 * names.
 */
export function tensorflowXlnet(variables: ReadonlyMap<string, StoredTensor>): ReadonlyMap<string, StoredTensor> {
  const tensors = new Map(variables);
  const move = (from: string, give: (variable: StoredTensor) => readonly (readonly [string, StoredTensor])[]): void => {
    const variable = tensors.get(from);
    if (variable === undefined) return;
    tensors.delete(from);
    for (const [name, tensor] of give(variable)) tensors.set(name, tensor);
  };
  const scope = 'model/transformer';
  move(`${scope}/word_embedding/lookup_table`, (table) => [['transformer.word_embedding.weight', table]]);
  for (const name of stacked) {
    move(`${scope}/${name}`, (stack) => {
      const [layers = 0, ...shape] = stack.shape;
      return Array.from({ length: Math.min(layers, mostLayers) }, (_, layer) => [
        `transformer.layer.${layer}.rel_attn.${name}`,
        oneOf(stack, layer, shape),
      ]);
    });
  }
  for (const name of [...variables.keys()]) {
    const [, layer, part] = /^model\/transformer\/layer_(\d+)\/(.+)$/.exec(name) ?? [];
    const known = parts.find(([from]) => from === part);
    if (known === undefined) continue;
    move(name, (variable) => [
      [`transformer.layer.${layer}.${known[1]}`, /^ff\/.*kernel$/.test(known[0]) ? turned(variable) : variable],
    ]);
  }
  return tensors;
}

/** Returns the `layer`-th tensor of `shape` in a stack. */
function oneOf(stack: StoredTensor, layer: number, shape: readonly number[]): StoredTensor {
  const size = shape.reduce((product, count) => product * count, 1);
  return { dtype: stack.dtype, shape, read: () => stack.read().slice(layer * size, (layer + 1) * size) };
}

const variables = /^bert\/(?:embeddings|encoder\/layer_\d+)\/(?:.*\/)?(?:\w+_embeddings|kernel|bias|gamma|beta)$/;
const lastPart: ReadonlyMap<string, string> = new Map([
  ['kernel', 'weight'],
  ['bias', 'bias'],
  ['gamma', 'weight'],
  ['beta', 'bias'],
]);

/**
 * Maps the encoder's variables like transformers' conversion of TensorFlow's BERT: transposes kernels from [in, out] to [out, in].
 * Variables outside the encoder (pooler, heads, Adam's moments, the step) keep their names.
 */
export function tensorflowBert(checkpoint: ReadonlyMap<string, StoredTensor>): ReadonlyMap<string, StoredTensor> {
  return new Map(
    [...checkpoint].map(([name, variable]) => {
      if (!variables.test(name)) return [name, variable];
      const parts = name.replace(/\/layer_(\d+)\//, '/layer/$1/').split('/');
      const last = parts.at(-1) ?? '';
      const renamed = lastPart.has(last) ? [...parts.slice(0, -1), lastPart.get(last)] : [...parts, 'weight'];
      return [renamed.join('.'), last === 'kernel' ? turned(variable) : variable];
    }),
  );
}
