// The tensors of a snapshot's adapters and head as Hugging Face's PEFT names them, and the configuration that goes with them.
import type { Adapters } from '../../schema/config.ts';
import { LabError } from '../../util/labError.ts';
import { sizeOf, type HostParameters, type HostTensor } from '../blocks/hostParameters.ts';
import { adapterOf } from '../blocks/projection.ts';
import { encoderShapes, type EncoderConfig } from '../families/encoderConfig.ts';
import { huggingFaceTensor } from './pretrained.ts';
import { transposed, type StoredTensor } from './storedTensor.ts';

/** What PEFT puts before the names of the model's own modules. */
const WRAPPED = 'base_model.model.';

interface PeftAdapter {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The content of adapter_config.json. */
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Returns the adapters as `lora_A` [rank, in] and `lora_B` [out, rank] of the linear layers of the family's class for token classification, its
 * classifier, and `crf.*`, which PEFT ignores. `base` names the pretrained model. Throws LabError `export/adapter` for a projection that is no
 * linear layer by itself in transformers.
 */
export function peftAdapter(
  snapshot: HostParameters,
  encoder: EncoderConfig,
  { rank, alpha, dropout }: Adapters,
  base: string,
): PeftAdapter {
  const tensors = new Map<string, StoredTensor>();
  const modules: string[] = [];
  for (const [name, shape] of encoderShapes(encoder)) {
    const { down, up } = adapterOf(name);
    const [a, b] = [snapshot.get(down), snapshot.get(up)];
    if (a === undefined || b === undefined) continue;
    const own = huggingFaceTensor(name, encoder);
    const module = /^(.+)\.weight$/.exec(own.name)?.[1];
    if (module === undefined || !own.transposed || own.part !== undefined) throw noLinearLayer(name, own.name);
    modules.push(module);
    const [rows = 0, columns = 0] = shape;
    tensors.set(`${WRAPPED}${module}.lora_A.weight`, matrix([rank, rows], a));
    tensors.set(`${WRAPPED}${module}.lora_B.weight`, matrix([columns, rank], b));
  }
  for (const [name, tensor] of snapshot) {
    const { shape } = tensor;
    if (name === 'head.kernel') tensors.set(`${WRAPPED}classifier.weight`, matrix(shape.toReversed(), tensor));
    else if (name === 'head.bias') tensors.set(`${WRAPPED}classifier.bias`, unchanged(tensor));
    else if (name.startsWith('crf.')) tensors.set(name, unchanged(tensor));
  }
  const config = {
    peft_type: 'LORA',
    task_type: 'TOKEN_CLS',
    base_model_name_or_path: base,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    target_modules: modules,
    modules_to_save: ['classifier'],
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
  };
  return { tensors, config };
}

function noLinearLayer(name: string, theirs: string): LabError {
  return new LabError('export/adapter', 'The adapters of this encoder cannot be written for PEFT: export the model with its adapters merged instead.', {
    expected: 'adapters beside linear layers of transformers',
    got: `one beside ${name}, which is in ${theirs}`,
  }); // prettier-ignore
}

/** The transpose of a parameter, of shape [rows, columns]. */
function matrix(shape: readonly number[], { values }: HostTensor): StoredTensor {
  if (sizeOf(shape) !== values.length) throw new Error(`${values.length} numbers in a matrix of ${shape.join(' x ')}`);
  return { dtype: 'F32', shape, read: () => transposed(values, shape) };
}

function unchanged({ shape, values }: HostTensor): StoredTensor {
  return { dtype: 'F32', shape, read: () => values.slice() };
}
