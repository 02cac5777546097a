// Hierarchical layer slicing: an encoder whose lower layers come from multi-task training and whose upper ones from pretraining.
import type { Slicing } from '../schema/runRecord.ts';
import type { HostParameters, HostTensor } from './parameters.ts';
import { placeOf } from './parameterPlace.ts';

/** Tensors that the TensorFlow release stores once for all layers, so that its checkpoint brings them all or none. */
const STACKED = [
  'attention.contentBias',
  'attention.positionBias',
  'attention.segmentBias',
  'attention.segmentEmbedding',
];

/** Whether a parameter comes from MTL-XC at this slicing: the embedding, layers below `layers`, and with `released` the stacked biases of all. */
export function isShared(name: string, { layers, biases }: Pick<Slicing, 'layers' | 'biases'>): boolean {
  const place = placeOf(name);
  if (place.part === 'embedding') return true;
  if (place.part === 'head') return false;
  return place.layer < layers || (biases === 'released' && STACKED.some((suffix) => name.endsWith(suffix)));
}

/** Whether training leaves a parameter as it is: embedding and layers below `layers` of a frozen slicing. */
export function isFrozen(name: string, slicing: Slicing | null): boolean {
  return slicing !== null && slicing.frozen && isShared(name, { layers: slicing.layers, biases: 'perLayer' });
}

/**
 * The encoder that an MTL-LS run starts from (paper, MTL-LS; `slicingRate = layers / n`): shared parameters as in `mtlXc`, all others as in
 * `pretrained`. Both hold every encoder parameter; parameters of the head are left out.
 */
export function slicedEncoder(pretrained: HostParameters, mtlXc: HostParameters, slicing: Slicing): HostParameters {
  const sliced = new Map<string, HostTensor>();
  for (const [name, own] of pretrained) {
    const shared = mtlXc.get(name);
    if (shared === undefined) throw new Error(`the MTL-XC weights lack ${name}`);
    sliced.set(name, isShared(name, slicing) ? shared : own);
  }
  return sliced;
}
