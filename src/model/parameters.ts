// The named parameters of a tagger: their shapes, the layer each belongs to, their values on the host.
import type { TrainingConfig } from '../schema/config.ts';
import { Rng } from '../util/random.ts';
import { sizeOf, type HostParameters, type HostTensor } from './blocks/hostParameters.ts';
import { encoderShapes, type EncoderConfig } from './families/encoderConfig.ts';

/** What the tagger's head needs besides the encoder. */
export interface HeadShape {
  readonly tagCount: number;
  readonly kind: TrainingConfig['head'];
  /** Start and end states (paper, eq. 1). */
  readonly startEnd: boolean;
  /** Whether the labels of a CRF's training may be partial: some positions open to several tags. */
  readonly partial?: boolean;
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
