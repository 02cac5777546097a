// The tensors of a trained tagger's weights file: those of transformers with a CRF, or its adapters and head as PEFT names them.
import type { Adapters } from '../../schema/config.ts';
import { LabError } from '../../util/labError.ts';
import { adapterOf } from '../blocks/layerBlocks.ts';
import { sizeOf, type Correspondence, type HostParameters, type HostTensor } from '../blocks/parameterLocation.ts';
import { encoderShapes, familyOf, type EncoderConfig } from '../families/encoderConfig.ts';
import { headShapes, type HeadShape, type TaggerShape } from '../parameters.ts';
import { huggingFaceTensor } from './pretrained.ts';
import { transposed, type FileTensor, type StoredTensor } from './safetensors.ts';

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

// The tensors of a snapshot's adapters and head as Hugging Face's PEFT names them, and the configuration that goes with them.

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
