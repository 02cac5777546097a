// Builds encoder parameters from the tensors of a Hugging Face checkpoint, verified against the configuration.
import { bertTensor } from '../bertParameters.ts';
import type { EncoderConfig } from '../config/encoderConfig.ts';
import type { Correspondence } from '../parameterLocation.ts';
import { encoderShapes, type HostParameters, type HostTensor } from '../parameters.ts';
import { xlnetTensor } from '../xlnetParameters.ts';
import { encoderNames, preferUsual, refuseAdapters, refuseSeveral } from './encoderNames.ts';
import type { FileTensor } from './safetensors.ts';
import { transposed, type StoredTensor } from './storedTensor.ts';

/** Returns the Hugging Face tensor that corresponds to a parameter. */
export function huggingFaceTensor(parameter: string, config: EncoderConfig): Correspondence {
  return config.family === 'bert' ? bertTensor(parameter, config) : xlnetTensor(parameter, config);
}

/**
 * Reads encoder parameters from a checkpoint's tensors, found by `encoderNames`; ignores tensors of other parts (language-model
 * head, pooler, mask embedding). Throws LabError `model/tensors` naming what is missing or has the wrong shape.
 */
export function pretrainedEncoder(tensors: ReadonlyMap<string, FileTensor>, config: EncoderConfig): HostParameters {
  const found = findEncoder(tensors, config, (encoders) => preferUsual(encoders, config));
  return new Map(
    found.map(({ parameter, shape, wanted, tensor }): [string, HostTensor] => {
      const values = Float32Array.from(tensor.values);
      return [parameter, { shape, values: wanted.transposed ? transposed(values, shape) : values }];
    }),
  );
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
  return parameters.map((one, index) => ({ ...one, tensor: tensors.get(names[index] as string) as Tensor }));
}
