// The tensors of a trained tagger's weights file: the encoder and classifier of transformers, plus a CRF.
import { LabError } from '../../util/labError.ts';
import type { EncoderConfig } from '../config/encoderConfig.ts';
import {
  encoderShapes,
  headShapes,
  sizeOf,
  type HeadShape,
  type HostParameters,
  type HostTensor,
} from '../parameters.ts';
import type { TaggerShape } from '../tagger.ts';
import { huggingFaceTensor } from './pretrained.ts';
import type { FileTensor } from './safetensors.ts';
import { transposed, type StoredTensor } from './storedTensor.ts';

/**
 * Returns every tensor that `XLNetForTokenClassification` or `BertForTokenClassification` loads, under its name and shape, then
 * `crf.transitions` [K, K] (from, to), `crf.start` and `crf.end` [K] if the head has them.
 */
export function taggerTensors(
  weights: HostParameters,
  { encoder, head }: TaggerShape,
): ReadonlyMap<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  const add = (parameter: string, wanted: Placed): void => void tensors.set(wanted.name, written(weights, parameter, wanted)); // prettier-ignore
  for (const parameter of encoderShapes(encoder).keys()) add(parameter, huggingFaceTensor(parameter, encoder));
  // From XLNet's pretraining: transformers requires it, tagging never reads it.
  if (encoder.family === 'xlnet') tensors.set('transformer.mask_emb', zeros([1, 1, encoder.hiddenSize]));
  for (const [parameter, wanted] of headTensors(encoder, head)) add(parameter, wanted);
  return tensors;
}

/** Selects the head's tensors, without reading their numbers. Throws LabError `model/tagger` naming what is missing or has the wrong shape. */
export function storedHead(
  tensors: ReadonlyMap<string, StoredTensor>,
  { encoder, head }: TaggerShape,
): ReadonlyMap<string, StoredTensor> {
  return new Map(findHead(tensors, encoder, head).map(({ wanted, tensor }) => [wanted.name, tensor]));
}

/** Reads the head's parameters. Throws like `storedHead`. */
export function headParameters(
  tensors: ReadonlyMap<string, FileTensor>,
  { encoder, head }: TaggerShape,
): HostParameters {
  const shapes = headShapes(encoder, head);
  return new Map(
    findHead(tensors, encoder, head).map(({ parameter, wanted, tensor }): [string, HostTensor] => {
      const shape = shapes.get(parameter) as readonly number[];
      const values = Float32Array.from(tensor.values);
      return [parameter, { shape, values: wanted.transposed ? transposed(values, shape) : values }];
    }),
  );
}

type Placed = ReturnType<typeof huggingFaceTensor>;

/** Locates each of the head's parameters. */
function headTensors(encoder: EncoderConfig, head: HeadShape): ReadonlyMap<string, Placed> {
  return new Map(
    [...headShapes(encoder, head)].map(([parameter, shape]): [string, Placed] => {
      if (parameter === 'head.kernel') {
        return [parameter, { name: 'classifier.weight', shape: shape.toReversed(), transposed: true }];
      }
      return [parameter, { name: parameter === 'head.bias' ? 'classifier.bias' : parameter, shape, transposed: false }];
    }),
  );
}

function findHead<Tensor extends { readonly shape: readonly number[] }>(
  tensors: ReadonlyMap<string, Tensor>,
  encoder: EncoderConfig,
  head: HeadShape,
) {
  return [...headTensors(encoder, head)].map(([parameter, wanted]) => {
    const tensor = tensors.get(wanted.name);
    if (tensor?.shape.join() === wanted.shape.join()) return { parameter, wanted, tensor };
    throw new LabError('model/tagger', `The weights do not hold the head that bioner_lab.json describes: ${wanted.name}.`, {
      expected: `shape [${wanted.shape.join(', ')}]`,
      got: tensor === undefined ? 'no such tensor' : `[${tensor.shape.join(', ')}]`,
    }); // prettier-ignore
  });
}

/** Converts a parameter to transformers' layout. */
function written(weights: HostParameters, parameter: string, { shape, transposed: turned }: Placed): StoredTensor {
  const own = weights.get(parameter);
  if (own === undefined) throw new Error(`the tagger has no parameter ${parameter}`);
  return {
    dtype: 'F32',
    shape,
    read: () => (turned ? transposed(own.values, own.shape.toReversed()) : own.values.slice()),
  };
}

function zeros(shape: readonly number[]): StoredTensor {
  return { dtype: 'F32', shape, read: () => new Float32Array(sizeOf(shape)) };
}
