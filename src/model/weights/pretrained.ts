// Finds the tensors of an encoder in a checkpoint, whatever module it was saved in, and builds parameters of them, verified against the configuration.
import { factsOf } from '../../data/pieces/encoderFacts.ts';
import { LabError } from '../../util/labError.ts';
import { sizeOf, type Correspondence, type HostParameters, type HostTensor } from '../blocks/parameterLocation.ts';
import { encoderShapes, familyOf, type EncoderConfig } from '../families/encoderConfig.ts';
import { transposed, type FileTensor, type StoredTensor } from './safetensors.ts';

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

// Finds the tensors of an encoder in a checkpoint by the ends of their names, whatever module it was a part of when it was saved.

/** A tensor of the checkpoint as far as the search needs it. */
interface ShapedTensor {
  readonly shape: readonly number[];
}

/** Tensors that share a prefix, such as `module.bert.`: the name in the checkpoint by the name in a bare encoder. */
interface FoundEncoder {
  readonly prefix: string;
  readonly names: ReadonlyMap<string, string>;
}

/** Segments that wrappers put inside names: torch.compile, activation checkpoints and FSDP of single layers. */
const wrapperSegments = /^(_orig_mod|_checkpoint_wrapped_module|_fsdp_wrapped_module|module)$/;
/** Modules of encoders that name their tensors like BERT, each computing something else. */
const familyModules =
  /(?:^|\.)((?:bert|roberta|xlm_roberta|camembert|electra|longformer|ernie|layoutlm|splinter|nezha|deberta)\.)/;
/** Weights of adapters that are added to a layer's weights when it runs. */
const adapterWeights = /\.(lora_[AB]|lora_embedding_[AB]|lora_magnitude_vector|ia3_l|oft_r|oft_blocks|vera_lambda_[bd])(\.|$)/; // prettier-ignore

/**
 * Returns the checkpoint's name of each wanted tensor, by the wanted name. Any prefix is found, wrapper segments between layers and
 * TensorFlow's names for layer norms (early BERTs) too. Of several encoders only the one whose shapes fit config.json is possible;
 * where that leaves more than one, `choose` decides. Throws LabError `model/tensors` naming what is missing or has the wrong shape.
 */
export function encoderNames(
  tensors: ReadonlyMap<string, ShapedTensor>,
  wanted: readonly Correspondence[],
  config: EncoderConfig,
  choose: (encoders: readonly FoundEncoder[]) => FoundEncoder,
): ReadonlyMap<string, string> {
  const { prefix } = familyOf(config);
  const bare = new Map(wanted.map((one) => [one.name.slice(prefix.length), one]));
  const found = encodersIn(tensors.keys(), bare);
  // A few tensors of the right names are another part, such as a second embedding.
  const whole = found.filter(({ names }) => 2 * names.size >= bare.size);
  const fitting = whole.filter((encoder) => misfitIn(encoder, tensors, bare) === null);
  const complete = fitting.filter(({ names }) => names.size === bare.size);
  const [nearest] = fitting.length > 0 ? fitting : found;
  const encoder = complete.length > 1 ? choose(complete) : (complete[0] ?? nearest);
  if (encoder === undefined) throw missingError(tensors, wanted.map(({ name }) => name)); // prettier-ignore
  const misfit = misfitIn(encoder, tensors, bare);
  if (misfit !== null) throw misfit;
  const missing = [...bare.keys()].filter((name) => !encoder.names.has(name));
  if (missing.length > 0) throw missingError(tensors, missing.map((name) => encoder.prefix + name)); // prettier-ignore
  const module = familyModules.exec(encoder.prefix)?.[1];
  if (module !== undefined && module !== prefix) {
    throw new LabError('model/tensors', 'The weights are those of another family of encoders.', {
      expected: `the tensors of ${factsOf(config.family).article} ${factsOf(config.family).name}`,
      got: `tensors such as ${encoder.names.values().next().value ?? encoder.prefix}`,
    });
  }
  return new Map([...bare].map(([name, one]) => [one.name, encoder.names.get(name) as string]));
}

