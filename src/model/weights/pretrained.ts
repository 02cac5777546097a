// Builds encoder parameters from the tensors of a Hugging Face checkpoint, verified against the configuration.
import { LabError } from '../../util/labError.ts';
import { bertTensor } from '../bertParameters.ts';
import type { EncoderConfig } from '../config/encoderConfig.ts';
import type { Correspondence } from '../parameterLocation.ts';
import { encoderShapes, type HostParameters, type HostTensor } from '../parameters.ts';
import { xlnetTensor } from '../xlnetParameters.ts';
import type { FileTensor } from './safetensors.ts';
import { transposed, type StoredTensor } from './storedTensor.ts';

/** Returns the Hugging Face tensor that corresponds to a parameter. */
export function huggingFaceTensor(parameter: string, config: EncoderConfig): Correspondence {
  return config.family === 'bert' ? bertTensor(parameter, config) : xlnetTensor(parameter, config);
}

/**
 * Reads encoder parameters from a checkpoint's tensors; accepts names with and without the `transformer.` or `bert.` prefix, and
 * TensorFlow's names for layer norms (early BERTs); ignores tensors of other parts (language-model head, pooler, mask embedding).
 * Throws LabError `model/tensors` naming what is missing or has the wrong shape.
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
 * Selects the encoder's tensors, under Hugging Face's full names and in the order of `encoderShapes`, whatever else the checkpoint
 * contains. Does not read their numbers. Throws like `pretrainedEncoder`.
 */
export function pretrainedTensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  config: EncoderConfig,
): ReadonlyMap<string, StoredTensor> {
  return new Map(findEncoder(tensors, config).map(({ wanted, tensor }) => [wanted.name, tensor]));
}

/** Pairs each parameter with its tensor. */
function findEncoder<Tensor extends { readonly shape: readonly number[] }>(
  tensors: ReadonlyMap<string, Tensor>,
  config: EncoderConfig,
) {
  const encoder: { parameter: string; shape: readonly number[]; wanted: Correspondence; tensor: Tensor }[] = [];
  const missing: string[] = [];
  for (const [parameter, shape] of encoderShapes(config)) {
    const wanted = huggingFaceTensor(parameter, config);
    const name = spellings(wanted.name).find((candidate) => tensors.has(candidate));
    const tensor = name === undefined ? undefined : tensors.get(name);
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

/** Names that a tensor may have, the usual one first. */
function spellings(name: string): readonly string[] {
  const early = name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
  return [name, early].flatMap((spelling) => [spelling, spelling.replace(/^(transformer|bert)\./, '')]);
}
