// Encoder parameters from the tensors of a Hugging Face XLNet, verified against the configuration.
import { LabError } from '../util/labError.ts';
import type { HostParameters, HostTensor } from './parameters.ts';
import { EMBEDDING } from './parameterPlace.ts';
import { encoderShapes } from './parameters.ts';
import type { FileTensor } from './safetensors.ts';
import type { StoredTensor } from './storedTensor.ts';
import type { EncoderConfig } from './encoderConfig.ts';

/** How a parameter is laid out there: same numbers in the same order, or the transpose of a matrix. */
interface Correspondence {
  readonly name: string;
  readonly shape: readonly number[];
  readonly transposed: boolean;
}

/**
 * The Hugging Face tensor behind one of our parameters. Its `rel_attn.{q,k,v,r}` [d, H, h] are our [d, H*h]; `o` [d, H, h] and the
 * feed-forward weights [out, in] are our transposes.
 */
export function huggingFaceTensor(parameter: string, config: EncoderConfig): Correspondence {
  const { hiddenSize: d, heads: H, headSize: h, innerSize: i, vocabularySize } = config;
  if (parameter === EMBEDDING) {
    return { name: 'transformer.word_embedding.weight', shape: [vocabularySize, d], transposed: false };
  }
  const match = /^layer\.(\d+)\.(.+)$/.exec(parameter);
  const [, layer, rest] = match ?? [];
  const straight = (suffix: string, shape: readonly number[]): Correspondence => ({
    name: `transformer.layer.${layer}.${suffix}`,
    shape,
    transposed: false,
  });
  switch (rest) {
    case 'attention.query':
      return straight('rel_attn.q', [d, H, h]);
    case 'attention.key':
      return straight('rel_attn.k', [d, H, h]);
    case 'attention.value':
      return straight('rel_attn.v', [d, H, h]);
    case 'attention.position':
      return straight('rel_attn.r', [d, H, h]);
    case 'attention.output':
      return { ...straight('rel_attn.o', [d, H, h]), transposed: true };
    case 'attention.contentBias':
      return straight('rel_attn.r_w_bias', [H, h]);
    case 'attention.positionBias':
      return straight('rel_attn.r_r_bias', [H, h]);
    case 'attention.segmentBias':
      return straight('rel_attn.r_s_bias', [H, h]);
    case 'attention.segmentEmbedding':
      return straight('rel_attn.seg_embed', [2, H, h]);
    case 'attention.norm.scale':
      return straight('rel_attn.layer_norm.weight', [d]);
    case 'attention.norm.shift':
      return straight('rel_attn.layer_norm.bias', [d]);
    case 'feedForward.inner.kernel':
      return { ...straight('ff.layer_1.weight', [i, d]), transposed: true };
    case 'feedForward.inner.bias':
      return straight('ff.layer_1.bias', [i]);
    case 'feedForward.outer.kernel':
      return { ...straight('ff.layer_2.weight', [d, i]), transposed: true };
    case 'feedForward.outer.bias':
      return straight('ff.layer_2.bias', [d]);
    case 'feedForward.norm.scale':
      return straight('ff.layer_norm.weight', [d]);
    case 'feedForward.norm.shift':
      return straight('ff.layer_norm.bias', [d]);
    default:
      throw new Error(`no Hugging Face tensor corresponds to ${parameter}`);
  }
}

/**
 * Encoder parameters from a checkpoint's tensors; names with and without the `transformer.` prefix are accepted, tensors of other parts
 * (language-model head, mask embedding) are left alone. Throws LabError `model/tensors` naming what is missing or has another shape.
 */
export function pretrainedEncoder(tensors: ReadonlyMap<string, FileTensor>, config: EncoderConfig): HostParameters {
  const found = findEncoder(tensors, config);
  return new Map(
    found.map(({ parameter, shape, wanted, tensor }): [string, HostTensor] => {
      const values = Float32Array.from(tensor.values);
      return [parameter, { shape, values: wanted.transposed ? transposed(values, shape) : values }];
    }),
  );
}

/**
 * The encoder's tensors alone, under Hugging Face's full names and in the order of `encoderShapes`, whatever else a checkpoint holds.
 * Their numbers stay unread. Throws as `pretrainedEncoder` does.
 */
export function pretrainedTensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  config: EncoderConfig,
): ReadonlyMap<string, StoredTensor> {
  return new Map(findEncoder(tensors, config).map(({ wanted, tensor }) => [wanted.name, tensor]));
}

/** Each parameter with the tensor that it comes from. */
function findEncoder<Tensor extends { readonly shape: readonly number[] }>(
  tensors: ReadonlyMap<string, Tensor>,
  config: EncoderConfig,
) {
  const encoder: { parameter: string; shape: readonly number[]; wanted: Correspondence; tensor: Tensor }[] = [];
  const missing: string[] = [];
  for (const [parameter, shape] of encoderShapes(config)) {
    const wanted = huggingFaceTensor(parameter, config);
    const tensor = tensors.get(wanted.name) ?? tensors.get(wanted.name.replace(/^transformer\./, ''));
    if (tensor === undefined) {
      missing.push(wanted.name);
      continue;
    }
    if (tensor.shape.join() !== wanted.shape.join()) {
      throw new LabError('model/tensors', `Tensor ${wanted.name} does not fit config.json.`, {
        expected: `shape [${wanted.shape.join(', ')}]`,
        got: `[${tensor.shape.join(', ')}]`,
      });
    }
    encoder.push({ parameter, shape, wanted, tensor });
  }
  if (missing.length > 0) {
    throw new LabError('model/tensors', `The weights lack ${missing.length} of the encoder's tensors.`, {
      expected: missing.slice(0, 3).join(', ') + (missing.length > 3 ? ', …' : ''),
      got: `${tensors.size} tensors, such as ${[...tensors.keys()].slice(0, 3).join(', ')}`,
    });
  }
  return encoder;
}

/** A matrix of `shape` [rows, columns] from the values of its transpose [columns, rows]. */
export function transposed(values: Float32Array, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const [rows = 0, columns = 0] = shape;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[row * columns + column] = values[column * rows + row] as number;
    }
  }
  return result;
}