/** Groups names that end like a tensor of the encoder by what is before that; the ones with most tensors first. */
function encodersIn(names: Iterable<string>, bare: ReadonlyMap<string, unknown>): readonly FoundEncoder[] {
  const byPrefix = new Map<string, Map<string, string>>();
  for (const name of names) {
    const segments = name.split('.');
    for (let from = 0; from < segments.length; from++) {
      if (wrapperSegments.test(segments[from] as string)) continue;
      const end = bareName(segments.slice(from));
      if (!bare.has(end)) continue;
      const prefix = segments.slice(0, from).map((segment) => `${segment}.`).join(''); // prettier-ignore
      const members = byPrefix.get(prefix) ?? new Map<string, string>();
      byPrefix.set(prefix, members);
      // The usual spelling counts where a tensor is there in both.
      if (!members.has(end) || name === prefix + end) members.set(end, name);
    }
  }
  return [...byPrefix]
    .map(([prefix, members]) => ({ prefix, names: members }))
    .sort((left, right) => right.names.size - left.names.size);
}

function bareName(segments: readonly string[]): string {
  return segments
    .filter((segment) => !wrapperSegments.test(segment))
    .join('.')
    .replace(/LayerNorm\.gamma$/, 'LayerNorm.weight')
    .replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
}

function misfitIn(
  { prefix, names }: FoundEncoder,
  tensors: ReadonlyMap<string, ShapedTensor>,
  bare: ReadonlyMap<string, Correspondence>,
): LabError | null {
  for (const [end, { shape: expected }] of bare) {
    const shape = tensors.get(names.get(end) ?? '')?.shape;
    if (shape === undefined || shape.join() === expected.join()) continue;
    return new LabError('model/tensors', `Tensor ${prefix}${end} does not fit config.json.`, {
      expected: `shape [${expected.join(', ')}]`,
      got: `[${shape.join(', ')}]`,
    });
  }
  return null;
}

function missingError(tensors: ReadonlyMap<string, unknown>, missing: readonly string[]): LabError {
  return new LabError('model/tensors', `The weights lack ${missing.length} of the encoder's tensors.`, {
    expected: missing.slice(0, 3).join(', ') + (missing.length > 3 ? ', …' : ''),
    got: `${tensors.size} tensors, such as ${[...tensors.keys()].slice(0, 3).join(', ')}`,
  });
}

/** Refuses several encoders by naming them: which one is meant, only the person who saved them knows. */
export function refuseSeveral(encoders: readonly FoundEncoder[]): never {
  throw new LabError('model/tensors', `The weights hold ${encoders.length} encoders that fit config.json.`, {
    expected: 'the tensors of one encoder; save a file with that one alone',
    got: encoders.map(({ prefix }) => (prefix === '' ? 'one without a prefix' : `${prefix}…`)).join(' and '),
  });
}

/** Prefers the names of transformers, as for a model that was imported when no other were found. */
export function preferUsual(encoders: readonly FoundEncoder[], config: EncoderConfig): FoundEncoder {
  const usual = [familyOf(config).prefix, ''];
  const known = usual.map((prefix) => encoders.find((encoder) => encoder.prefix === prefix));
  return known.find((encoder) => encoder !== undefined) ?? (encoders[0] as FoundEncoder);
}

/** Refuses the weights of an adapter that are not merged: the layers alone would be another model than was saved. */
export function refuseAdapters(names: Iterable<string>): void {
  for (const name of names) {
    if (!adapterWeights.test(name)) continue;
    throw new LabError('model/tensors', 'The weights hold an adapter (LoRA or the like) that is not merged.', {
      expected: 'an encoder alone: merge the adapter first (merge_and_unload of PEFT) and save that',
      got: name,
    });
  }
}
