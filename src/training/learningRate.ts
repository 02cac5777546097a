// How fast each part of the network learns at each step.
import type { ParameterPlace } from '../model/parameterPlace.ts';
import type { TrainingConfig } from '../schema/config.ts';

/** Rate of the head at a step (0-based) of `totalSteps`: linear warm-up, then linear to 0 or constant. */
export function learningRateAt(
  config: Pick<TrainingConfig, 'learningRate' | 'decay' | 'warmupSteps'>,
  step: number,
  totalSteps: number,
): number {
  const { learningRate, warmupSteps } = config;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  if (config.decay === 'constant') return learningRate;
  const left = (totalSteps - step) / Math.max(1, totalSteps - warmupSteps);
  return learningRate * Math.max(0, Math.min(1, left));
}

/** What layer-wise decay does to one parameter: a factor on its rate (paper) and one on its clipped gradient (released code). */
export interface DecayFactors {
  readonly rate: number;
  readonly gradient: number;
}

/**
 * `rate`: lr[l-1] = factor * lr[l] with the head at the full rate, so layer l of n has factor^(n - l), and the embedding learns with
 * layer 0 (paper). `gradient`: the clipped gradient of layer l times factor^(n - 1 - l), everything else untouched (released code).
 */
export function decayFactors(
  { mode, factor }: TrainingConfig['layerDecay'],
  place: ParameterPlace,
  layers: number,
): DecayFactors {
  if (mode === 'rate') {
    if (place.part === 'head') return { rate: 1, gradient: 1 };
    return { rate: factor ** (layers - (place.part === 'layer' ? place.layer : 0)), gradient: 1 };
  }
  if (mode === 'gradient' && place.part === 'layer') return { rate: 1, gradient: factor ** (layers - 1 - place.layer) };
  return { rate: 1, gradient: 1 };
}
