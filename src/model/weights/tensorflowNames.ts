// Renames the variables of the original BERT and XLNet releases to Hugging Face's tensors, and converts their layout.
import { turned, type StoredTensor } from './storedTensor.ts';

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
