// The tensors of a trained tagger's weights file: the encoder and classifier of transformers, plus a CRF.
import { LabError } from '../../util/labError.ts';
import type { Correspondence } from '../blocks/parameterLocation.ts';
import { sizeOf, type HostParameters, type HostTensor } from '../blocks/hostParameters.ts';
import { encoderShapes, familyOf, type EncoderConfig } from '../families/encoderConfig.ts';
import { headShapes, type HeadShape } from '../parameters.ts';
import type { TaggerShape } from '../tagger.ts';
import { huggingFaceTensor } from './pretrained.ts';
import type { FileTensor } from './safetensors.ts';
import { transposed, type StoredTensor } from './storedTensor.ts';

/**
 * Returns every tensor that the family's class in transformers loads, such as `BertForTokenClassification`, under its name and shape, then
 * `crf.transitions` [K, K] (from, to), `crf.start` and `crf.end` [K] if the head has them.
 */
export function taggerTensors(
  weights: HostParameters,
  { encoder, head }: TaggerShape,
): ReadonlyMap<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  const places = [...encoderShapes(encoder).keys()].map((name): [string, Correspondence] => [name, huggingFaceTensor(name, encoder)]); // prettier-ignore
  const add = ([parameter, wanted]: [string, Correspondence]): void => {
    const before = wanted.part === undefined || wanted.part.index === 0 ? null : (tensors.get(wanted.name) ?? null);
    tensors.set(wanted.name, written(weights, parameter, wanted, before));
  };
  places.forEach(add);
  for (const [name, shape] of familyOf(encoder).exported.unusedTensors(encoder)) tensors.set(name, zeros(shape));
  [...headTensors(encoder, head)].forEach(add);
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

/** Locates each of the head's parameters. */
function headTensors(encoder: EncoderConfig, head: HeadShape): ReadonlyMap<string, Correspondence> {
  return new Map(
    [...headShapes(encoder, head)].map(([parameter, shape]): [string, Correspondence] => {
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

/** Converts a parameter to transformers' layout, after the parts of its tensor that came `before`. */
function written(
  weights: HostParameters,
  parameter: string,
  { shape, transposed: turned }: Correspondence,
  before: StoredTensor | null,
): StoredTensor {
  const own = weights.get(parameter);
  if (own === undefined) throw new Error(`the tagger has no parameter ${parameter}`);
  const read = (): Float32Array<ArrayBuffer> =>
    turned ? transposed(own.values, own.shape.toReversed()) : own.values.slice();
  if (before === null) return { dtype: 'F32', shape, read };
  return { dtype: 'F32', shape, read: () => joined(before.read(), read()) };
}

function joined(first: ArrayLike<number>, second: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function zeros(shape: readonly number[]): StoredTensor {
  return { dtype: 'F32', shape, read: () => new Float32Array(sizeOf(shape)) };
}
