// The variables of the original BERT release under the names, and in the layout, of Hugging Face's tensors.
import type { StoredTensor } from '../storedTensor.ts';
import { turned } from './turned.ts';

const variables = /^bert\/(?:embeddings|encoder\/layer_\d+)\/(?:.*\/)?(?:\w+_embeddings|kernel|bias|gamma|beta)$/;
const lastPart: ReadonlyMap<string, string> = new Map([
  ['kernel', 'weight'],
  ['bias', 'bias'],
  ['gamma', 'weight'],
  ['beta', 'bias'],
]);

/**
 * The encoder's variables as transformers' conversion of TensorFlow's BERT maps them, kernels turned from [in, out] to [out, in]. What is no
 * part of the encoder (pooler, heads, Adam's moments, the step) keeps its name.
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
