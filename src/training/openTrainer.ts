// Chooses the trainer, predictor and meter of gradients: the engine if there is a machine for it and the tagger fits it, else plain tfjs.
import { engineMisfit, type EngineHome } from '../engine/network/computeOptions.ts';
import type { HostParameters } from '../model/blocks/hostParameters.ts';
import { engineGradients, enginePredictor, engineTrainer } from './engineTrainer.ts';
import { plainGradients, plainPredictor, plainTrainer } from './plainTrainer.ts';
import { withoutAdapters } from '../model/adapters.ts';
import type { StepSettings } from './step.ts';
import { freshState, restoredState, type GradientMeter, type Predictor, type Trainer } from './trainer.ts';

type Settings = Pick<StepSettings, 'shape' | 'config' | 'factors' | 'seed'>;

/** Opens a trainer from weights alone (zero moments), or from a checkpoint's tensors when `resumed`. */
export function openTrainer(
  home: EngineHome | null,
  tensors: HostParameters,
  settings: Settings,
  trained: (name: string) => boolean,
  resumed: boolean,
): Trainer {
  if (home !== null && engineMisfit(settings.shape.encoder) === null)
    return engineTrainer(home, tensors, settings, trained);
  return plainTrainer(resumed ? restoredState(tensors) : freshState(tensors, trained), settings);
}

/** Opens merged weights for prediction: an encoder's adapters are among its weights. */
export function openPredictor(home: EngineHome | null, weights: HostParameters, given: Settings): Predictor {
  const settings = { ...given, shape: withoutAdapters(given.shape) };
  if (home !== null && engineMisfit(settings.shape.encoder) === null) return enginePredictor(home, weights, settings);
  return plainPredictor(weights, settings.shape);
}

/** Opens weights, adapters beside those that they leave as they are, to measure gradients without dropout. */
export function openGradients(
  home: EngineHome | null,
  weights: HostParameters,
  given: Settings,
  trained: (name: string) => boolean,
): GradientMeter {
  const config = { ...given.config, dropout: { encoder: 0, attention: 0, head: 0 } };
  const settings = { ...given, config };
  if (home !== null && engineMisfit(settings.shape.encoder) === null)
    return engineGradients(home, weights, settings, trained);
  return plainGradients(weights, settings, trained);
}
