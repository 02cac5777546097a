// The named parameters of a tagger, their shapes and layers, and the low-rank adapters of its encoder.
import type { Adapters, TrainingConfig } from '../schema/config.ts';
import { Rng } from '../util/random.ts';
import { adapterOf, adapterScale, isAdapted, isAdapter } from './blocks/layerBlocks.ts';
import { isFixed, locationOf, sizeOf, type HostParameters, type HostTensor } from './blocks/parameterLocation.ts';
import { encoderShapes, familyOf, type EncoderConfig } from './families/encoderConfig.ts';

// The named parameters of a tagger: their shapes, the layer each belongs to, their values on the host.

/** What the tagger's head needs besides the encoder. */
export interface HeadShape {
  readonly tagCount: number;
  readonly kind: TrainingConfig['head'];
  /** Start and end states (paper, eq. 1). */
  readonly startEnd: boolean;
  /** Whether the labels of a CRF's training may be partial: some positions open to several tags. */
  readonly partial?: boolean;
}

export interface TaggerShape {
  readonly encoder: EncoderConfig;
  readonly head: HeadShape;
}

/** Tags among which the labels of an open position choose; 0 for a head whose labels are all known. */
export function openTagCount({ partial = false, tagCount }: HeadShape): number {
  return partial ? tagCount : 0;
}

/** Returns every head parameter and its shape: kernel [d, K], bias [K], and for a CRF transitions [K, K] (from, to), start [K], end [K]. */
export function headShapes(config: EncoderConfig, head: HeadShape): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>([
    ['head.kernel', [config.hiddenSize, head.tagCount]],
    ['head.bias', [head.tagCount]],
  ]);
  if (head.kind === 'crf') {
    shapes.set('crf.transitions', [head.tagCount, head.tagCount]);
    if (head.startEnd) {
      shapes.set('crf.start', [head.tagCount]);
      shapes.set('crf.end', [head.tagCount]);
    }
  }
  return shapes;
}

/**
 * Initialises a head: kernel N(0, 0.02), everything else zero, as in the released code (its scope `crf_layer`). The values depend
 * only on the seed.
 */
export function newHead(config: EncoderConfig, head: HeadShape, seed: number): HostParameters {
  const rng = Rng.seeded(seed).fork('head');
  const parameters = new Map<string, HostTensor>();
  for (const [name, shape] of headShapes(config, head)) {
    const values = new Float32Array(sizeOf(shape));
    if (name === 'head.kernel') {
      for (let index = 0; index < values.length; index++) values[index] = 0.02 * rng.normal();
    }
    parameters.set(name, { shape, values });
  }
  return parameters;
}

/** Initialises a random encoder: N(0, initializerRange), layer-norm scales 1, biases 0, as XLNet and BERT do. */
export function newEncoder(config: EncoderConfig, seed: number): HostParameters {
  const parameters = new Map<string, HostTensor>();
  for (const [name, shape] of encoderShapes(config)) {
    const rng = Rng.seeded(seed).fork('encoder', name);
    const values = new Float32Array(sizeOf(shape));
    if (name.endsWith('.scale')) values.fill(1);
    else if (!/\.(shift|bias)$/.test(name)) {
      for (let index = 0; index < values.length; index++) values[index] = config.initializerRange * rng.normal();
    }
    parameters.set(name, { shape, values });
  }
  return parameters;
}

// Low-rank adapters of an encoder: shapes, first values, what a run with them trains and saves, and merging into the weights.

/** The encoder with the adapters of a configuration, if it has any. */
export function adaptedEncoder(encoder: EncoderConfig, { adapters }: Pick<TrainingConfig, 'adapters'>): EncoderConfig {
  return adapters === undefined ? encoder : { ...encoder, adapters };
}

/** The tagger with adapters merged into the encoder's weights. */
export function withoutAdapters({ encoder, head }: TaggerShape): TaggerShape {
  const { adapters: _, ...plain } = encoder;
  return { encoder: plain as EncoderConfig, head };
}

/** Every parameter of the encoder's adapters and its shape, layer by layer; none without adapters. */
export function adapterShapes(config: EncoderConfig): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const { adapters } = config;
  if (adapters === undefined) return shapes;
  const { layer } = familyOf(config).shapes(config);
  for (let index = 0; index < config.layers; index++) {
    for (const [suffix, [rows = 0, columns = 0]] of layer(index)) {
      if (!isAdapted(suffix, adapters)) continue;
      const { down, up } = adapterOf(`layer.${index}.${suffix}`);
      shapes.set(down, [rows, adapters.rank]).set(up, [adapters.rank, columns]);
    }
  }
  return shapes;
}

/**
 * Initialises adapters: A uniform between ±1 / sqrt(in), B zero, as PEFT does, so that the encoder starts as pretrained. The values depend
 * only on the seed and the name.
 */
export function newAdapters(config: EncoderConfig, seed: number): HostParameters {
  const parameters = new Map<string, HostTensor>();
  for (const [name, shape] of adapterShapes(config)) {
    const values = new Float32Array(sizeOf(shape));
    if (name.endsWith('.down')) {
      const rng = Rng.seeded(seed).fork('adapter', name);
      const bound = 1 / Math.sqrt(shape[0] as number);
      for (let index = 0; index < values.length; index++) values[index] = bound * (2 * rng.uniform() - 1);
    }
    parameters.set(name, { shape, values });
  }
  return parameters;
}

/** Whether a parameter is one of the pretrained encoder's, which adapters leave as they are. */
export function isBase(name: string): boolean {
  return locationOf(name).part !== 'head' && !isAdapter(name);
}

/** Whether a run's snapshots and checkpoints contain a parameter: with adapters those that the pretrained encoder lacks, else all that are not fixed. */
export function isSaved(name: string, { adapters }: { readonly adapters?: Adapters }): boolean {
  return !isFixed(name) && (adapters === undefined || !isBase(name));
}

/**
 * Weights without adapters from a snapshot's: those of the pretrained encoder, W + A B alpha / rank where there is an adapter, and the head. The
 * snapshot itself where its run trained every weight.
 */
export function mergedWeights(
  snapshot: HostParameters,
  pretrained: HostParameters,
  { adapters }: Pick<TrainingConfig, 'adapters'>,
): HostParameters {
  if (adapters === undefined) return snapshot;
  const merged = new Map(pretrained);
  for (const [name, tensor] of snapshot) if (!isAdapter(name)) merged.set(name, tensor);
  for (const [name, weight] of pretrained) {
    const { down, up } = adapterOf(name);
    const [a, b] = [snapshot.get(down), snapshot.get(up)];
    if (a !== undefined && b !== undefined) merged.set(name, withProduct(weight, a, b, adapterScale(adapters)));
  }
  return merged;
}

/** W + scale A B, summed in float64. */
function withProduct({ shape, values }: HostTensor, a: HostTensor, b: HostTensor, scale: number): HostTensor {
  const [rows = 0, columns = 0] = shape;
  const rank = a.shape[1] ?? 0;
  const out = new Float32Array(values.length);
  const row = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    row.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = scale * (a.values[i * rank + k] as number);
      for (let j = 0; j < columns; j++) row[j] = (row[j] as number) + factor * (b.values[k * columns + j] as number);
    }
    for (let j = 0; j < columns; j++) out[i * columns + j] = (values[i * columns + j] as number) + (row[j] as number);
  }
  return { shape, values: out };
}
