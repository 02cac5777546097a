// Builds encoder parameters from the tensors of a Hugging Face checkpoint, verified against the configuration.
import type { Correspondence } from '../blocks/parameterLocation.ts';
import { sizeOf, type HostParameters, type HostTensor } from '../blocks/hostParameters.ts';
import { encoderShapes, familyOf, type EncoderConfig } from '../families/encoderConfig.ts';
import { encoderNames, preferUsual, refuseAdapters, refuseSeveral } from './encoderNames.ts';
import type { FileTensor } from './safetensors.ts';
import { transposed, type StoredTensor } from './storedTensor.ts';

/** Returns the Hugging Face tensor that corresponds to a parameter. */
export function huggingFaceTensor(parameter: string, config: EncoderConfig): Correspondence {
  return familyOf(config).tensor(parameter, config);
}

/**
 * Reads encoder parameters from a checkpoint's tensors, found by `encoderNames`; ignores tensors of other parts (language-model
 * head, pooler, mask embedding). Throws LabError `model/tensors` naming what is missing or has the wrong shape.
 */
export function pretrainedEncoder(tensors: ReadonlyMap<string, FileTensor>, config: EncoderConfig): HostParameters {
  const found = findEncoder(tensors, config, (encoders) => preferUsual(encoders, config));
  return new Map(
    found.map(({ parameter, shape, wanted, tensor }): [string, HostTensor] => {
      return [parameter, { shape, values: parameterValues(tensor.values, wanted, shape) }];
    }),
  );
}

/** Returns a parameter's values of `shape` from those of its tensor, in a new buffer. */
export function parameterValues(
  values: FileTensor['values'],
  { part, transposed: isTransposed }: Correspondence,
  shape: readonly number[],
): Float32Array<ArrayBuffer> {
  const length = sizeOf(shape);
  const start = part === undefined ? 0 : part.index * length;
  const own = Float32Array.from(values.subarray(start, start + length));
  return isTransposed ? transposed(own, shape) : own;
}

/**
 * Selects the encoder's tensors, under Hugging Face's full names and in the order of `encoderShapes`, whatever else the checkpoint
 * contains. Reads numbers only to compare several encoders. Throws like `pretrainedEncoder`, and for adapters that are not merged and
 * for several encoders with different numbers, which it names.
 */
export function pretrainedTensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  config: EncoderConfig,
): ReadonlyMap<string, StoredTensor> {
  const found = findEncoder(tensors, config, (encoders) => {
    const [first, ...others] = encoders;
    const isSame = others.every(({ names }) =>
      [...names].every(([end, name]) => hasSameNumbers(tensors.get(name), tensors.get(first?.names.get(end) ?? ''))),
    );
    return isSame ? preferUsual(encoders, config) : refuseSeveral(encoders);
  });
  refuseAdapters(tensors.keys());
  return new Map(found.map(({ wanted, tensor }) => [wanted.name, tensor]));
}

function hasSameNumbers(one: StoredTensor | undefined, other: StoredTensor | undefined): boolean {
  if (one === undefined || other?.dtype !== one.dtype) return false;
  const [left, right] = [one.read(), other.read()];
  return left.every((value, index) => Object.is(value, right[index]));
}

/** Pairs each parameter with its tensor. */
function findEncoder<Tensor extends { readonly shape: readonly number[] }>(
  tensors: ReadonlyMap<string, Tensor>,
  config: EncoderConfig,
  choose: Parameters<typeof encoderNames>[3],
) {
  const parameters = [...encoderShapes(config)].map(([parameter, shape]) => {
    return { parameter, shape, wanted: huggingFaceTensor(parameter, config) };
  });
  const names = encoderNames(
    tensors,
    parameters.map(({ wanted }) => wanted),
    config,
    choose,
  );
  return parameters.map((one) => ({ ...one, tensor: tensors.get(names.get(one.wanted.name) ?? '') as Tensor }));
}
